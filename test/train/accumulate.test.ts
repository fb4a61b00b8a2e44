/**
 * Gradients of several batches before one move: against the mean of what each batch gives alone, and with the same bits on any
 * number of processes.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { Batch } from "../../src/data/reading/loader.js";
import { scope, setBackend, type Tensor } from "../../src/index.js";
import { MobileOne } from "../../src/models/mobileone/mobileone.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Variant } from "../../src/models/mobileone/variants.js";
import type { Recipe } from "../../src/models/recipe.js";
import { crossEntropy } from "../../src/nn/loss.js";
import { epochLength } from "../../src/train/recipes/epoch-length.js";
import { fingerprint } from "../../src/train/replicas/agreement.js";
import { type ProcessGroup, soloGroup } from "../../src/train/replicas/process-group.js";
import { replicaShare } from "../../src/train/replicas/replica-tree.js";
import { BatchInput } from "../../src/train/steps/input.js";
import { Session } from "../../src/train/steps/session.js";
import { createStepper } from "../../src/train/steps/stepper.js";
import { madeBatch } from "./made-batch.js";
import { memoryGroups } from "./memory-group.js";

const CLASSES = 3;
beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
});

const small: Variant = {
  widths: [0.25, 0.25, 0.25, 0.25],
  numConvBranches: 1,
  squeezeExciteUnits: [0, 0, 0, 0],
  units: [1, 1, 1, 1],
};
const modelOf = (): MobileOne => new MobileOne(small, { numClasses: CLASSES, seed: 3 });

const numbersOf = (tensors: ReadonlyMap<string, Tensor>): Record<string, number[]> =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, [...tensor.dataSync()]]));

/** Epochs of seven batches: groups of three leave one over. */
const BATCHES = 7;
const recipe: Recipe = {
  ...mobileoneS0Demo,
  accumulate: 3,
  optimizer: { kind: "adamw", lr: 2e-3, weightDecay: 1e-2 },
  clipGrad: { maxNorm: 0.5 },
};
const sessionOf = (own: Recipe): Session =>
  new Session(own, modelOf(), Math.ceil(BATCHES / (own.accumulate ?? 1)), BATCHES);

/** `steps` steps on every rank; what was asked for, and the sessions. */
async function advance(own: Recipe, replicas: number, groups: readonly ProcessGroup[], steps: number) {
  return Promise.all(
    groups.map(async (group) => {
      const session = sessionOf(own);
      const stepper = createStepper(session, replicas, group);
      const { first, count } = replicaShare(replicas, group.worldSize, group.rank);
      const asked: string[] = [];
      const losses: number[] = [];
      for (let s = 0; s < steps; s++) {
        const begin = session.stepInEpoch * own.accumulate!;
        const size = session.batchesOfStep;
        const order = Array.from({ length: count * size }, (_, i) => [
          first + Math.floor(i / size),
          begin + (i % size),
        ]);
        const next = async (): Promise<Batch> => {
          const [replica, batch] = order.shift() as [number, number];
          asked.push(`${replica}.${batch}`);
          return madeBatch(CLASSES, replica, 10 * session.epoch + batch);
        };
        losses.push((await stepper.step(next, () => 0)).loss);
        expect(order).toEqual([]);
      }
      return { session, asked, losses };
    }),
  );
}

async function stateOf({ model, optimizer, ema }: Session) {
  const { slots } = optimizer.state();
  const parameters = new Map([...model.namedParameters()].map(([name, { tensor }]) => [name, tensor]));
  const all = [parameters, ...slots.values(), ema.averages];
  const hashes = await Promise.all(
    all.map(async (map) => Promise.all([...map].map(async ([name, x]) => [name, await fingerprint([x])]))),
  );
  // running statistics and counts are each replica's own
  return hashes.map((one) => one.filter(([name]) => parameters.has(String(name))));
}

