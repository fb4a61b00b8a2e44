/** A run whose pictures grow, stopped in the middle of a phase and gone on with: the same steps, the same bytes. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot, tensorone } from "../cli/spawn.js";

const images = join(packageRoot, "test", "golden", "data", "images");
// S1 switches at epochs 36 and 111 of 300: at 1 and 3 of 9, from 32 to 64 pixels; two steps of an epoch
const options = ["--model", "mobileone_s1", "--epochs", "9", "--batch-size", "2", "--image-size", "64"];
const run = [
  ...options,
  "--data",
  "pets",
  "--threads",
  "1",
  "--workers",
  "0",
  "--no-validate",
  "--keep",
  "2",
  "--json",
];
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-phases-"));
  for (const split of ["train", "val"])
    for (const [name, files] of [
      ["cat", ["rgb.jpg", "s420.jpg"]],
      ["dog", ["grey.jpg", "s444.jpg"]],
    ] as const) {
      mkdirSync(join(folder, "pets", split, name), { recursive: true });
      for (const file of files) copyFileSync(join(images, file), join(folder, "pets", split, name, file));
    }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const train = (out: string, ...more: string[]) => {
  const { code, stdout, stderr } = tensorone(["train", ...run, "--out", out, ...more], folder);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as { steps: number; checkpoint: string };
};
const losses = (out: string): number[] =>
  readFileSync(join(folder, out, "log.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { loss: number }).loss);

test("goes on in the right phase, with the bits of the run that was not stopped", { timeout: 180_000 }, () => {
  const whole = train("whole", "--max-steps", "5");
  train("parted", "--max-steps", "3"); // one step into the second phase
  const parted = train("parted", "--max-steps", "5", "--resume");
  expect(losses("whole")).toHaveLength(5);
  expect(losses("parted")).toEqual(losses("whole"));
  const bytes = [whole, parted].map(({ checkpoint }) => readFileSync(join(folder, checkpoint)));
  expect(bytes[0]!.equals(bytes[1]!)).toBe(true);
  // --keep 2: of the checkpoints after 2, 4 and 5 steps
  const kept = readdirSync(join(folder, "whole", "checkpoints")).filter((name) => name.endsWith(".json"));
  expect(kept.sort()).toEqual(["epoch_002.json", "step_000005.json"]);
});

test("--validate-raw: raw weights beside the averaged ones, in the log and in the result", () => {
  const args = ["train", "--data", "pets", "--epochs", "2", "--batch-size", "4", "--image-size", "64", "--lr", "0.001"];
  const more = ["--threads", "1", "--validate-raw", "--out", "raw", "--json"];
  const { code, stdout, stderr } = tensorone([...args, ...more], folder);
  expect(code, stderr).toBe(0);
  const rows = readFileSync(join(folder, "raw", "log.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  const [first, second] = rows
    .map((line) => JSON.parse(line) as { kind: string; loss: number; rawLoss: number })
    .filter(({ kind }) => kind === "val");
  // the first step of the average copies the raw weights
  expect(first!.rawLoss).toBe(first!.loss);
  expect(second!.rawLoss).toBeGreaterThan(0);
  expect(second!.rawLoss).not.toBe(second!.loss);
  const { validation } = JSON.parse(stdout) as { validation: object };
  expect(validation).toMatchObject({ loss: second!.loss, raw: { loss: second!.rawLoss, images: 4 } });
});
