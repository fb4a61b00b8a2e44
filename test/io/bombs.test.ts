/** No file takes the machine: each bomb is refused with one line, soon, by a process that stays small. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Bomb, foundBombs, ownBombs } from "./bombs.js";

const packageRoot = join(import.meta.dirname, "..", "..");
/** Of the whole process, Node and the package included. */
const LARGEST_MB = 300;
/** A second on a quiet machine, where the yardstick takes a tenth of it. */
const LONGEST_YARDSTICKS = 10;
const LONGEST_MS = 1000;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const name = ({ what }: Bomb): string => what;
const rows = (bombs: readonly Bomb[]) => bombs.map((bomb) => [name(bomb), bomb] as const);

function refuses(_: string, { make, open, answer }: Bomb): void {
  const folder = mkdtempSync(join(tmpdir(), "tensorone-bomb-"));
  folders.push(folder);
  const run = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "open-bomb.mjs"), open, make(folder), packageRoot],
    {
      encoding: "utf8",
      timeout: 60_000,
    },
  );
  expect(run.stderr).toBe("");
  const found = JSON.parse(run.stdout) as Record<"ms" | "yardstickMs" | "peakMb", number> & {
    readonly answer: string | null;
    readonly isOurs: boolean;
  };
  expect(found.answer).toMatch(answer);
  expect(found.isOurs, "an error of ours, not of the system").toBe(true);
  expect(found.answer).not.toContain("\n");
  expect(found.answer!.length).toBeLessThan(600);
  expect(found.ms).toBeLessThan(Math.max(LONGEST_MS, LONGEST_YARDSTICKS * found.yardstickMs));
  expect(found.peakMb).toBeLessThan(LARGEST_MB);
}

describe("bombs that were found", () => {
  it.each(rows(foundBombs))("%s", refuses);
});
describe("bombs of our own", () => {
  it.each(rows(ownBombs))("%s", refuses);
});
