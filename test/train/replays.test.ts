/** The training steps of every recipe, of README and of bench are replays from their third or fourth call on, of one program. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { updateOf } from "../../bench/gpu/training-step.js";
import type { Backend } from "../../src/backends/backend.js";
import type { Batch } from "../../src/data/reading/loader.js";
import {
  type CompileStats,
  compile,
  compileTotals,
  manualSeed,
  models,
  nn,
  optim,
  randn,
  scope,
  setBackend,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { mobileoneS0, mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { mobileoneRecipe } from "../../src/models/mobileone/recipes.js";
import type { Recipe } from "../../src/models/recipe.js";
import { planRecipe } from "../../src/train/recipes/plan.js";
import { soloGroup } from "../../src/train/replicas/process-group.js";
import { Session } from "../../src/train/steps/session.js";
import { createStepper } from "../../src/train/steps/stepper.js";

const [BATCH, SIDE, CLASSES, STEPS] = [2, 32, 4, 7];

let backend: Backend;
beforeAll(async () => {
  backend = await setBackend("wasm", { threads: 1 });
});
afterAll(() => backend.dispose?.());

const since = (before: CompileStats): CompileStats => {
  const now = compileTotals();
  return {
    interpreted: now.interpreted - before.interpreted,
    recorded: now.recorded - before.recorded,
    replayed: now.replayed - before.replayed,
  };
};

const batchOf = (step: number): Batch => ({
  images: Uint8Array.from({ length: BATCH * SIDE * SIDE * 3 }, (_, i) => (i * 37 + step * 11) % 256),
  labels: Int32Array.from({ length: BATCH }, (_, i) => (i + step) % CLASSES),
  indices: new Uint32Array(BATCH),
  ...{ size: BATCH, height: SIDE, width: SIDE, dataWaitMs: 0, next: { epoch: 0, position: 0 }, release: () => {} },
});

async function train(recipe: Recipe, replicas: number): Promise<CompileStats> {
  const planned = planRecipe(recipe, 2);
  const session = new Session(planned, models.createModel(recipe.model, { numClasses: CLASSES, seed: 1 }), 2);
  const stepper = createStepper(session, replicas, soloGroup());
  const before = compileTotals();
  for (let step = 0; step < STEPS; step++)
    await stepper.step(
      async () => batchOf(step),
      () => 0,
    );
  session.model.dispose();
  session.optimizer.dispose();
  session.ema.dispose();
  return since(before);
}

describe("a recipe's step", () => {
  it.each<[string, Recipe]>([
    ["S0", mobileoneS0],
    ["S0 on the demo set", mobileoneS0Demo],
    ["S1", mobileoneRecipe("mobileone_s1")],
    ["S2, as shipped", mobileoneRecipe("mobileone_s2", "as-shipped")],
    ["S3", mobileoneRecipe("mobileone_s3")],
    ["S4", mobileoneRecipe("mobileone_s4")],
  ])("%s", async (_, recipe) => {
    // the first update of the averages copies, the second is the first of its kind
    expect(await train(recipe, 1)).toEqual({ interpreted: 2, recorded: 1, replayed: STEPS - 2 });
  });
  it("S0 with two replicas: programs for gradients, for the update, for the statistics, and for those that a broken step gets back", async () => {
    const { recorded, interpreted, replayed } = await train(mobileoneS0Demo, 2);
    expect({ recorded, interpreted }).toEqual({ recorded: 4, interpreted: 5 });
    expect(replayed).toBe(5 * STEPS - interpreted);
  });
});

it("README's step and bench's, with rates that change", () => {
  manualSeed(1);
  const model = models.createModel("mobileone_s0", { numClasses: CLASSES, seed: 0 });
  const optimizer = new optim.SGD(model.namedParameters(), { lr: 0.1 });
  const readme = (images: Tensor, labels: Tensor) => {
    const loss = nn.crossEntropy(model.forward(images), labels, { labelSmoothing: 0.1 });
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return loss;
  };
  const bench = updateOf(models.createModel("mobileone_s0", { numClasses: CLASSES, seed: 0 }), 1e-3);
  for (const [step, groups, first] of [
    [readme, optimizer.groups, 1],
    [bench.update, bench.optimizer.groups, 2],
  ] as const) {
    const compiled = compile(step);
    for (let i = 0; i < STEPS; i++) {
      for (const group of groups) group.lr *= 0.9;
      scope(() => void compiled(randn([BATCH, SIDE, SIDE, 3]), tensor(Int32Array.of(i % CLASSES, 1))));
    }
    expect(compiled.stats).toEqual({ interpreted: first, recorded: 1, replayed: STEPS - first });
  }
});
