/** How a recipe is fitted to the steps of its run, and what an epoch's steps are. */
import { describe, expect, it } from "vitest";
import { mobileoneS0, mobileoneS0Demo } from "../../src/models/mobileone/recipe-s0.js";
import { mobileoneRecipe } from "../../src/models/mobileone/recipes.js";
import { chooseWeights } from "../../src/train/checkpoints/final-model.js";
import { epochLength } from "../../src/train/recipes/epoch-length.js";
import { describePlan, planRecipe, stepsOfAverage } from "../../src/train/recipes/plan.js";

const of = (epochs: number) => ({ ...mobileoneS0, epochs });

describe("planRecipe", () => {
  it("leaves a recipe of at least 5 / momentum steps as published, whatever its epochs", () => {
    expect(stepsOfAverage(5e-4)).toBe(10_000);
    for (const [epochs, steps] of [
      [300, 5005],
      [1, 10_000],
      [8, 1250],
      [300, 34],
    ] as const) {
      const planned = planRecipe(of(epochs), steps);
      expect(planned).toEqual({ ...of(epochs), plan: "whole", ema: { momentum: 5e-4, warmup: false } });
      expect(describePlan(planned, steps)).toBeNull();
    }
  });

  it("warms up within a quarter of a shorter run, at least ten steps, never longer than published", () => {
    for (const [epochs, steps, warmup] of [
      [8, 19, 2],
      [300, 33, 5],
      [20, 19, 5],
      [12, 19, 3],
      [1, 9_999, 0.25],
      [4, 2, 5],
      [4, 4, 2.5],
    ] as const) {
      const planned = planRecipe(of(epochs), steps);
      expect(planned).toMatchObject({ plan: "short", ema: { momentum: 5e-4, warmup: true } });
      expect(planned.schedule).toEqual({ ...mobileoneS0.schedule, warmupEpochs: warmup });
      expect(describePlan(planned, steps)).toContain(`${epochs * steps} steps planned`);
    }
  });

  it("follows the recipe's own momentum: the demo recipe's 504 steps are enough for .02", () => {
    expect(stepsOfAverage(0.02)).toBe(250);
    expect(planRecipe(mobileoneS0Demo, 63)).toEqual({
      ...mobileoneS0Demo,
      plan: "whole",
      ema: { momentum: 0.02, warmup: false },
    });
    expect(planRecipe({ ...mobileoneS0Demo, epochs: 3 }, 63).plan).toBe("short");
  });

  it("takes what the user says instead, in runs of any length", () => {
    expect(planRecipe(of(8), 19, { emaMomentum: 0.5, emaWarmup: true, warmupEpochs: 0 })).toMatchObject({
      plan: "whole",
      ema: { momentum: 0.5, warmup: true },
      schedule: { warmupEpochs: 0 },
    });
    expect(planRecipe(of(8), 19, { emaWarmup: false, warmupEpochs: 7.5 })).toMatchObject({
      plan: "short",
      ema: { momentum: 5e-4, warmup: false },
      schedule: { warmupEpochs: 7.5 },
    });
    expect(planRecipe(mobileoneRecipe("mobileone_s3"), 5005, { warmupEpochs: 1 }).schedule.warmupEpochs).toBe(1);
  });

  it("changes nothing in a recipe that was planned before, so that a resumed run keeps its plan", () => {
    for (const steps of [19, 5005]) {
      const planned = planRecipe(of(8), steps, { emaWarmup: false });
      expect(planRecipe(planned, steps)).toEqual(planned);
      expect(planRecipe(planned, 1)).toEqual(planned);
    }
  });
});

describe("chooseWeights", () => {
  const figures = (top1: number, loss = 1) => ({ top1, top5: 100, loss });
  const validation = (averaged: number, raw?: ReturnType<typeof figures>) => ({
    ...{ ...figures(averaged), epoch: 0, step: 1, images: 10, imagesPerSecond: 1 },
    ...(raw && { raw }),
  });
  const short = planRecipe(of(8), 19);

  it("takes the better of both after a short run, the average where they are equal or nothing is known", () => {
    expect(chooseWeights(short, validation(10, figures(31)))).toBe("raw");
    expect(chooseWeights(short, validation(31, figures(31)))).toBe("averaged");
    expect(chooseWeights(short, validation(31, figures(30)))).toBe("averaged");
    expect(chooseWeights(short, validation(10))).toBe("averaged");
    expect(chooseWeights(short, null)).toBe("averaged");
    expect(chooseWeights(short, validation(0, figures(50, Number.NaN)))).toBe("averaged");
  });

  it("takes the average after a run of the published length, even where raw weights were better", () => {
    expect(chooseWeights(planRecipe(of(8), 5005), validation(10, figures(31)))).toBe("averaged");
  });
});

describe("epochLength", () => {
  const sized = (trainSize: number, batchSize: number) => ({
    batchSize,
    images: { ...mobileoneS0.images, trainSize },
  });

  it("counts a last batch that is not full, as the reference does", () => {
    expect(epochLength(sized(224, 32), 1_281_167, 8)).toEqual({ steps: 5005, batches: 5005, leavesOneOut: false });
    expect(epochLength(sized(224, 32), 33, 1)).toEqual({ steps: 2, batches: 2, leavesOneOut: false });
    expect(epochLength(sized(33, 32), 33, 1)).toEqual({ steps: 2, batches: 2, leavesOneOut: false });
    expect(epochLength(sized(32, 32), 34, 1)).toEqual({ steps: 2, batches: 2, leavesOneOut: false });
    expect(epochLength(sized(32, 32), 64, 1)).toEqual({ steps: 2, batches: 2, leavesOneOut: false });
  });

  it("leaves one picture out that would be alone with one value a channel", () => {
    expect(epochLength(sized(32, 32), 33, 1)).toEqual({ steps: 1, batches: 1, leavesOneOut: true });
    expect(epochLength(sized(16, 4), 9, 1)).toEqual({ steps: 2, batches: 2, leavesOneOut: true });
    // 17 pictures are 9 for each of two replicas
    expect(epochLength(sized(32, 4), 17, 2)).toEqual({ steps: 2, batches: 2, leavesOneOut: true });
    const growing = { ...sized(32, 32).images, switches: [{ epoch: 3, trainSize: 64, randAugmentLevel: null }] };
    expect(epochLength({ batchSize: 32, images: growing }, 33, 1).leavesOneOut).toBe(true);
  });

  it("refuses sets and batches where every picture would be alone", () => {
    expect(() => epochLength(sized(32, 1), 10, 1)).toThrow(/a batch is 1 picture of at most 32 px/);
    expect(() => epochLength(sized(32, 8), 1, 1)).toThrow(/a batch is 1 picture/);
    expect(epochLength(sized(64, 1), 10, 1)).toEqual({ steps: 10, batches: 10, leavesOneOut: false });
  });
});
