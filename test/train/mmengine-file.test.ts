/** A run that moves from mmengine to us and back: the session goes on with its state, and PyTorch's optimizer with ours. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { full, setBackend } from "../../src/index.js";
import { encodeMmengineCheckpoint, toFileEntries } from "../../src/models/files/index.js";
import { mobileoneS0 } from "../../src/models/mobileone/recipe-s0.js";
import type { OptimizerChoice } from "../../src/optim/index.js";
import {
  type CheckpointHeader,
  encodeCheckpoint,
  restoreCheckpoint,
} from "../../src/train/checkpoints/checkpoint-format.js";
import {
  adoptMmengineCheckpoint,
  convertToMmengine,
  readTrainingCheckpoint,
} from "../../src/train/checkpoints/mmengine-file.js";
import { Session } from "../../src/train/steps/session.js";
import { relativeError } from "../conformance/numbers.js";
import { golden, tinyModel } from "../io/fixtures.js";
import { askTorch, hasTorch } from "../io/torch.js";

const path = join(golden, "tiny-mmengine.pth");
/** 8 pictures by 2 are the 4 steps of an epoch that the fixture has 3 of. */
const header: CheckpointHeader = {
  recipe: { ...mobileoneS0, batchSize: 2 },
  seed: 5,
  replicas: 1,
  numClasses: 5,
  classes: ["a", "b", "c", "d", "e"],
  trainImages: 8,
  decoder: "jpeg-js",
};
const stepsPerEpoch = 4;
/** The recipe's schedules with other optimisers; each has options that are not the default. */
const choices = {
  Adam: { kind: "adam", lr: 0.1, weightDecay: 1e-2, betas: [0.8, 0.95], amsgrad: true },
  AdamW: { kind: "adamw", lr: 0.1, weightDecay: 0.05, eps: 1e-4 },
} as const satisfies Readonly<Record<string, OptimizerChoice>>;

