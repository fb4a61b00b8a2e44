/** A run of a few steps by the trainer: which weights it leaves, and what a stop from code leaves. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/index.js";
import { decodeSafetensors } from "../../src/models/files/index.js";
import { mobileoneS0, mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { JsonlLogger } from "../../src/train/loggers/jsonl.js";
import { type TrainOptions, train } from "../../src/train/trainer.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-short-"));
const demo = join(import.meta.dirname, "../../demo/fashion-mnist");
const data = join(root, "data");

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
  for (const split of ["train", "val"])
    for (const name of ["01_trouser", "07_sneaker", "08_bag"]) {
      mkdirSync(join(data, split, name), { recursive: true });
      for (const file of readdirSync(join(demo, split, name))
        .sort()
        .slice(0, 16))
        cpSync(join(demo, split, name, file), join(data, split, name, file));
    }
});
afterAll(() => rmSync(root, { recursive: true }));

const { images } = mobileoneS0Demo;
const recipe = {
  ...mobileoneS0,
  ...{ epochs: 3, batchSize: 16, images },
  optimizer: { ...mobileoneS0.optimizer, lr: 0.02 },
};

const run = (out: string, options: Partial<TrainOptions> = {}) =>
  train({
    ...{ recipe, data, out: join(root, out), seed: 0, workers: 0, loggers: [], backendLabel: "wasm" },
    ...options,
  });

const entriesOf = (path: string) => decodeSafetensors(readFileSync(path), path).entries;

/** Which set of the run's last checkpoint a model file is. */
function setIn(checkpoint: string, modelFile: string): string[] {
  const stored = entriesOf(checkpoint);
  const model = entriesOf(modelFile);
  return (["averaged", "raw"] as const).filter((set) =>
    [...model].every(([name, { values }]) => {
      const other = stored.get(set === "raw" ? `raw.${name}` : name)!.values;
      return Buffer.from(values.buffer, values.byteOffset, values.byteLength).equals(
        Buffer.from(other.buffer, other.byteOffset, other.byteLength),
      );
    }),
  );
}

describe("a short run", () => {
  it("validates both sets at its end, and leaves the better one, also when it is only finished again", async () => {
    const result = await run("both", { loggers: [new JsonlLogger()] });
    const logged = readFileSync(join(root, "both", "log.jsonl"), "utf8");
    expect(logged.match(/"kind":"val"/g)).toHaveLength(recipe.epochs);
    const { plan, weights, validation, modelFile, checkpoint } = result;
    expect(plan).toBe("short");
    expect(validation!.raw).toBeDefined();
    expect(weights).toBe(validation!.raw!.top1 > validation!.top1 ? "raw" : "averaged");
    expect(setIn(checkpoint, modelFile!)).toEqual([weights]);
    const again = await run("both", { resume: true, loggers: [new JsonlLogger()] });
    // the validation that is made once more takes the place of its row
    expect(readFileSync(join(root, "both", "log.jsonl"), "utf8")).toBe(logged);
    expect(again).toMatchObject({
      weights,
      validation: { top1: validation!.top1, raw: { top1: validation!.raw!.top1 } },
    });
    expect(setIn(checkpoint, modelFile!)).toEqual([weights]);
  });

  it("leaves the average where nothing was validated, with the bytes of its two halves", async () => {
    const plan = { warmupEpochs: 0.5 };
    const whole = await run("whole", { plan, validate: false });
    expect(whole).toMatchObject({ weights: "averaged", validation: null, steps: 9 });
    expect(setIn(whole.checkpoint, whole.modelFile!)).toEqual(["averaged"]);
    await run("halves", { plan, validate: false, maxSteps: 4 });
    const second = await run("halves", { plan, validate: false, resume: true });
    for (const end of ["safetensors", "json"])
      expect(readFileSync(second.checkpoint.replace(/safetensors$/, end), "base64")).toBe(
        readFileSync(whole.checkpoint.replace(/safetensors$/, end), "base64"),
      );
  });
});

describe("a stop from code", () => {
  const stopAt = (step: number, reason?: unknown) => {
    const controller = new AbortController();
    const stop = { onStep: (info: { readonly step: number }) => void (info.step === step && controller.abort(reason)) };
    return { signal: controller.signal, loggers: [stop] };
  };

  it("leaves the model files it names", async () => {
    const result = await run("aborted", stopAt(2));
    expect(result).toMatchObject({ stopped: "signal", stopCode: 1, steps: 3, weights: "averaged" });
    for (const file of [result.checkpoint, result.modelFile!, result.deployFile!]) expect(existsSync(file)).toBe(true);
    expect(result.certificate).not.toBeNull();
    expect(setIn(result.checkpoint, result.modelFile!)).toEqual(["averaged"]);
  });

  it("names none where the process is being ended: a checkpoint has to do", async () => {
    const result = await run("ended", stopAt(2, 143));
    expect(result).toMatchObject({
      stopped: "signal",
      stopCode: 143,
      modelFile: null,
      deployFile: null,
      weights: null,
    });
    expect(existsSync(result.checkpoint)).toBe(true);
    expect(existsSync(join(root, "ended", "model.safetensors"))).toBe(false);
  });
});
