/**
 * Training with replicas against plain definitions: the mean of gradients that each replica would have alone, running
 * statistics of replica 0, and the same bits on any number of processes. Ranks run side by side in this process.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataLoader } from "../../src/data/reading/loader.js";
import { openDataset } from "../../src/data/sets/dataset.js";
import { evalTransform } from "../../src/data/transforms/index.js";
import { noGrad, scope, setBackend, type Tensor } from "../../src/index.js";
import { MobileOne } from "../../src/models/mobileone/mobileone.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Variant } from "../../src/models/mobileone/variants.js";
import { crossEntropy } from "../../src/nn/loss.js";
import { evaluateShared, type PictureEvaluation } from "../../src/train/evaluate.js";
import type { Logger, StepInfo } from "../../src/train/loggers/events.js";
import { classificationReport } from "../../src/train/metrics/classification-report.js";
import { confusionMatrix } from "../../src/train/metrics/confusion-matrix.js";
import { fingerprint } from "../../src/train/replicas/agreement.js";
import { type ProcessGroup, soloGroup } from "../../src/train/replicas/process-group.js";
import { replicaShare } from "../../src/train/replicas/replica-tree.js";
import { BatchInput } from "../../src/train/steps/input.js";
import { ReplicaUpdate } from "../../src/train/steps/replica-update.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { type TrainOptions, train } from "../../src/train/trainer.js";
import { madeBatch } from "./made-batch.js";
import { memoryGroups } from "./memory-group.js";

const root = mkdtempSync(join(tmpdir(), "tensorone-replicas-"));
const demo = join(import.meta.dirname, "../../demo/fashion-mnist");
const CLASSES = 3;

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
});
afterAll(() => rmSync(root, { recursive: true }));

/** A MobileOne of a unit per stage: every kind of block, and quick to record. */
const small: Variant = {
  widths: [0.25, 0.25, 0.25, 0.25],
  numConvBranches: 2,
  squeezeExciteUnits: [0, 0, 0, 0],
  units: [1, 1, 1, 1],
};
const modelOf = (): MobileOne => new MobileOne(small, { numClasses: CLASSES, seed: 3 });
const sessionOf = (): Session => new Session(mobileoneS0Demo, modelOf(), 10);

/** A hash for each tensor: five million numbers are too many to compare one by one. */
const hashesOf = async (tensors: ReadonlyMap<string, Tensor>): Promise<Record<string, number>> =>
  Object.fromEntries(
    await Promise.all([...tensors].map(async ([name, tensor]) => [name, await fingerprint([tensor])] as const)),
  );

const numbersOf = (tensors: ReadonlyMap<string, Tensor>): Record<string, number[]> =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, [...tensor.dataSync()]]));

const velocitiesOf = ({ optimizer }: Session) => optimizer.state().slots.get("momentumBuffer")!;

const stateOf = async (session: Session) => ({
  model: await hashesOf(session.model.stateDict()),
  momentum: await hashesOf(velocitiesOf(session)),
  averages: await hashesOf(session.ema.state().averages),
});

/** Steps of `replicas` on the ranks of `groups`, side by side; the sessions. */
async function steps(replicas: number, groups: readonly ProcessGroup[], count: number) {
  return Promise.all(
    groups.map(async (group) => {
      const session = sessionOf();
      const update = new ReplicaUpdate(session, replicas, group);
      const { first } = replicaShare(replicas, group.worldSize, group.rank);
      const results = [];
      for (let s = 0; s < count; s++) {
        let replica = first;
        results.push(
          await update.run(
            async () => madeBatch(CLASSES, replica++, s),
            () => 0,
          ),
        );
      }
      return { session, results };
    }),
  );
}

