/** One table of what files may cost: who raises it, how an excess reads. */
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

it("every limit says what is counted, and what real files come to", () => {
  for (const { most, unit, about, real } of Object.values(budgetLimits)) {
    expect(most).toBeGreaterThan(0);
    for (const text of [unit, about, real]) expect(text).not.toBe("");
  }
});