let folder = "";
beforeAll(async () => {
  await setBackend("reference");
  folder = mkdtempSync(join(tmpdir(), "tensorone-mmengine-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function resumed(): Promise<Session> {
  const session = new Session(header.recipe, tinyModel(), stepsPerEpoch);
  restoreCheckpoint(await adoptMmengineCheckpoint(path, header), session);
  return session;
}

/** A checkpoint of ours on the disk, as the trainer writes it. */
async function saved(session: Session, name: string): Promise<string> {
  const { file, bytes } = await encodeCheckpoint(session, header, name);
  writeFileSync(join(folder, file.tensors), bytes);
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(file));
  return join(folder, file.tensors);
}

describe("adoptMmengineCheckpoint", () => {
  it("gives a session raw weights, averages, momentum and the step", async () => {
    const state = await readTrainingCheckpoint(path);
    const { model, ema, optimizer, step, epoch } = await resumed();
    expect([step, epoch, ema.steps]).toEqual([12, 3, 12]);
    const values = (entries: Awaited<ReturnType<typeof toFileEntries>>) =>
      new Map([...entries].map(([name, entry]) => [name, entry.values]));
    expect(values(await toFileEntries(model))).toEqual(values(new Map(state.raw)));
    expect(values(await toFileEntries(model, ema.state().averages))).toEqual(values(new Map(state.averages)));
    const velocities = optimizer.state().slots.get("momentumBuffer")!;
    expect(values(await toFileEntries(model, velocities))).toEqual(
      values(new Map(state.optimizer.get("momentumBuffer"))),
    );
  });

  it.each(["raw", "averages", "momentumBuffer"] as const)("refuses NaN in its %s, by name", async (part) => {
    const state = await readTrainingCheckpoint(path);
    const entries = part === "momentumBuffer" ? state.optimizer.get(part)! : state[part];
    const [name, { shape, values }] = [...entries].find(([, entry]) => entry.values instanceof Float32Array)!;
    const spoilt = new Map(entries).set(name, { shape, values: values.map((x, i) => (i === 1 ? Number.NaN : x)) });
    const numbers = { lr: 0.1, initialLr: 0.1, momentum: 0.9, dampening: 0, nesterov: false };
    const file = encodeMmengineCheckpoint(
      { ...state, ...(part === "momentumBuffer" ? { optimizer: new Map([[part, spoilt]]) } : { [part]: spoilt }) },
      {},
      { numbersOf: () => ({ ...numbers, weightDecay: 0, initialWeightDecay: 0 }) },
    );
    const spoiltPath = join(folder, `nan-${part}.pth`);
    writeFileSync(spoiltPath, file);
    const called = { raw: "", averages: "average of ", momentumBuffer: "momentumBuffer of " }[part];
    await expect(adoptMmengineCheckpoint(spoiltPath, header)).rejects.toThrow(`${spoiltPath}: ${called}${name}[`);
  });

  it("refuses a run of other classes or another number of steps", async () => {
    await expect(adoptMmengineCheckpoint(path, { ...header, numClasses: 4 })).rejects.toThrow(
      /tiny-mmengine\.pth: trained on 5 classes, the data set has 4/,
    );
    await expect(adoptMmengineCheckpoint(path, { ...header, trainImages: 9 })).rejects.toThrow(
      /is 12 steps or 3 epochs far, here 3 epochs have 15 steps/,
    );
  });
});

describe("convertToMmengine", () => {
  it("writes what was read", async () => {
    const session = await resumed();
    const out = join(folder, "epoch_3.pth");
    await convertToMmengine(await saved(session, "epoch_003"), out, session.model.stateDict().keys());
    const { seed: _, ...before } = await readTrainingCheckpoint(path);
    expect(await readTrainingCheckpoint(out)).toEqual({ ...before, seed: header.seed });
    expect(await readTrainingCheckpoint(join(folder, "epoch_003.json"))).toMatchObject({ step: 12, averageSteps: 12 });
  });

  it("refuses a recipe that keeps stages", async () => {
    const own = { ...header, recipe: { ...header.recipe, transfer: { frozenStages: 1 } } };
    const { bytes, file } = await encodeCheckpoint(await resumed(), own, "epoch_003");
    writeFileSync(join(folder, "frozen.safetensors"), bytes);
    writeFileSync(join(folder, "frozen.json"), JSON.stringify({ ...file, tensors: "frozen.safetensors" }));
    await expect(convertToMmengine(join(folder, "frozen.json"), join(folder, "y.pth"), [])).rejects.toThrow(
      /frozen stages/,
    );
  });

  it("refuses a checkpoint from within an epoch", async () => {
    const session = await resumed();
    session.step = 13;
    const from = await saved(session, "step_000013");
    await expect(convertToMmengine(from, join(folder, "x.pth"), [])).rejects.toThrow(/is 1 steps into epoch 4/);
  });

  it.skipIf(!hasTorch)("is a state that PyTorch's SGD goes on with (skipped where python3 has no torch)", async () => {
    const session = await resumed();
    const out = join(folder, "torch.pth");
    await convertToMmengine(await saved(session, "epoch_003"), out, session.model.stateDict().keys());
    interface Resumed {
      readonly meta: object;
      readonly schedulers: object;
      readonly steps: number;
      readonly parameters: readonly {
        readonly name: string;
        readonly lr: number;
        readonly momentum: number;
        readonly weight_decay: number;
        readonly buffer: number;
      }[];
    }
    const { resume } = askTorch<{ resume: Resumed[] }>({ resume: [{ path: out, variant: "tiny", classes: 5 }] });
    const [answer] = resume;
    expect(answer).toMatchObject({ meta: { epoch: 3, iter: 12, seed: 5 }, steps: 12 });
    // mmengine's counters: warm-up of 20 steps, cosine from epoch 5 not begun, weight decay in its fourth epoch
    expect(answer!.schedulers).toEqual([
      { _global_step: 12, last_step: 12 },
      { _global_step: 3, last_step: -1 },
      { _global_step: 3, last_step: 3 },
    ]);
    const { raw, optimizer } = await readTrainingCheckpoint(path);
    const momentum = optimizer.get("momentumBuffer")!;
    for (const [i, found] of answer!.parameters.entries()) {
      // recipe: warm-up from 1e-4 to 0.1 over 20 steps; decay along a cosine over 300 epochs
      expect(found.lr).toBeCloseTo(0.1 * (0.001 + (0.999 * 12) / 19), 12);
      const base = /norm\.(weight|bias)$/.test(found.name) ? 0 : 1e-4;
      const decay = 1e-5 + ((base - 1e-5) * (1 + Math.cos((Math.PI * 3) / 300))) / 2;
      expect(found.weight_decay).toBeCloseTo(decay, 12);
      expect(found.momentum).toBe(0.9);
      // one step with no gradient: the buffer decays and takes the weight decay
      const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
      const after = 0.9 * sum(momentum.get(found.name)!.values) + decay * sum(raw.get(found.name)!.values);
      expect(Math.abs(found.buffer - after), `${i} ${found.name}`).toBeLessThan(1e-5 * Math.max(1, Math.abs(after)));
    }
  });

  describe.each(Object.entries(choices))("of a run with %s", (name, optimizer) => {
    const own: CheckpointHeader = { ...header, recipe: { ...header.recipe, optimizer } };

    /** Three epochs far; all but one parameter have taken two steps, that one has taken one. */
    function session(): Session {
      const made = new Session(own.recipe, tinyModel(), stepsPerEpoch);
      made.step = 12;
      made.beginStep();
      move(made, (i) => 0.5 - i / 7);
      move(made, (i) => (i === 3 ? null : 0.01 * i));
      return made;
    }

    /** A step in which every element of parameter i has the same gradient. */
    function move({ model, optimizer: moved }: Session, gradientOf: (i: number) => number | null): void {
      [...model.namedParameters().values()].forEach(({ tensor: p }, i) => {
        const gradient = gradientOf(i);
        p.grad = gradient === null ? null : full(p.shape, gradient);
      });
      moved.step();
      moved.zeroGrad();
    }

    async function written(from: Session, file: string): Promise<string> {
      const { file: json, bytes } = await encodeCheckpoint(from, own, name);
      writeFileSync(join(folder, json.tensors), bytes);
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(json));
      await convertToMmengine(join(folder, json.tensors), join(folder, file), from.model.stateDict().keys());
      return join(folder, file);
    }

    it("comes back with the same slots and counts", async () => {
      const before = session();
      const out = await written(before, `${name}.pth`);
      const after = new Session(own.recipe, tinyModel(), stepsPerEpoch);
      restoreCheckpoint(await adoptMmengineCheckpoint(out, own), after);
      const { slots, steps } = before.optimizer.state();
      expect(new Set(steps.values())).toEqual(new Set([1, 2]));
      expect(after.optimizer.state().steps).toEqual(steps);
      for (const [slot, tensors] of slots)
        for (const [parameter, x] of tensors)
          expect(after.optimizer.state().slots.get(slot)!.get(parameter)!.dataSync()).toEqual(x.dataSync());
    });

    it("does not go on with the state of another optimizer", async () => {
      const out = await written(session(), `${name}-other.pth`);
      await expect(adoptMmengineCheckpoint(out, header)).rejects.toThrow(
        /its optimizer keeps .*expAvg.*, the recipe's sgd momentumBuffer/,
      );
      await expect(adoptMmengineCheckpoint(path, own)).rejects.toThrow(
        /its optimizer keeps momentumBuffer, the recipe's adamw? expAvg, expAvgSq/,
      );
    });

    it.skipIf(!hasTorch)(
      "is gone on with by PyTorch, and by us from PyTorch's file (skipped without torch)",
      async () => {
        const ours = session();
        const from = await written(ours, `${name}-from.pth`);
        const out = join(folder, `${name}-torch.pth`);
        askTorch({ go_on: [{ path: from, out, variant: "tiny", classes: 5, optimizer: name }] });
        // the rates of the group are those of the step to come
        move(ours, () => 0.25);
        const theirs = new Session(own.recipe, tinyModel(), stepsPerEpoch);
        restoreCheckpoint(await adoptMmengineCheckpoint(out, own), theirs);
        expect(theirs.optimizer.state().steps).toEqual(ours.optimizer.state().steps);
        const tensorsOf = ({ model, optimizer: one }: Session) =>
          [model.stateDict(), ...one.state().slots.values()].flatMap((tensors) => [...tensors]);
        const expected = tensorsOf(theirs);
        tensorsOf(ours).forEach(([parameter, x], i) => {
          expect(expected[i]![0]).toBe(parameter);
          expect(relativeError(x.dataSync(), expected[i]![1].dataSync()), parameter).toBeLessThan(1e-6);
        });
      },
    );
  });
});
