/** What of a folder makes it a run that can be gone on with. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { hasBegun, isRun } from "../../src/train/runs/run-folders.js";

it("a run whose disk was full before its first checkpoint is begun, and none to go on with", () => {
  const run = mkdtempSync(join(tmpdir(), "run-folders-"));
  const checkpoints = join(run, "checkpoints");
  mkdirSync(checkpoints);
  writeFileSync(join(checkpoints, "pictures-89633b0cc87aa395.gz"), "lists");
  expect([isRun(run), hasBegun(run)]).toEqual([false, true]);
  for (const ending of ["safetensors", "json"]) writeFileSync(join(checkpoints, `step_000006.${ending}`), "{}");
  expect(isRun(run)).toBe(true);
  rmSync(run, { recursive: true });
});
