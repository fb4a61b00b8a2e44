/** The campaigns' parts: what damages files, what judges answers, and the tables. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeMachine } from "../../bench/measure/machine.js";
import { campaignNames, loadCampaign } from "../../bench/soak/campaigns.js";
import { growthOf } from "../../bench/soak/endurance.js";
import { Draw, mutate } from "../../bench/soak/mutants/mutators.js";
import { LinesError } from "../../bench/soak/mutants/subjects/subject.js";
import { verdictOn } from "../../bench/soak/mutants/verdict.js";
import { pageOf } from "../../bench/soak/page.js";
import { type Ended, wrongEnd } from "../../bench/soak/processes.js";
import { DataError, StateDictError } from "../../src/index.js";

const folder = join(import.meta.dirname, "../../bench/soak");
const campaignIn = /export const campaign\b/;

describe("campaigns", () => {
  it("are all in the table", async () => {
    const { readFileSync } = await import("node:fs");
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const found = files.filter((name) => campaignIn.test(readFileSync(join(folder, name), "utf8")));
    expect(found).toHaveLength(campaignNames.length);
    for (const name of campaignNames) {
      const { help, share } = await loadCampaign(name);
      expect(help).not.toMatch(/\n|\.$/);
      expect(share).toBeGreaterThan(0);
    }
  });

  it("have a page of their counts, in which nothing opens a cell", () => {
    const counts = [{ what: "a|b", trials: 7, failures: 2, note: "peak 3 MB" }];
    const kept = { name: "mutants", seed: 4, seconds: 90, counts, failures: ["a `b` c"], skipped: ["mounts"] };
    const page = pageOf([{ ...kept, machine: describeMachine() }]);
    for (const text of ["## mutants", "7 trials, 2 failures in 1.5 minutes, seed 4", "a\\|b", "- a 'b' c", "- mounts"])
      expect(page).toContain(text);
  });
});

describe("mutants", () => {
  const source = { other: new TextEncoder().encode("another file"), words: [Uint8Array.of(9, 9)] };
  const seed = new TextEncoder().encode('{"step": 12, "shape": [3, 4]}');
  const draws = (from: number, count: number) => {
    const draw = new Draw(from);
    return Array.from({ length: count }, () => Buffer.from(mutate(seed, draw, source)).toString("latin1"));
  };

  it("follow from their seed, differ, and leave what they are made of as it is", () => {
    const before = seed.slice();
    expect(draws(1, 50)).toEqual(draws(1, 50));
    expect(new Set(draws(1, 200)).size).toBeGreaterThan(150);
    expect(draws(1, 10)).not.toEqual(draws(2, 10));
    expect(seed).toEqual(before);
  });

  it("have cuts, splices, words of the format and extreme numbers among them", () => {
    const all = draws(3, 2000);
    expect(all.some((text) => text.length < seed.length && Buffer.from(seed).toString("latin1").startsWith(text))).toBe(
      true,
    );
    for (const part of ["file", "\t\t", "9007199254740993", "1e999", "\xff\xff\xff\xff"])
      expect(
        all.some((text) => text.includes(part)),
        part,
      ).toBe(true);
  });

  it("of an empty file are no fault of the mutators", () => {
    const draw = new Draw(0);
    for (let i = 0; i < 300; i++) mutate(new Uint8Array(), draw, source);
  });
});

describe("a verdict", () => {
  const thrown = async (error: unknown) =>
    verdictOn(() => {
      throw error;
    });

  it("is for what is taken, and for a line of ours", async () => {
    expect(await verdictOn(() => 7)).toEqual({ kind: "taken" });
    expect(await verdictOn(async () => 7)).toEqual({ kind: "taken" });
    expect(await thrown(new DataError("a.png: 3 bytes, expected a picture", "replace it"))).toEqual({
      kind: "refused",
    });
    expect(await thrown(new StateDictError(["a.pth: 3 entries", "  1 missing: b"]))).toEqual({ kind: "refused" });
  });

  it.each([
    ["the engine's error", new TypeError("x is not a function"), /^TypeError: x is not a function/],
    ["the system's error", Object.assign(new Error("ENOENT: no such file"), { syscall: "open" }), /ENOENT/],
    ["no error", "text", /^thrown text/],
    ["the engine's words", new DataError("a.jpg: not a JPEG (Cannot read properties of undefined)"), /Cannot read/],
    ["a line without where", new DataError("wrong"), /does not begin with where/],
    ["pages", new DataError(`a: ${"b".repeat(40_000)}`), /a line of 40003 characters/],
    ["one of several lines", new LinesError(["a: b", "a: Invalid array length"]), /Invalid array length/],
  ])("is against %s", async (_, error, why) => {
    expect(await thrown(error)).toMatchObject({ kind: "fault", why: expect.stringMatching(why) });
    await expect(verdictOn(() => Promise.reject(error))).resolves.toMatchObject({ kind: "fault" });
  });
});

describe("an ended process", () => {
  const ended: Ended = { code: 1, signal: null, stdout: "", stderr: "error: x.json: ENOSPC\n  hint: room\n", ms: 1 };

  it.each([
    ["one line", {}, null],
    ["success", { code: 0 }, /ended with 0/],
    ["a signal", { code: null, signal: "SIGSEGV" as const }, /SIGSEGV/],
    ["a stack", { stderr: "error: x\n    at f (file:///a.js:3:4)\n" }, /a stack: at f/],
    ["two errors", { stderr: "error: a\nerror: b\n" }, /2 lines of errors/],
    ["another line", { stderr: "error: y\n" }, /"error: y", expected/],
    ["a forged line", { stderr: "error: x\u001b[2J\n" }, /control characters/],
  ])("with %s", (_, change, why) => {
    const answer = wrongEnd({ ...ended, ...change }, /x/);
    if (why === null) expect(answer).toBeNull();
    else expect(answer).toMatch(why);
  });
});

it("growth is that after the first tenth", () => {
  const rss = [0, 10, 50, 100].map((done) => [done, [50, 100, 108, 104][[0, 10, 50, 100].indexOf(done)]!] as const);
  expect(growthOf(rss, 100)).toBeCloseTo(0.08);
});
