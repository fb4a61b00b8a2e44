/**
 * A recipe's learning rate and weight decay at a step: the closed forms of optim/schedule with the recipe's numbers.
 */
import { lrAt, type SgdGroup, weightDecayAt } from "../optim/index.js";
import type { Recipe } from "./recipe.js";

export interface StepRates {
  readonly lr: number;
  /** Of a group whose base decay is `base`. */
  weightDecay(base: number): number;
}

/** The rates of 0-based step `step` of a run with `stepsPerEpoch`. */
export function ratesAt(recipe: Recipe, step: number, stepsPerEpoch: number): StepRates {
  const { schedule, optimizer, epochs } = recipe;
  const exact = step / stepsPerEpoch;
  const epoch = schedule.interval === "epoch" ? Math.floor(exact) : exact;
  const lr = lrAt(
    {
      peak: optimizer.lr,
      floor: schedule.lrFloor,
      warmupIterations: Math.round(schedule.warmupEpochs * stepsPerEpoch),
      warmupFactor: schedule.warmupStart,
      warmupEpochs: schedule.warmupEpochs,
      epochs,
    },
    { epoch, iteration: step },
  );
  return { lr, weightDecay: (base) => weightDecayAt({ floor: schedule.weightDecayFloor, epochs }, base, epoch) };
}

/** Writes the rates into an optimiser's groups. */
export function applyRates(groups: readonly SgdGroup[], rates: StepRates): void {
  for (const group of groups) {
    group.lr = rates.lr;
    group.weightDecay = rates.weightDecay(group.baseWeightDecay);
  }
}
