/** Campaigns as processes: what they must notice, and their short form, in which nothing may fail. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Order } from "../../bench/soak/mutants/messages.js";
import type { Watched } from "../../bench/soak/mutants/watch.js";

const root = join(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "tensorone-soak-"));
const program = join(root, "build", "bench", "soak", "index.js");
const table = pathToFileURL(join(import.meta.dirname, "faulty-subjects.mjs")).href;
let watched: (order: Order) => Promise<Watched>;

beforeAll(async () => {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.bench.json"], { cwd: root });
  if (status !== 0) throw new Error(stdout.toString());
  ({ watched } = await import(pathToFileURL(join(root, "build/bench/soak/mutants/watch.js")).href));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("the watch over readers", () => {
  const order = (subject: string): Order => ({
    ...{ subject, seed: 0, count: 1, ms: 60_000, isGuided: true, hangMs: 2000, table },
    folder: join(scratch, subject),
    keep: join(scratch, "kept"),
  });

  it.each([
    ["hang", { hangs: 1, aborts: 0 }, /more than 2 s/],
    ["abort", { hangs: 0, aborts: 1 }, /the process aborts/],
    ["memory", { hangs: 0, aborts: 0 }, /a peak of 1\d\d\d MB/],
    ["raw", { hangs: 0, aborts: 0 }, /TypeError: Cannot read properties of undefined/],
    ["unhandled", { hangs: 0, aborts: 0 }, /a rejection that nobody handles: Error: out of sight/],
  ])("notices %s, and keeps the file", async (subject, counts, why) => {
    const found = await watched({ ...order(subject), ms: 1 });
    expect(found).toMatchObject(counts);
    const [[line, { file }] = ["", { file: "" }]] = found.faults;
    expect(line).toMatch(why);
    expect(readFileSync(file)).toHaveLength(8);
  });

  it("counts what is taken", async () => {
    expect(await watched({ ...order("sound"), count: 20 })).toMatchObject({
      tried: 20,
      taken: 20,
      refused: 0,
      faults: new Map(),
    });
  });
});

it("nothing fails in the short form of any campaign", () => {
  const words = [program, "--short", "--dry", "--json", "--keep", join(scratch, "kept")];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: "utf8" });
  const { campaigns } = JSON.parse(stdout) as {
    campaigns: { name: string; counts: { trials: number }[]; failures: string[] }[];
  };
  expect(
    campaigns.flatMap(({ failures }) => failures),
    stderr,
  ).toEqual([]);
  for (const { name, counts } of campaigns)
    expect(
      counts.some(({ trials }) => trials > 0),
      name,
    ).toBe(true);
  expect(status).toBe(0);
});
