/** What --optimizer, --weight-decay, --schedule, --milestones, --clip-grad-norm and --accumulate make of a recipe. */
import { describe, expect, it } from "vitest";
import { optim } from "../../src/index.js";
import { mobileoneS0 } from "../../src/models/mobileone/recipe-s0.js";
import type { Recipe } from "../../src/models/recipe.js";
import { changeOptimization, withKind } from "../../src/train/recipes/change-optimization.js";
import { changeRecipe, chooseRecipe, publishedRecipe, resumedRecipe } from "../../src/train/recipes/choose-recipe.js";
import { finetuneRecipe } from "../../src/train/recipes/finetune.js";
import { planRecipe } from "../../src/train/recipes/plan.js";
import { ratesAt, scheduleKindOf, warmupSteps } from "../../src/train/recipes/schedule.js";

const S0 = { model: "mobileone_s0", recipe: "intended" } as const;
const PER_EPOCH = 10;
const ratesOf = (recipe: Recipe): number[] =>
  Array.from({ length: recipe.epochs * PER_EPOCH }, (_, step) => ratesAt(recipe, step, PER_EPOCH).lr);
const short: Recipe = {
  ...mobileoneS0,
  epochs: 12,
  schedule: { ...mobileoneS0.schedule, warmupEpochs: 2, interval: "step" },
};

describe("without a change", () => {
  it.each(["mobileone_s0", "resnet18"] as const)("the recipe of %s is what it was", (model) => {
    const recipe = publishedRecipe(model);
    expect(changeOptimization(recipe, {})).toEqual(recipe);
    const { kind } = recipe.optimizer;
    expect(changeOptimization(recipe, { optimizer: kind, accumulate: 1, schedule: scheduleKindOf(recipe) })).toEqual(
      recipe,
    );
  });
});

describe("another optimiser", () => {
  it("has its usual rates, the decay at its base throughout, and nothing of the other", () => {
    const recipe = chooseRecipe(false, { ...S0, optimizer: "adamw" });
    expect(recipe.optimizer).toEqual({ kind: "adamw", lr: 1e-3, weightDecay: 0.01 });
    for (const step of [0, 700, 2990]) expect(ratesAt(recipe, step, PER_EPOCH).weightDecay(0.01)).toBe(0.01);
    const own = chooseRecipe(false, { ...S0, optimizer: "adamw", lr: 4e-4, weightDecay: 0.05 });
    expect(own.optimizer).toEqual({ kind: "adamw", lr: 4e-4, weightDecay: 0.05 });
    const back = changeOptimization(own, { optimizer: "sgd" });
    expect(back.optimizer).toEqual({ kind: "sgd", lr: 0.01, momentum: 0.9, weightDecay: 1e-4 });
  });

  it("leaves the backbone of a fine-tuned model its share of the classifier's rate", () => {
    const base = changeRecipe(finetuneRecipe("mobileone_s0", { pictures: 100 }), { headLr: 0.1 });
    const share = base.optimizer.lr / base.transfer!.headLr!;
    expect(share).toBeCloseTo(0.2, 12);
    for (const { optimizer, transfer } of [changeRecipe(base, { optimizer: "adamw" }), withKind(base, "adamw")]) {
      expect(optimizer.lr).toBeCloseTo(1e-3 * share, 12);
      expect(transfer!.headLr).toBeCloseTo(1e-3, 12);
    }
    expect(withKind(base, "sgd")).toEqual(base);
  });

  it("scales by the images of a step, accumulated ones included", () => {
    const scaled = (changes: object) =>
      chooseRecipe(false, { ...S0, autoScaleLr: true, batchSize: 32, ...changes }).optimizer.lr;
    expect(scaled({})).toBe(0.1 / 8);
    expect(scaled({ accumulate: 4, replicas: 2 })).toBe(0.1);
    expect(scaled({ optimizer: "adamw", accumulate: 4 })).toBe(1e-3 / 2);
  });
});

it("weight decay brings the floor of its cosine along", () => {
  const { optimizer, schedule } = changeOptimization(mobileoneS0, { weightDecay: 4e-5 });
  expect(optimizer).toEqual({ ...mobileoneS0.optimizer, weightDecay: 4e-5 });
  expect(schedule.weightDecayFloor).toBeCloseTo(4e-6, 18);
  expect(changeOptimization(mobileoneS0, { weightDecay: 0 }).schedule.weightDecayFloor).toBe(0);
});

