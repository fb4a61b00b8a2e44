/**
 * A recipe fitted to the length of its run. The published numbers are those of half a million steps: in a run of a few
 * hundred, an average with their momentum is still the random start, and their warm-up is most of the run. The planned
 * steps decide, so a run that is cut short, or resumed, keeps its plan.
 */
import type { Recipe } from "../../models/recipe.js";

/** An average with this many times 1 / momentum steps has forgotten its start: e^-5 of it, 0.7 %, is left. */
const HORIZONS = 5;
/** The longest warm-up of the learning rate in a short run, as a share of its epochs (bench/results/average-rules.md). */
const WARMUP_SHARE = 1 / 4;
/** And the shortest, where that is less: at the peak from the first step on, a fresh network diverges. */
const LEAST_WARMUP_STEPS = 10;

/** What the user says instead of the plan. */
export interface PlanOverrides {
  /** Weight of the new values in the moving average, above 0 and at most 1. */
  readonly emaMomentum?: number;
  /** Whether the average starts with larger weights. */
  readonly emaWarmup?: boolean;
  /** Epochs of learning-rate warm-up, at least 0. */
  readonly warmupEpochs?: number;
}

/** Steps from which on a plain average of this momentum is worth delivering. */
export const stepsOfAverage = (momentum: number): number => Math.ceil(HORIZONS / momentum);

/**
 * `recipe` as a run of its epochs, of `stepsPerEpoch` steps each, follows it. With at least 5 / momentum steps it stays as
 * published; with fewer the learning rate warms up within a quarter of the run, and the average warms up after it. A
 * recipe that was planned before only takes the overrides.
 *
 * @example
 * ```ts
 * const recipe = planRecipe(mobileoneS0, 100);
 * console.log(recipe.plan); // "whole"
 * ```
 */
export function planRecipe(recipe: Recipe, stepsPerEpoch: number, overrides: PlanOverrides = {}): Recipe {
  const { schedule, epochs } = recipe;
  const momentum = overrides.emaMomentum ?? recipe.ema.momentum;
  const plan = recipe.plan ?? (epochs * stepsPerEpoch < stepsOfAverage(momentum) ? "short" : "whole");
  const isShort = plan === "short";
  const isNew = recipe.plan === undefined;
  // one cycle rises for as long as it is meant to
  const isCapped = isNew && isShort && schedule.kind !== "one-cycle";
  const longest = isCapped ? Math.max(epochs * WARMUP_SHARE, LEAST_WARMUP_STEPS / stepsPerEpoch) : Infinity;
  return {
    ...recipe,
    plan,
    schedule: { ...schedule, warmupEpochs: overrides.warmupEpochs ?? Math.min(schedule.warmupEpochs, longest) },
    ema: { momentum, warmup: overrides.emaWarmup ?? recipe.ema.warmup ?? isShort },
  };
}

/** A recipe from a checkpoint of any time: once no run was fitted to its length, and SGD the one optimiser, unnamed. */
export const inTodaysForm = (recipe: Recipe): Recipe => ({
  ...recipe,
  optimizer: { ...recipe.optimizer, kind: recipe.optimizer.kind ?? "sgd" } as Recipe["optimizer"],
  plan: recipe.plan ?? "whole",
  ema: { ...recipe.ema, warmup: recipe.ema.warmup ?? false },
});

/** What the plan has changed, for people; null where the recipe is followed as published. */
export function describePlan(recipe: Recipe, stepsPerEpoch: number): string | null {
  if (recipe.plan !== "short") return null;
  const { ema, schedule, epochs } = recipe;
  const average = `averages ${ema.warmup ? "that warm up to" : "of"} momentum ${ema.momentum}`;
  return [
    `short run, ${epochs * stepsPerEpoch} steps planned where the average of this recipe wants ${stepsOfAverage(ema.momentum)}:`,
    `warm-up of ${Number(schedule.warmupEpochs.toPrecision(3))} epochs, ${average},`,
    "the better of averaged and raw weights at the last validation is delivered",
  ].join(" ");
}
