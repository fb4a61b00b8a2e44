/**
 * The recipe of fine-tuning by hand: batches that are even, numbers that follow from the family's, changes that keep proportions,
 * a run that goes on with it; and what frozen stages and a rate of the head mean in a step, for one replica and for two.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { setBackend } from "../../src/index.js";
import { familyOf, listModels } from "../../src/models/index.js";
import { MobileOne } from "../../src/models/mobileone/mobileone.js";
import { mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import type { Variant } from "../../src/models/mobileone/variants.js";
import type { Recipe, Transfer } from "../../src/models/recipe.js";
import { changeRecipe, resumedRecipe } from "../../src/train/recipes/choose-recipe.js";
import { epochLength } from "../../src/train/recipes/epoch-length.js";
import { finetuneRecipe, isFinetuneRecipe } from "../../src/train/recipes/finetune.js";
import { soloGroup } from "../../src/train/replicas/process-group.js";
import { ReplicaUpdate } from "../../src/train/steps/replica-update.js";
import { Session } from "../../src/train/steps/session.js";
import { WholeUpdate } from "../../src/train/steps/whole-update.js";
import { madeBatch } from "./made-batch.js";

beforeAll(async () => {
  await setBackend("wasm", { threads: 1 });
});

const of = (pictures: number): Recipe => finetuneRecipe("mobileone_s0", { pictures });

describe("the recipe", () => {
  it.each([
    1, 2, 7, 25, 37, 38, 99, 100, 101, 499, 500, 1000, 5001, 12_345, 100_000,
  ])("has even batches for %i pictures", (pictures) => {
    const { batchSize } = of(pictures);
    const steps = Math.ceil(pictures / batchSize);
    const last = pictures - (steps - 1) * batchSize;
    expect(batchSize).toBeLessThanOrEqual(Math.max(pictures < 500 ? 37 : 34, 1));
    // each step but the last gives away at most one picture
    expect(batchSize - last).toBeLessThan(steps === 1 ? 1 : Math.max(steps, 2));
    if (pictures >= 30 && pictures <= 500) expect(last).toBeGreaterThan(batchSize / 2);
  });

  it("has fewer epochs and more steps the more pictures there are", () => {
    const sizes = [100, 1_000, 10_000, 100_000];
    const epochs = sizes.map((pictures) => of(pictures).epochs);
    const steps = sizes.map((pictures) => of(pictures).epochs * epochLength(of(pictures), pictures, 1).steps);
    expect(epochs).toEqual([...epochs].sort((a, b) => b - a));
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps[0]).toBe(160);
  });

  it.each(listModels())("follows from the published one: %s", (model) => {
    const published = familyOf(model).recipe(model, "intended");
    const recipe = finetuneRecipe(model, { pictures: 100, images: { evalSize: 64, evalResize: 70 } });
    expect(isFinetuneRecipe(recipe)).toBe(true);
    expect(recipe).toMatchObject({ model, name: `${model}-finetune`, ema: published.ema });
    expect(recipe.optimizer).toEqual({ ...published.optimizer, lr: published.optimizer.lr / 5 });
    expect(recipe.images).toMatchObject({ trainSize: 64, evalSize: 64, evalResize: 70, switches: [] });
    expect(finetuneRecipe(model, { pictures: 100 }).images.trainSize).toBe(published.images.evalSize);
    expect(resumedRecipe(recipe, { model: "mobileone_s0", recipe: "intended" }, new Set())).toEqual(recipe);
  });

  it("keeps the head's share of the learning rate, and says nothing where nothing is kept", () => {
    const own = changeRecipe(of(100), { headLr: 0.05, frozenStages: 2 });
    expect(own.transfer).toEqual({ headLr: 0.05, frozenStages: 2 });
    expect(changeRecipe(own, { lr: 0.04 }).transfer).toEqual({ headLr: 0.1, frozenStages: 2 });
    expect(changeRecipe(own, { lr: 0.02, headLr: 0.3, normEval: true }).transfer).toEqual({
      ...{ headLr: 0.3, frozenStages: 2, normEval: true },
    });
    expect("transfer" in changeRecipe(of(100), { lr: 0.02, normEval: false })).toBe(false);
  });
});

describe("a step", () => {
  const small: Variant = {
    ...{ widths: [0.25, 0.25, 0.25, 0.25], numConvBranches: 2 },
    ...{ squeezeExciteUnits: [0, 0, 0, 0], units: [1, 1, 1, 1] },
  };
  const sessionOf = (transfer?: Transfer): Session =>
    new Session(
      { ...mobileoneS0Demo, ...(transfer && { transfer }) },
      new MobileOne(small, { numClasses: 3, seed: 3 }),
      10,
    );
  const numbersOf = (tensors: ReadonlyMap<string, { dataSync(): ArrayLike<number> }>): Record<string, number[]> =>
    Object.fromEntries([...tensors].map(([name, values]) => [name, Array.from(values.dataSync())]));

  it("moves the head alone at its own rate: that of the others, times their ratio", () => {
    const session = sessionOf({ headLr: 0.2 });
    expect(session.optimizer.groups.map(({ name }) => name)).toEqual(["weights", "norm", "head"]);
    session.step = 30;
    const { lr } = session.beginStep();
    expect(session.optimizer.groups.map((group) => group.lr / lr)).toEqual([1, 1, 0.2 / mobileoneS0Demo.optimizer.lr]);
    expect([...session.optimizer.groups[2]!.parameters.keys()]).toEqual(["head.fc.weight", "head.fc.bias"]);
  });

  it.each([
    1, 2,
  ])("of %i replicas leaves weights, statistics and averages of frozen stages, and no state of theirs", async (replicas) => {
    const session = sessionOf({ frozenStages: 2 });
    const before = numbersOf(session.model.stateDict());
    const frozen = session.model.frozenNames();
    expect([...frozen].every((name) => /stage[012]\./.test(name))).toBe(true);
    // weights that are −0 stay so: an average that moved would make them 0
    const zeroed = session.model.stateDict().get("backbone.stage0.branch_scale.norm.bias")!;
    zeroed.write(new Float32Array(zeroed.size).fill(-0));
    for (let step = 0; step < 3; step++)
      if (replicas === 1) new WholeUpdate(session).run(madeBatch(3, 0, step));
      else {
        let replica = 0;
        const next = async () => madeBatch(3, replica++, step);
        await new ReplicaUpdate(session, replicas, soloGroup()).run(next, () => 0);
      }
    for (const after of [numbersOf(session.model.stateDict()), numbersOf(session.ema.averages)]) {
      const changed = Object.keys(before).filter((name) =>
        after[name]!.some((value, i) => !Object.is(value, before[name]![i])),
      );
      expect(changed.filter((name) => frozen.has(name))).toEqual(["backbone.stage0.branch_scale.norm.bias"]);
      expect(after["backbone.stage0.branch_scale.norm.bias"]!.every((value) => Object.is(value, -0))).toBe(true);
      expect(changed.length).toBeGreaterThan(10);
    }
    for (const slots of session.optimizer.state().slots.values())
      expect([...slots.keys()].filter((name) => frozen.has(name))).toEqual([]);
  });
});
