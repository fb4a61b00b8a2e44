/**
 * The averages of a session, recorded and over replicas, against the same steps op by op: of a run that is long enough the
 * reference's, of a short one those that warm up.
 */
import { beforeAll, expect, it } from "vitest";
import { scope, setBackend, type Tensor } from "../../src/index.js";
import { MobileOne } from "../../src/models/mobileone/mobileone.js";
import { mobileoneS0 } from "../../src/models/mobileone/recipe-s0.js";
import type { Variant } from "../../src/models/mobileone/variants.js";
import { crossEntropy } from "../../src/nn/loss.js";
import { update } from "../../src/ops/apply.js";
import { SGD, splitNormParameters } from "../../src/optim/index.js";
import { allocate } from "../../src/tensor/create.js";
import { isFloat } from "../../src/tensor/dtype.js";
import { planRecipe } from "../../src/train/recipes/plan.js";
import { applyRates, ratesAt } from "../../src/train/recipes/schedule.js";
import { soloGroup } from "../../src/train/replicas/process-group.js";
import { BatchInput } from "../../src/train/steps/input.js";
import { ReplicaUpdate } from "../../src/train/steps/replica-update.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { madeBatch } from "./made-batch.js";

const CLASSES = 3;
const STEPS = 8;
const STEPS_PER_EPOCH = 2;

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
});

const small: Variant = {
  ...{ widths: [0.25, 0.25, 0.25, 0.25], numConvBranches: 1 },
  ...{ squeezeExciteUnits: [0, 0, 0, 0], units: [1, 1, 1, 1] },
};
const modelOf = (): MobileOne => new MobileOne(small, { numClasses: CLASSES, seed: 3 });

type Values = Record<string, number[]>;
const valuesOf = (tensors: ReadonlyMap<string, Tensor>): Values =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, [...tensor.dataSync()]]));

const base = { ...mobileoneS0, optimizer: { ...mobileoneS0.optimizer, lr: 0.01 } };
/** 8 steps are as many as an average of momentum .7 wants; of .25 they are fewer than 20. */
const recipes = {
  "long enough": planRecipe({ ...base, epochs: 4, ema: { momentum: 0.7 } }, STEPS_PER_EPOCH, { warmupEpochs: 1 }),
  short: planRecipe({ ...base, epochs: 4, ema: { momentum: 0.05 } }, STEPS_PER_EPOCH, { warmupEpochs: 1 }),
};
/** By hand: the momentum of each update. */
const momenta = {
  "long enough": Array.from({ length: STEPS }, () => 0.7),
  // two steps of warm-up, then 9 / 10, 9 / 11, … of which a tenth is the most
  short: [0.05, 0.05, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
};

/** The same steps without session, recording or Ema. */
function byHand(kind: keyof typeof recipes): Values {
  const recipe = recipes[kind];
  const model = modelOf();
  const optimizer = new SGD(splitNormParameters(model), recipe.optimizer);
  const pairs = [...model.stateDict()].map(([name, raw]) => ({
    name,
    raw,
    average: allocate(raw.shape, raw.dtype, raw.backend).keep(),
  }));
  for (let step = 0; step < STEPS; step++) {
    applyRates(optimizer.groups, ratesAt(recipe, step, STEPS_PER_EPOCH));
    scope(() => {
      const { images, labels } = new BatchInput().tensors(madeBatch(CLASSES, 0, step));
      crossEntropy(model.forward(images), labels, recipe.loss).backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
    for (const { raw, average } of pairs)
      if (step === 0) update("assign", [average, raw], {});
      else if (isFloat(raw.dtype)) update("lerp", [average, raw], { weight: momenta[kind][step]! });
  }
  return valuesOf(new Map(pairs.map(({ name, average }) => [name, average])));
}

it.each([
  "long enough",
  "short",
] as const)("of a run that is %s: the same bits in every way of a step", async (kind) => {
  const recipe = recipes[kind];
  expect(recipe.plan).toBe(kind === "short" ? "short" : "whole");
  const expected = byHand(kind);
  const whole = new Session(recipe, modelOf(), STEPS_PER_EPOCH);
  const update = new WholeUpdate(whole);
  for (let step = 0; step < STEPS; step++) update.run(madeBatch(CLASSES, 0, step));
  expect(valuesOf(whole.ema.averages)).toEqual(expected);
  const split = new Session(recipe, modelOf(), STEPS_PER_EPOCH);
  const replicas = new ReplicaUpdate(split, 1, soloGroup());
  for (let step = 0; step < STEPS; step++)
    await replicas.run(
      async () => madeBatch(CLASSES, 0, step),
      () => 0,
    );
  expect(valuesOf(split.ema.averages)).toEqual(expected);
});