describe("a step that accumulates", () => {
  it("moves by the mean of what its batches give, each on its own statistics, which follow batch by batch", async () => {
    const own: Recipe = {
      ...mobileoneS0Demo,
      accumulate: 3,
      optimizer: { kind: "sgd", lr: 0.1, momentum: 0.9, weightDecay: 0 },
    };
    const [{ session, losses }] = (await advance(own, 1, [soloGroup()], 1)) as [
      Awaited<ReturnType<typeof advance>>[number],
    ];
    const model = modelOf();
    const alone = [0, 1, 2].map((batch) =>
      scope(() => {
        for (const { tensor } of model.namedParameters().values()) tensor.grad = null;
        const { images, labels } = new BatchInput().tensors(madeBatch(CLASSES, 0, batch));
        const loss = crossEntropy(model.forward(images), labels, own.loss);
        loss.backward();
        const gradients = new Map([...model.namedParameters()].map(([name, { tensor }]) => [name, tensor.grad!]));
        return { loss: loss.item(), gradients: numbersOf(gradients) };
      }),
    );
    expect(losses).toEqual([alone.map(({ loss }) => loss).reduce((a, b) => a + b) / 3]);
    expect(numbersOf(session.model.namedBuffers())).toEqual(numbersOf(model.namedBuffers()));
    const velocities = numbersOf(session.optimizer.state().slots.get("momentumBuffer")!);
    expect(Object.keys(velocities).length).toBeGreaterThan(10);
    for (const [name, velocity] of Object.entries(velocities)) {
      const scale = alone
        .flatMap(({ gradients }) => gradients[name]!.map(Math.abs))
        .reduce((a, b) => Math.max(a, b), 1e-6);
      velocity.forEach((v, i) => {
        const mean = alone.reduce((sum, { gradients }) => sum + gradients[name]![i]!, 0) / 3;
        if (!(Math.abs(v - mean) <= 1e-6 * scale)) expect.fail(`${name}[${i}] is ${v}, the mean is ${mean}`);
      });
    }
  });

  it("has the same bits on one process and on several, and takes what is left at the end of an epoch", async () => {
    const [one] = await advance(recipe, 5, [soloGroup()], 4);
    expect(one!.session.epoch).toBe(1);
    const expected = await stateOf(one!.session);
    for (const worldSize of [2, 5]) {
      const ranks = await advance(recipe, 5, memoryGroups(worldSize), 4);
      for (const { session, losses } of ranks) {
        expect(losses).toEqual(one!.losses);
        expect(await stateOf(session)).toEqual(expected);
      }
      expect(numbersOf(ranks[0]!.session.model.namedBuffers())).toEqual(numbersOf(one!.session.model.namedBuffers()));
    }
    const [alone] = await advance(recipe, 1, [soloGroup()], 4);
    expect(alone!.asked).toEqual([0, 1, 2, 3, 4, 5, 6, 0, 1, 2].map((batch) => `0.${batch}`));
  });

  it("divides by the batches that are there: a group of one moves as a step of one batch does", async () => {
    const states = [];
    for (const own of [recipe, { ...recipe, accumulate: 1 }]) {
      const session = new Session(own, modelOf(), 1, 1);
      expect(session.batchesOfStep).toBe(1);
      await createStepper(session, 1, soloGroup()).step(
        async () => madeBatch(CLASSES, 0, 0),
        () => 0,
      );
      states.push(await stateOf(session));
    }
    expect(states[0]).toEqual(states[1]);
  });

  it("makes an epoch of as many steps as groups, and refuses what is no count", () => {
    const sized = (accumulate: number) => ({ batchSize: 8, images: mobileoneS0Demo.images, accumulate });
    expect(epochLength(sized(4), 54, 1)).toEqual({ steps: 2, batches: 7, leavesOneOut: false });
    expect(epochLength(sized(7), 54, 1)).toMatchObject({ steps: 1 });
    expect(epochLength(sized(9), 54, 1)).toMatchObject({ steps: 1, batches: 7 });
    for (const wrong of [0, 1.5, -2, Number.NaN])
      expect(() => epochLength(sized(wrong), 54, 1)).toThrow(/accumulate is .*, expected a whole number of batches/);
  });
});
