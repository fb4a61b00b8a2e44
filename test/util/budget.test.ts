/** One table of what files may cost: who raises it, how an excess reads. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Budget, budgetLimits, getBudget, setBudget } from "../../src/util/budget.js";
import { DataError } from "../../src/util/errors.js";

const usual = getBudget();
afterEach(() => {
  setBudget(usual);
});

describe("a budget", () => {
  it("refuses one amount above its limit, naming the place, both numbers and the way out", () => {
    const budget = new Budget("a.png", DataError);
    budget.check("pixels", 100e6);
    expect(() => budget.check("pixels", 100e6 + 1, "its header")).toThrow(
      new DataError(
        "a.png: its header: 100000001 pixels, expected at most 100000000",
        "made to exhaust the machine, or rare: where you trust it, TENSORONE_BUDGET=pixels=NUMBER or setBudget in code raises it",
      ),
    );
  });
  it("refuses what adds up, and what is no number", () => {
    const budget = new Budget("a.pth", DataError);
    budget.spend("entries", 60e3);
    expect(budget.left("entries")).toBe(40e3);
    expect(() => budget.spend("entries", 40_001)).toThrow("at least 100001 entries, expected at most 100000");
    expect(() => budget.check("depth", Number.NaN)).toThrow("NaN levels of nesting");
  });
  it("is raised by code, for processes started later too", () => {
    expect(setBudget({ depth: 7, pixels: Number.POSITIVE_INFINITY })).toEqual(usual);
    expect(getBudget()).toEqual({ ...usual, depth: 7, pixels: Number.POSITIVE_INFINITY });
    expect(process.env.TENSORONE_BUDGET).toBe("depth=7,pixels=Infinity");
    setBudget(usual);
    expect(process.env.TENSORONE_BUDGET).toBeUndefined();
  });
  it.each([
    [{ pixel: 3 }, "setBudget: pixel, expected one of fileBytes, "],
    [{ pixels: 0 }, "setBudget: pixels is 0, expected a number above 0"],
    [{ pixels: Number.NaN }, "setBudget: pixels is NaN, expected a number above 0"],
  ])("%j is refused", (changes, message) => {
    expect(() => setBudget(changes as object)).toThrow(message);
    expect(getBudget()).toEqual(usual);
  });
});

describe("TENSORONE_BUDGET", () => {
  const read = async (text: string) => {
    vi.stubEnv("TENSORONE_BUDGET", text);
    vi.resetModules();
    try {
      return (await import("../../src/util/budget.js")).getBudget();
    } finally {
      vi.unstubAllEnvs();
    }
  };
  it("names limits and numbers", async () => {
    expect(await read("pixels=2e8, depth=500")).toEqual({ ...usual, pixels: 2e8, depth: 500 });
    expect(await read("")).toEqual(usual);
  });
  it.each(["pixel=2e8", "pixels", "pixels=", "pixels=many", "pixels=-1"])("%s is refused", async (text) => {
    await expect(read(text)).rejects.toThrow(/^TENSORONE_BUDGET: pixel/);
  });
});

describe("docs/faults.md", () => {
  const all = readFileSync(join(import.meta.dirname, "..", "..", "docs", "faults.md"), "utf8");
  const page = /^## Budgets$[\s\S]*?(?=^## )/m.exec(all)![0];
  it.each(Object.entries(budgetLimits))("has the row of %s", (name, { most, unit, about, real }) => {
    expect(page).toContain(`| \`${name}\` | ${most.toLocaleString("en-US")} ${unit} | ${about} | ${real} |`);
  });
  it("has no row of another limit", () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| [\d,]+ /gm)].map(([, name]) => name);
    expect(rows).toEqual(Object.keys(budgetLimits));
  });
});
