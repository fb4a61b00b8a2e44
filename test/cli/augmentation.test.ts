/** Augmentation of pictures and batches, losses and weights of classes from the command line: a run, and the same gone on with. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tensorone } from "./spawn.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tensorone-augment-"));
  const demo = join(import.meta.dirname, "../../demo/fashion-mnist/train");
  for (const name of ["01_trouser", "08_bag"]) {
    const target = join(folder, "pets/train", name);
    mkdirSync(target, { recursive: true });
    for (const file of readdirSync(join(demo, name)).slice(0, 10))
      symlinkSync(join(demo, name, file), join(target, file));
  }
  writeFileSync(join(folder, "weights.json"), '{"08_bag": 2.5}');
});
afterAll(() => rmSync(folder, { recursive: true }));

const options = [
  ...[
    "--data",
    "pets",
    "--no-validate",
    "--image-size",
    "32",
    "--epochs",
    "2",
    "--batch-size",
    "4",
    "--accumulate",
    "2",
  ],
  ...["--optimizer", "adamw", "--auto-augment", "cifar10", "--color-jitter", "0.4", "--random-erasing", "0.5"],
  ...["--random-erasing-mode", "rand", "--mixup", "0.8", "--cutmix", "1", "--mixup-prob", "0.9"],
  ...["--mixup-switch-prob", "0.4", "--loss", "focal", "--focal-gamma", "1.5", "--label-smoothing", "0.05"],
  ...["--class-weights", "weights.json", "--no-report"],
];
const filesOf = (run: string): Record<string, string> => {
  const checkpoints = join(folder, run, "checkpoints");
  return Object.fromEntries(
    readdirSync(checkpoints).map((name) => [name, readFileSync(join(checkpoints, name), "base64")]),
  );
};

test("a run with all of it, and one that is stopped and resumed by its folder alone, write equal bytes", () => {
  const whole = tensorone(["train", ...options, "--out", "whole", "--keep", "1"], folder);
  expect(whole).toMatchObject({ code: 0, stderr: "" });
  expect(whole.stdout).toContain(
    "batches by mixup 0.8 and CutMix 1 for 40 %, 90 % of them; loss focal, gamma 1.5, classes",
  );
  expect(tensorone(["train", ...options, "--out", "halves", "--keep", "1", "--max-steps", "2"], folder).code).toBe(0);
  // what the recipe holds is not read again
  rmSync(join(folder, "weights.json"));
  expect(tensorone(["train", "--resume", "halves"], folder).code).toBe(0);
  const files = filesOf("halves");
  // two of the checkpoint and the list of pictures
  expect(Object.keys(files)).toHaveLength(3);
  expect(files).toEqual(filesOf("whole"));
  const { recipe } = JSON.parse(
    Buffer.from(Object.entries(files).find(([name]) => name.endsWith("json"))![1], "base64").toString(),
  );
  expect(recipe).toMatchObject({
    loss: { kind: "focal", gamma: 1.5, labelSmoothing: 0.05, classWeights: { "08_bag": 2.5 } },
    batchAugments: { mixup: 0.8, cutmix: 1, probability: 0.9, switchProbability: 0.4 },
    images: { autoAugment: "cifar10", randomErasing: { probability: 0.5, mode: "rand" } },
  });
});

test.each([
  [["--color-jitter", "0.4,x"], /--color-jitter: 0.4,x, expected a list of numbers/],
  [["--color-jitter", "0.4,0.4,0.4,0.6"], /hue is 0.6, expected at least 0 and at most 0.5/],
  [["--auto-augment", "imagenett"], /expected one of imagenet, cifar10, svhn, none[\s\S]*did you mean imagenet\?/],
  [["--mixup-prob", "0.5"], /neither mixup nor CutMix is on/],
  [["--focal-gamma", "2"], /the loss is cross-entropy, expected focal or sigmoid-focal/],
  [["--class-weights", "missing.json"], /class weights missing.json: there is no such file/],
])("%j is refused before any work", (words, line) => {
  const { code, stderr } = tensorone(["train", "--data", "pets", "--out", "refused", ...words], folder);
  expect(stderr).toMatch(line);
  expect(stderr.trimEnd().split("\n").length).toBeLessThanOrEqual(2);
  expect(code).toBeGreaterThan(0);
});