describe("one step", () => {
  it("moves by the mean of what each replica would move by alone, and keeps replica 0's statistics", async () => {
    const replicas = 3;
    const [{ session, results }] = (await steps(replicas, [soloGroup()], 1)) as [
      Awaited<ReturnType<typeof steps>>[number],
    ];
    // each replica by itself, eagerly, on a model of its own
    const alone = Array.from({ length: replicas }, (_, r) =>
      scope(() => {
        const model = modelOf();
        const { images, labels } = new BatchInput().tensors(madeBatch(CLASSES, r, 0));
        const loss = crossEntropy(model.forward(images), labels, mobileoneS0Demo.loss);
        loss.backward();
        const gradients = new Map([...model.namedParameters()].map(([name, { tensor }]) => [name, tensor.grad!]));
        return { loss: loss.item(), gradients: numbersOf(gradients), buffers: numbersOf(model.namedBuffers()) };
      }),
    );
    expect(results[0]!.loss).toBe(alone.map(({ loss }) => loss).reduce((a, b) => a + b) / replicas);
    expect(numbersOf(session.model.namedBuffers())).toEqual(alone[0]!.buffers);
    expect(alone[1]!.buffers).not.toEqual(alone[0]!.buffers);
    // the first velocity is the gradient plus the decay of the first weights
    const before = numbersOf(modelOf().stateDict());
    const decayOf = new Map(
      session.optimizer.groups.flatMap(({ parameters, weightDecay }) =>
        [...parameters.keys()].map((name) => [name, weightDecay] as const),
      ),
    );
    for (const [name, velocity] of Object.entries(numbersOf(velocitiesOf(session)))) {
      const sizes = alone.flatMap(({ gradients }) => gradients[name]!.map(Math.abs));
      const scale = sizes.reduce((a, b) => Math.max(a, b), 1e-6);
      velocity.forEach((v, i) => {
        const mean = alone.reduce((sum, { gradients }) => sum + gradients[name]![i]!, 0) / replicas;
        const error = Math.abs(v - (mean + decayOf.get(name)! * before[name]![i]!));
        if (!(error <= 1e-6 * scale)) expect.fail(`${name}[${i}] is ${v}, ${error} off`);
      });
    }
  });

  it("has the bits of the whole update where there is one replica", async () => {
    const whole = sessionOf();
    const update = new WholeUpdate(whole);
    for (let s = 0; s < 4; s++) update.run(madeBatch(CLASSES, 0, s));
    const [split] = await steps(1, [soloGroup()], 4);
    expect(await stateOf(split!.session)).toEqual(await stateOf(whole));
  });

  it.each([
    { replicas: 5, worldSizes: [2, 3, 5] },
    { replicas: 8, worldSizes: [2, 4, 8] },
  ])("has the same bits on 1 process and on $worldSizes for $replicas replicas", async ({ replicas, worldSizes }) => {
    const [one] = await steps(replicas, [soloGroup()], 3);
    const expected = await stateOf(one!.session);
    for (const worldSize of worldSizes) {
      const ranks = await steps(replicas, memoryGroups(worldSize), 3);
      expect(await stateOf(ranks[0]!.session)).toEqual(expected);
      for (const { session, results } of ranks) {
        expect(results.map(({ loss }) => loss)).toEqual(one!.results.map(({ loss }) => loss));
        const parameters = [...session.model.namedParameters().keys()];
        const own = await stateOf(session);
        for (const name of parameters) expect(own.model[name]).toEqual(expected.model[name]);
        expect(own.momentum).toEqual(expected.momentum);
      }
    }
  });

  it("tells every rank the largest stop that one of them gave, and throws on all where a loss is no number", async () => {
    const groups = memoryGroups(2);
    const updates = groups.map((group) => new ReplicaUpdate(sessionOf(), 2, group));
    const stops = await Promise.all(
      updates.map((u, r) =>
        u.run(
          async () => madeBatch(CLASSES, r, 0),
          () => [0, 143][r]!,
        ),
      ),
    );
    expect(stops.map(({ stop }) => stop)).toEqual([143, 143]);
    const sessions = groups.map(sessionOf);
    const failing = groups.map((group, r) => new ReplicaUpdate(sessions[r]!, 2, group));
    noGrad(() => sessions[1]!.model.stateDict().get("head.fc.bias")!.write(new Float32Array(CLASSES).fill(Number.NaN)));
    const outcomes = await Promise.allSettled(
      failing.map((u, r) =>
        u.run(
          async () => madeBatch(CLASSES, r, 0),
          () => 0,
        ),
      ),
    );
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: "rejected", reason: { name: "DivergedError" } });
    // the rank whose own loss was a number has not moved either
    const { momentum, averages } = await stateOf(sessions[0]!);
    expect(momentum).toEqual({});
    expect(averages).toEqual(await hashesOf(modelOf().stateDict()));
  });
});

it("validates to equal figures and answers in one share, in three and in seven, each picture counted once", async () => {
  const set = openDataset(demo, "val");
  const ten = new MobileOne(small, { numClasses: set.classes.length, seed: 3 });
  const figures = [];
  for (const worldSize of [1, 3, 7]) {
    const groups = worldSize === 1 ? [soloGroup()] : memoryGroups(worldSize);
    const all = await Promise.all(
      groups.map((group) => {
        const slice = { replicas: worldSize, rank: group.rank, pad: false, workers: 0 };
        const transform = evalTransform({ imageSize: 32, resizeSize: 32 });
        const loader = new DataLoader(set, { batchSize: 60, transform, ...slice });
        return evaluateShared(ten, loader, { group, detail: "pictures" });
      }),
    );
    figures.push(...all.map((one) => ({ ...one, imagesPerSecond: 0 })));
  }
  for (const one of figures) expect(one).toEqual(figures[0]);
  expect(figures[0]!.images).toBe(set.length);
  expect(figures[0]!.loss).toBeGreaterThan(1);
  const { top1, top5, images, confusion, predictions } = figures[0] as unknown as PictureEvaluation;
  const report = classificationReport(confusion, set.classes);
  expect(report.accuracy * 100).toBeCloseTo(top1, 10);
  const supports = set.classes.map((_, label) => set.samples.filter((sample) => sample.label === label).length);
  expect(report.classes.map(({ support }) => support)).toEqual(supports);
  expect(predictions.map(({ picture }) => picture)).toEqual(set.samples.map((_, i) => i));
  for (const { picture, label, predicted, score, top } of predictions) {
    expect(label).toBe(set.samples[picture]!.label);
    expect(top[0]).toEqual({ index: predicted, score });
  }
  const inTop = predictions.filter(({ label, top }) => top.some(({ index }) => index === label)).length;
  expect((100 * inTop) / images).toBeCloseTo(top5, 10);
  const counted = confusionMatrix(
    predictions.map(({ label }) => label),
    predictions.map(({ predicted }) => predicted),
    set.classes.length,
  );
  expect(confusion).toEqual(counted);
});

