/** Runs that stop early and keep their best weights, by the trainer: what they leave, and that interruptions change nothing. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/index.js";
import { decodeSafetensors } from "../../src/models/files/index.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Recipe } from "../../src/models/recipe.js";
import { findModelFile } from "../../src/train/checkpoints/run-weights.js";
import { type TrainOptions, train } from "../../src/train/trainer.js";
import { memoryGroups } from "./memory-group.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-best-"));
const demo = join(import.meta.dirname, "../../demo/fashion-mnist");
const data = join(root, "data");

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
  for (const split of ["train", "val"])
    for (const name of ["01_trouser", "08_bag"]) {
      mkdirSync(join(data, split, name), { recursive: true });
      const files = readdirSync(join(demo, split, name))
        .sort()
        .slice(0, 8);
      for (const file of files) cpSync(join(demo, split, name, file), join(data, split, name, file));
    }
});
afterAll(() => rmSync(root, { recursive: true }));

/** Nothing gets better by more than 100 points: the first epoch is never beaten, and two more end the run. */
const recipe: Recipe = {
  ...mobileoneS0Demo,
  batchSize: 8,
  epochs: 6,
  earlyStopping: { patience: 2, metric: "top1", minDelta: 100 },
  saveBest: "loss",
};

function run(out: string, options: Partial<TrainOptions> = {}) {
  const notices: string[] = [];
  const losses: number[] = [];
  const heard = {
    onNotice: (text: string) => void notices.push(text),
    onValidation: ({ loss, raw }: { readonly loss: number; readonly raw?: { readonly loss: number } }) =>
      void losses.push(Math.min(loss, raw?.loss ?? Number.POSITIVE_INFINITY)),
  };
  const result = train({
    ...{ recipe, data, out: join(root, out), seed: 0, workers: 0, backendLabel: "wasm", keep: 1 },
    ...options,
    loggers: [heard, ...(options.loggers ?? [])],
  });
  return result.then((one) => ({ ...one, notices, losses }));
}

const bytesOf = (path: string): string => readFileSync(path, "base64");
const filesOf = (out: string): Record<string, string> => {
  const folder = join(root, out, "checkpoints");
  const names = ["best.safetensors", "best-deploy.safetensors", "model.safetensors"];
  return Object.fromEntries([
    ...readdirSync(folder).map((name) => [name, bytesOf(join(folder, name))]),
    ...names.map((name) => [name, bytesOf(join(root, out, name))]),
  ]);
};
const entriesOf = (path: string) => decodeSafetensors(readFileSync(path), path);

describe("a run that stops early", () => {
  it("ends in good order: files, the best epoch's weights, its checkpoint beside the newest, a line", async () => {
    const result = await run("whole");
    expect(result).toMatchObject({ stopped: "early", stopCode: 0, steps: 6, epochs: 3, plan: "short" });
    expect(result.notices.at(-1)).toBe("stopped early: 2 epochs in a row without a better top1 by more than 100");
    const { losses, best } = result;
    expect(losses.length).toBe(3);
    const at = losses.indexOf(Math.min(...losses));
    expect(best).toMatchObject({ metric: "loss", value: losses[at], step: 2 * (at + 1) });
    for (const file of [best!.modelFile, best!.deployFile, result.modelFile!, result.deployFile!])
      expect(existsSync(file)).toBe(true);
    const { metadata, entries } = entriesOf(best!.modelFile);
    expect(metadata.step).toBe(String(best!.step));
    const kept = join(root, "whole", "checkpoints", `epoch_00${at + 1}.safetensors`);
    const stored = entriesOf(kept).entries;
    for (const [name, { values }] of entries)
      expect(values, name).toEqual(stored.get(best!.weights === "raw" ? `raw.${name}` : name)!.values);
    const names = readdirSync(join(root, "whole", "checkpoints")).filter((name) => name.endsWith(".json"));
    expect(names).toEqual([...new Set([`epoch_00${at + 1}.json`, "epoch_003.json"])].sort());
    expect(await findModelFile(join(root, "whole"))).toBe(best!.modelFile);
    expect(await findModelFile(join(root, "whole"), "averaged")).toMatch(/epoch_003\.safetensors$/);
  });

  it("is at its end where it is resumed", async () => {
    const before = filesOf("whole");
    const again = await run("whole", { resume: true });
    expect(again).toMatchObject({ stopped: "early", steps: 6 });
    expect(filesOf("whole")).toEqual(before);
  });

  it("leaves the bytes of one that was not interrupted: within an epoch, and while it validated", async () => {
    await run("steps", { maxSteps: 3 });
    expect(await run("steps", { resume: true })).toMatchObject({ stopped: "early", steps: 6 });
    const controller = new AbortController();
    let validations = 0;
    const cutOff = {
      onEvalProgress: () => void (validations === 1 && controller.abort(143)),
      onValidation: () => void validations++,
    };
    const stopped = await run("cut", { signal: controller.signal, loggers: [cutOff] });
    expect(stopped).toMatchObject({ stopped: "signal", steps: 4 });
    expect(await run("cut", { resume: true })).toMatchObject({ stopped: "early", steps: 6 });
    const whole = filesOf("whole");
    // the interrupted run kept the checkpoint that it was stopped at
    for (const out of ["steps", "cut"]) expect(filesOf(out)).toEqual(whole);
  });

  it("stops on all processes at one epoch, with the bytes of one process", async () => {
    const byClasses = { replicas: 2, recipe: { ...recipe, saveBest: "macroF1" } as const };
    const { best, validation } = await run("one", byClasses);
    expect(best!.metric).toBe("macroF1");
    expect(validation!.macroF1).toBeGreaterThan(0);
    const groups = memoryGroups(2);
    const all = await Promise.all(groups.map((group) => run("two", { ...byClasses, group })));
    expect(all.map(({ stopped }) => stopped)).toEqual(["early", "early"]);
    expect(all.map(({ best }) => best === null)).toEqual([false, true]);
    expect(filesOf("two")).toEqual(filesOf("one"));
  });

  it("finds its best anew where the file is not there, and says so", async () => {
    await run("gone", { maxSteps: 2 });
    rmSync(join(root, "gone", "best.safetensors"));
    const { notices, best } = await run("gone", { maxSteps: 4, resume: true });
    expect(notices.join("\n")).toMatch(/best\.safetensors is not that of step 2, loss .*: the best is found anew/);
    expect(best!.step).toBe(4);
  });

  it("is refused without validation, before anything is written", async () => {
    await expect(run("refused", { validate: false })).rejects.toThrow(/--save-best with --no-validate/);
    expect(existsSync(join(root, "refused"))).toBe(false);
  });
});