it("a limit on gradients, and batches of a step, are there only where asked for", () => {
  expect(changeOptimization(mobileoneS0, { clipGradNorm: 5, accumulate: 4 })).toEqual({
    ...mobileoneS0,
    clipGrad: { maxNorm: 5 },
    accumulate: 4,
  });
  expect("accumulate" in changeOptimization({ ...mobileoneS0, accumulate: 4 }, { accumulate: 1 })).toBe(false);
});

describe("schedules", () => {
  const of = (changes: Parameters<typeof changeOptimization>[1], base = short) =>
    ratesOf(changeOptimization(base, changes));

  it("one-cycle is torch's OneCycleLR over the steps of the run, also of a short one", () => {
    const recipe = changeOptimization(short, { schedule: "one-cycle" });
    const curve = optim.oneCycle({ peak: 0.1, length: 12 * PER_EPOCH });
    ratesOf(recipe).forEach((lr, step) => void expect(lr).toBeCloseTo(curve(step), 15));
    expect(warmupSteps(recipe, PER_EPOCH)).toBe(36);
    expect(planRecipe(recipe, PER_EPOCH).schedule.warmupEpochs).toBeCloseTo(3.6, 12);
  });

  it("linear, constant and step begin where the warm-up of the cosine ends, at the peak", () => {
    const warmup = ratesOf(short).slice(0, 20);
    for (const schedule of ["linear", "constant", "step"] as const) {
      const rates = of({ schedule });
      expect(rates.slice(0, 20)).toEqual(warmup);
      expect(rates[20]).toBe(0.1);
    }
    const line = of({ schedule: "linear" });
    // halfway down to the floor
    expect(line[70]).toBeCloseTo((0.1 + 1e-6) / 2, 12);
    expect(line[119]! - 1e-6).toBeCloseTo((0.1 - 1e-6) / 100, 12);
    expect(new Set(of({ schedule: "constant" }).slice(20))).toEqual(new Set([0.1]));
  });

  it("step falls to a tenth after a third and two thirds, or at the milestones", () => {
    const levels = (rates: number[]) => [20, 39, 40, 79, 80, 119].map((step) => Number(rates[step]!.toPrecision(6)));
    expect(levels(of({ schedule: "step" }))).toEqual([0.1, 0.1, 0.01, 0.01, 0.001, 0.001]);
    expect(levels(of({ milestones: [8] }))).toEqual([0.1, 0.1, 0.1, 0.1, 0.01, 0.01]);
    expect(() => ratesOf({ ...short, schedule: { ...short.schedule, kind: "step" } })).toThrow(/step without lrSteps/);
  });

  it("go back to the cosine", () => {
    const resnet = publishedRecipe("resnet18");
    expect(scheduleKindOf(resnet)).toBe("step");
    const cosine = changeOptimization(resnet, { schedule: "cosine" });
    expect(scheduleKindOf(cosine)).toBe("cosine");
    expect(cosine.schedule.lrSteps).toBeUndefined();
    const there = changeOptimization(short, { schedule: "linear" });
    expect(changeOptimization(there, { schedule: "cosine" })).toEqual(short);
  });
});

it("options that a run was started with change nothing where it goes on", () => {
  const given = new Set(["optimizer", "schedule", "accumulate", "weightDecay", "autoScaleLr", "clipGradNorm"]);
  for (const changes of [
    { optimizer: "adamw", schedule: "one-cycle", accumulate: 4, weightDecay: 0.05, autoScaleLr: true },
    { schedule: "step", epochs: 9, weightDecay: 3e-5, clipGradNorm: 1 },
    { milestones: [2, 5], epochs: 9, optimizer: "adam" },
    { accumulate: 2, patience: 4, minDelta: 0.1, saveBest: "loss" },
  ] as const) {
    const stored = planRecipe(chooseRecipe(false, { ...S0, ...changes }), PER_EPOCH);
    // to the order of its fields, which checkpoints keep
    expect(JSON.stringify(resumedRecipe(stored, { ...S0, ...changes }, given))).toBe(JSON.stringify(stored));
    expect(JSON.stringify(resumedRecipe(stored, S0, new Set()))).toBe(JSON.stringify(stored));
  }
});
