/** `measure` of the GPU bundle: its command line, and that what becomes of one part is no business of the others. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { PartEntry } from "../../bench/gpu/measure/findings.js";
import { help, parseMeasureOptions } from "../../bench/gpu/measure/options.js";
import { partNames, parts } from "../../bench/gpu/measure/parts.js";
import { measureAll } from "../../bench/gpu/measure/run.js";
import { findRoot } from "../../bench/paths.js";
import { UsageError } from "../../src/util/errors.js";

const folder = mkdtempSync(join(tmpdir(), "tensorone-measure-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Plays parts that end in every way there is, each after a row. */
const program = join(folder, "program.mjs");
writeFileSync(
  program,
  `const [, name] = process.argv.slice(2);
const tell = (told) => new Promise((resolve) => process.send(told, resolve));
await tell({ table: "t", row: { part: name, value: 1 / 3, "a | b": null } });
const ends = {
  device: () => tell({ note: "a note" }),
  "self-tests": () => { throw new RangeError("out of sorts"); },
  train: () => process.kill(process.pid, "SIGSEGV"),
  products: () => new Promise(() => setInterval(() => {}, 1000)),
  profile: () => { process.stderr.write("Dawn: device error\\n"); process.exit(3); },
};
await (ends[name] ?? (() => {}))();
process.exit(0);
`,
);

const inputs = { chosen: partNames, minutes: 1, isQuick: true, wantsHelp: false };
const silent = (): void => {};

describe("measure", () => {
  it("reads its command line, and names what it does not know", () => {
    expect(parseMeasureOptions([], "/results")).toMatchObject({ chosen: partNames, isQuick: false, out: "/results" });
    const some = parseMeasureOptions(["--part", "train,device", "--part", "memory", "--minutes", "2.5"], "/results");
    expect(some).toMatchObject({ chosen: ["train", "device", "memory"], minutes: 2.5 });
    expect(parseMeasureOptions(["--quick"], "/results").minutes).toBeLessThan(10);
    expect(() => parseMeasureOptions(["--part", "all"], "/")).toThrow(/no part "all", expected device, self-tests/);
    expect(() => parseMeasureOptions(["--minutes", "soon"], "/")).toThrow(
      "--minutes is soon, expected a positive number",
    );
    expect(() => parseMeasureOptions(["--fast"], "/")).toThrow(UsageError);
    for (const name of partNames) expect(help).toContain(name);
  });

  it("has no part of more than eight minutes", () => {
    for (const { minutes } of Object.values(parts)) expect(minutes).toBeLessThanOrEqual(8);
  });

  it("survives parts that fail, crash and hang, and keeps what they have said", async () => {
    const out = join(folder, "all");
    const seen: (readonly PartEntry[])[] = [];
    const read = (): readonly PartEntry[] => JSON.parse(readFileSync(join(out, "measured.json"), "utf8")).parts;
    // the part that hangs takes what time is left for it and the last ones
    const chosen = ["device", "self-tests", "train", "profile", "deploy", "products", "memory"] as const;
    const { entries } = await measureAll(
      program,
      { ...inputs, chosen, minutes: 0.25, out },
      (line) => {
        if (/done|failed|left out/.test(line)) seen.push(read());
      },
      1000,
    );
    expect(entries.map(({ name, state }) => [name, state])).toEqual([
      ["device", "done"],
      ["self-tests", "failed"],
      ["train", "failed"],
      ["profile", "failed"],
      ["deploy", "done"],
      ["products", "failed"],
      ["memory", "left out"],
    ]);
    const reasons = Object.fromEntries(entries.map(({ name, reason }) => [name, reason]));
    expect(reasons["self-tests"]).toContain("RangeError: out of sorts");
    expect(reasons.train).toContain("SIGSEGV");
    expect(reasons.profile).toBe("Dawn: device error");
    expect(reasons.products).toMatch(/^ended after \d+ s, its limit$/);
    expect(reasons.memory).toBe("the 0.25 minutes were over; ./measure --part memory");
    for (const { name, tables } of entries.slice(0, -1))
      expect(tables.t).toEqual([{ part: name, value: 1 / 3, "a | b": null }]);
    // each line of a part came after the results of the part before were written
    expect(
      seen.map((parts_) => parts_.filter(({ state }) => state !== "waiting" && state !== "running").length),
    ).toEqual([...chosen.keys()]);
    expect(read()).toEqual(JSON.parse(JSON.stringify(entries)));
    expect(readdirSync(out).sort()).toEqual(["log.txt", "measured.json", "measured.md"]);
    const page = readFileSync(join(out, "measured.md"), "utf8");
    expect(page).toContain("| part | value | a \\| b |");
    expect(page).toContain("| train | 0.3333 |  |");
    expect(page).toContain("**Quick");
  }, 300_000);

  it("a program that cannot be started is an entry too", async () => {
    const { entries } = await measureAll(
      join(folder, "nowhere.mjs"),
      { ...inputs, chosen: ["device"], out: join(folder, "none") },
      silent,
    );
    expect(entries[0]).toMatchObject({ state: "failed", reason: expect.stringContaining("Cannot find module") });
  });

  it("finds a root where there is no package.json", () => {
    expect(findRoot("/")).toBe(process.cwd());
    expect(findRoot(join(folder, "deep", "down"))).toBe(process.cwd());
  });
});
