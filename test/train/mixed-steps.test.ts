/** Steps that mix their batches: one recorded program for all mixes, the same bits by both updates and on any number of processes. */
import { beforeAll, describe, expect, it } from "vitest";
import { compileTotals, fallbacks, scope, setBackend, tensor } from "../../src/index.js";
import { MobileOne } from "../../src/models/mobileone/mobileone.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Variant } from "../../src/models/mobileone/variants.js";
import type { Recipe } from "../../src/models/recipe.js";
import { crossEntropy } from "../../src/nn/loss.js";
import { fingerprint } from "../../src/train/replicas/agreement.js";
import { type ProcessGroup, soloGroup } from "../../src/train/replicas/process-group.js";
import { replicaShare } from "../../src/train/replicas/replica-tree.js";
import { BatchLoss, type BatchLossOptions } from "../../src/train/steps/batch-loss.js";
import { BatchInput } from "../../src/train/steps/input.js";
import { ReplicaUpdate } from "../../src/train/steps/replica-update.js";
import { Session } from "../../src/train/steps/session.js";
import { createStepper } from "../../src/train/steps/stepper.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { madeBatch } from "./made-batch.js";
import { memoryGroups } from "./memory-group.js";

const CLASSES = 3;
const STEPS = 6;

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
});

const small: Variant = {
  widths: [0.25, 0.25, 0.25, 0.25],
  numConvBranches: 1,
  squeezeExciteUnits: [0, 0, 0, 0],
  units: [1, 1, 1, 1],
};
const mixing: Recipe = {
  ...mobileoneS0Demo,
  batchAugments: { mixup: 0.8, cutmix: 1, probability: 0.8, switchProbability: 0.5 },
};
const options: BatchLossOptions = { seed: 5, classWeights: [1, 2, 0.5] };
const sessionOf = (recipe: Recipe): Session =>
  new Session(recipe, new MobileOne(small, { numClasses: CLASSES, seed: 3 }), 10);
const stateOf = async ({ model }: Session) =>
  Object.fromEntries(
    await Promise.all([...model.stateDict()].map(async ([name, x]) => [name, await fingerprint([x])] as const)),
  );

/** Sessions of all ranks after `steps`. */
const after = (recipe: Recipe, replicas: number, groups: readonly ProcessGroup[], steps: number) =>
  Promise.all(
    groups.map(async (group) => {
      const session = sessionOf(recipe);
      const stepper = createStepper(session, replicas, group, options);
      const { first } = replicaShare(replicas, group.worldSize, group.rank);
      const { accumulate = 1 } = recipe;
      for (let s = 0; s < steps; s++) {
        let batch = first * accumulate;
        await stepper.step(
          async () => madeBatch(CLASSES, batch++, s),
          () => 0,
        );
      }
      return session;
    }),
  );

describe("steps that mix", () => {
  it("are one recorded program, whatever is drawn", () => {
    const update = new WholeUpdate(sessionOf(mixing), options);
    const slow = fallbacks();
    const before = compileTotals();
    const losses = Array.from({ length: STEPS }, (_, s) => update.run(madeBatch(CLASSES, 0, s)).loss);
    const { recorded, replayed } = compileTotals();
    expect(recorded - before.recorded).toBe(1);
    // the first update of the averages copies, the second is the first of its kind
    expect(replayed - before.replayed).toBe(STEPS - 2);
    expect(new Set(losses).size).toBe(STEPS);
    expect(fallbacks()).toEqual(slow);
  });

  it("give both updates the same bits", async () => {
    const [first, second] = [sessionOf(mixing), sessionOf(mixing)];
    const whole = new WholeUpdate(first, options);
    const replicas = new ReplicaUpdate(second, 1, soloGroup(), options);
    for (let s = 0; s < 3; s++) {
      const one = whole.run(madeBatch(CLASSES, 0, s));
      const other = await replicas.run(
        async () => madeBatch(CLASSES, 0, s),
        () => 0,
      );
      expect([other.loss, other.correct]).toEqual([one.loss, one.correct]);
    }
    expect(await stateOf(second)).toEqual(await stateOf(first));
  });

  it.each([1, 2])("give any number of processes the same bits, accumulating %i", async (accumulate) => {
    const recipe = { ...mixing, accumulate };
    const [alone] = await after(recipe, 2, [soloGroup()], 2);
    const apart = await after(recipe, 2, memoryGroups(2), 2);
    expect(await stateOf(apart[0]!)).toEqual(await stateOf(alone!));
  });

  it("are what the loss of mixed labels gives for mixed pictures, step by step", () => {
    const recipe = { ...mixing, batchAugments: { mixup: 1, probability: 1, switchProbability: 0 } };
    const session = sessionOf(recipe);
    const loss = new BatchLoss(session, { seed: 5 });
    const batch = madeBatch(CLASSES, 0, 0);
    const { share, order } = loss.mixOf(batch, 0)!;
    scope(() => {
      const pixels = new BatchInput().tensors(batch).images.dataSync();
      const each = pixels.length / batch.size;
      const mixed = pixels.map((value, i) => {
        const other = pixels[order[Math.floor(i / each)]! * each + (i % each)]!;
        return Math.fround(share * value + (1 - share) * other);
      });
      const target = new Float32Array(batch.size * CLASSES);
      batch.labels.forEach((label, i) => {
        target[i * CLASSES + label]! += share;
        target[i * CLASSES + batch.labels[order[i]!]!]! += 1 - share;
      });
      const model = session.model.train();
      const logits = model.forward(tensor(mixed as Float32Array, [batch.size, 32, 32, 3]));
      const wanted = crossEntropy(logits, tensor(target, [batch.size, CLASSES]), recipe.loss).item();
      const { loss: got } = new WholeUpdate(sessionOf(recipe), { seed: 5 }).run(batch);
      expect(Math.abs(got / wanted - 1)).toBeLessThan(1e-5);
      const { loss: plain } = new WholeUpdate(sessionOf(mobileoneS0Demo)).run(batch);
      expect(Math.abs(got / plain - 1)).toBeGreaterThan(1e-3);
    });
  });

  it("leave a batch as it is where chance says so, and where the recipe has no mixing", () => {
    const never = { ...mixing, batchAugments: { mixup: 1, probability: 0, switchProbability: 0 } };
    const batch = madeBatch(CLASSES, 0, 0);
    const { loss } = new WholeUpdate(sessionOf(never), { seed: 5 }).run(batch);
    const { loss: plain } = new WholeUpdate(sessionOf(mobileoneS0Demo), { seed: 5 }).run(batch);
    expect(Math.abs(loss / plain - 1)).toBeLessThan(1e-6);
    expect(new BatchLoss(sessionOf(mobileoneS0Demo)).mixOf(batch, 0)).toBeNull();
  });
});
