/** Runs that accumulate, by the trainer: stopped at a step and within a group of batches, on one process and on two. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Recipe } from "../../src/models/recipe.js";
import { type TrainOptions, train } from "../../src/train/trainer.js";
import { memoryGroups } from "./memory-group.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-accumulate-"));
const demo = join(import.meta.dirname, "../../demo/fashion-mnist");
const data = join(root, "data");

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
  for (const split of ["train", "val"])
    for (const name of ["01_trouser", "07_sneaker", "08_bag"]) {
      mkdirSync(join(data, split, name), { recursive: true });
      const files = readdirSync(join(demo, split, name))
        .sort()
        .slice(0, 18);
      for (const file of files) cpSync(join(demo, split, name, file), join(data, split, name, file));
    }
});
afterAll(() => rmSync(root, { recursive: true }));

describe("a run that accumulates", () => {
  const own: Recipe = {
    ...mobileoneS0Demo,
    accumulate: 3,
    optimizer: { kind: "adamw", lr: 2e-3, weightDecay: 1e-2 },
    clipGrad: { maxNorm: 0.5 },
    batchSize: 8,
    epochs: 2,
  };
  const run = (out: string, options: Partial<TrainOptions> = {}) =>
    train({
      ...{ recipe: own, data, out: join(root, out), seed: 0, workers: 0, loggers: [], backendLabel: "wasm" },
      ...{ validate: false, plan: { warmupEpochs: 0.5 } },
      ...options,
    });
  const filesOf = (checkpoint: string): string[] =>
    ["safetensors", "json"].map((end) => readFileSync(checkpoint.replace(/safetensors$/, end), "base64"));

  it("goes on with equal bytes after a stop at a step, and after one within a group", async () => {
    const heard: number[] = [];
    const whole = await run("whole", { loggers: [{ onStep: ({ lr }) => void heard.push(lr) }] });
    // 54 pictures are seven batches of 8, three steps an epoch
    expect(whole).toMatchObject({ steps: 6, epochs: 2, stopped: "finished" });
    expect(new Set(heard).size).toBeGreaterThan(2);
    await run("halves", { maxSteps: 2 });
    expect(filesOf((await run("halves", { resume: true })).checkpoint)).toEqual(filesOf(whole.checkpoint));
    const controller = new AbortController();
    // within the next step, whose batches leave the event loop a turn
    const soon = ({ step }: { readonly step: number }) => {
      if (step === 1) setTimeout(() => controller.abort(143));
    };
    const stopped = await run("within", { signal: controller.signal, loggers: [{ onStep: soon }] });
    expect(stopped).toMatchObject({ steps: 2, stopped: "signal", stopCode: 143 });
    expect(filesOf((await run("within", { resume: true })).checkpoint)).toEqual(filesOf(whole.checkpoint));
  });

  it("gives two replicas in one process the batches and bytes that two processes have", async () => {
    const one = await run("one", { replicas: 2 });
    const groups = memoryGroups(2);
    const [two] = await Promise.all(groups.map((group) => run("two", { replicas: 2, group })));
    expect(filesOf(two!.checkpoint)).toEqual(filesOf(one.checkpoint));
  });

  it("is another run without", async () => {
    const { accumulate: _, ...rest } = own;
    await run("with", { maxSteps: 1 });
    await expect(run("with", { resume: true, recipe: rest })).rejects.toThrow(/recipe.accumulate was 3, is absent/);
  });
});