interface Heard extends Logger {
  readonly steps: StepInfo[];
}

function listener(): Heard {
  const steps: StepInfo[] = [];
  return { steps, onStep: (info) => void steps.push(info) };
}

const recipe = {
  ...mobileoneS0Demo,
  batchSize: 8,
  epochs: 1,
  images: { ...mobileoneS0Demo.images, evalBatchSize: 60 },
};

/** A run on every rank of `groups`, with options that may differ by rank. */
async function run(
  out: string,
  groups: readonly ProcessGroup[],
  options: (rank: number) => Partial<TrainOptions> = () => ({}),
) {
  const heard = groups.map(listener);
  const settled = await Promise.allSettled(
    groups.map((group, rank) =>
      train({
        ...{ recipe, data: demo, out: join(root, out), seed: 0, replicas: 4, group, workers: 0, maxSteps: 2 },
        ...{ loggers: [heard[rank]!], backendLabel: "wasm", validate: false },
        ...options(rank),
      }),
    ),
  );
  return { settled, heard };
}

const filesOf = (out: string): Record<string, string> => {
  const folder = join(root, out, "checkpoints");
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "base64")]));
};

describe("a run", () => {
  it("writes the same bytes on one process and on two, and rank 0 alone speaks", async () => {
    for (const worldSize of [1, 2]) {
      const groups = worldSize === 1 ? [soloGroup()] : memoryGroups(worldSize);
      const { settled, heard } = await run(`w${worldSize}`, groups);
      for (const one of settled) expect(one).toMatchObject({ status: "fulfilled", value: { steps: 2, stopCode: 0 } });
      expect(filesOf(`w${worldSize}`)).toEqual(filesOf("w1"));
      expect(heard.map(({ steps }) => steps.length)).toEqual(groups.map((_, rank) => (rank === 0 ? 2 : 0)));
      expect(heard[0]!.steps[0]!.ranks?.computeMs.length).toBe(worldSize === 1 ? undefined : worldSize);
    }
  });

  it("stops on all ranks at one step when one hears a signal, with the bytes of a run that ends there", async () => {
    const controller = new AbortController();
    const hearSecond = { onStep: () => controller.abort(143) };
    const { settled } = await run("signal", memoryGroups(2), (rank) =>
      rank === 1 ? { signal: controller.signal } : { loggers: [hearSecond], maxSteps: 9 },
    );
    for (const one of settled) expect(String((one as PromiseRejectedResult).reason)).toMatch(/maxSteps was 9, is 2/);
    const again = await run("signal", memoryGroups(2), (rank) => ({
      maxSteps: 3,
      ...(rank === 1 ? { signal: controller.signal } : { loggers: [hearSecond] }),
    }));
    for (const one of again.settled)
      expect(one).toMatchObject({ status: "fulfilled", value: { steps: 2, stopped: "signal", stopCode: 143 } });
    expect(filesOf("signal")["step_000002.safetensors"]).toBe(filesOf("w1")["step_000002.safetensors"]);
  });

  it("is refused on all ranks, by name, where they were started differently", async () => {
    const { settled } = await run("differ", memoryGroups(3), (rank) =>
      rank === 2 ? { recipe: { ...recipe, optimizer: { ...recipe.optimizer, lr: 0.5 } }, seed: 7 } : {},
    );
    for (const one of settled)
      expect(String((one as PromiseRejectedResult).reason)).toMatch(
        /rank 2 was started otherwise than rank 0: recipe\.optimizer\.lr was 0\.02, is 0\.5; seed was 0, is 7/,
      );
    expect(existsSync(join(root, "differ"))).toBe(false);
  });

  it("is refused where there are more processes than replicas", async () => {
    await expect(
      train({
        recipe,
        data: demo,
        out: root,
        seed: 0,
        replicas: 2,
        group: memoryGroups(3)[0]!,
        workers: 0,
        loggers: [],
        backendLabel: "",
      }),
    ).rejects.toThrow(/3 processes for 2 replicas, expected at most one process each/);
  });

  it("asks for the replicas of its checkpoint", async () => {
    const { settled } = await run("w1", [soloGroup()], () => ({ resume: true, replicas: 2 }));
    expect(String((settled[0] as PromiseRejectedResult).reason)).toMatch(
      /belongs to another run: replicas was 4, is 2/,
    );
  });
});
