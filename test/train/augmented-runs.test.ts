/** Runs with everything that chance does to pictures and batches, by the trainer: they stop and go on with equal bytes. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Recipe } from "../../src/models/recipe.js";
import { changeAugmentation } from "../../src/train/recipes/change-augmentation.js";
import { type TrainOptions, train } from "../../src/train/trainer.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-augmented-"));
const demo = join(import.meta.dirname, "../../demo/fashion-mnist");
const data = join(root, "data");

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
  const counts = { "01_trouser": 18, "07_sneaker": 9, "08_bag": 5 };
  for (const [name, count] of Object.entries(counts)) {
    mkdirSync(join(data, "train", name), { recursive: true });
    const files = readdirSync(join(demo, "train", name))
      .sort()
      .slice(0, count);
    for (const file of files) cpSync(join(demo, "train", name, file), join(data, "train", name, file));
  }
});
afterAll(() => rmSync(root, { recursive: true }));

const base: Recipe = {
  ...mobileoneS0Demo,
  accumulate: 2,
  optimizer: { kind: "adamw", lr: 2e-3, weightDecay: 1e-2 },
  batchSize: 4,
  epochs: 2,
};
const own = changeAugmentation(base, {
  ...{ autoAugment: "imagenet", colorJitter: [0.4, 0.4, 0.4, 0.1], randomErasing: 0.5, randomErasingMode: "rand" },
  ...{ mixup: 0.2, cutmix: 1, loss: "focal", classWeights: "balanced" },
});

const run = (out: string, options: Partial<TrainOptions> = {}) =>
  train({
    ...{ recipe: own, data, out: join(root, out), seed: 0, workers: 0, loggers: [], backendLabel: "wasm" },
    ...{ validate: false, plan: { warmupEpochs: 0.5 } },
    ...options,
  });
const filesOf = (checkpoint: string): string[] =>
  ["safetensors", "json"].map((end) => readFileSync(checkpoint.replace(/safetensors$/, end), "base64"));

describe("a run with AdamW, accumulation, mixup, CutMix and changed pictures", () => {
  it("goes on with equal bytes after a stop within an epoch, and with data threads", async () => {
    const whole = await run("whole");
    // 32 pictures are eight batches of 4, four steps an epoch
    expect(whole).toMatchObject({ steps: 8, stopped: "finished" });
    await run("halves", { maxSteps: 3 });
    expect(filesOf((await run("halves", { resume: true, workers: 1 })).checkpoint)).toEqual(filesOf(whole.checkpoint));
  });

  it("is another run without any of it, which the resumed one is told", async () => {
    await run("with", { maxSteps: 1 });
    for (const [changes, message] of [
      [{ mixup: 0 }, /batchAugments.mixup was 0.2, is absent/],
      [{ colorJitter: [0] }, /images.colorJitter was/],
      [{ randomErasing: 0.25 }, /images.randomErasing.probability was 0.5, is 0.25/],
      [{ classWeights: "none" }, /loss.classWeights was "balanced", is absent/],
      [{ loss: "cross-entropy" }, /loss.kind was "focal", is absent/],
    ] as const)
      await expect(run("with", { resume: true, recipe: changeAugmentation(own, changes) })).rejects.toThrow(message);
  });
});
