/**
 * A recipe's learning rate and weight decay at a step: the closed forms of optim/schedule with the recipe's numbers. And
 * the plan of a whole run, for people.
 */
import type { Recipe } from "../../models/recipe.js";
import { lrAt, type OptimizerGroup, weightDecayAt } from "../../optim/index.js";
import { trainPhase } from "./pipeline.js";

export interface StepRates {
  readonly lr: number;
  /** The highest of the run. */
  readonly peakLr: number;
  /** Of a group whose base decay is `base`. */
  weightDecay(base: number): number;
}

/** Steps in which the learning rate rises. */
export const warmupSteps = ({ schedule }: Pick<Recipe, "schedule">, stepsPerEpoch: number): number =>
  Math.round(schedule.warmupEpochs * stepsPerEpoch);

/** `peak`, times the factor for each of the epochs that has begun (torch.optim.lr_scheduler.MultiStepLR). */
const steppedLr = (
  peak: number,
  { epochs, factor }: NonNullable<Recipe["schedule"]["lrSteps"]>,
  epoch: number,
): number => peak * factor ** epochs.filter((begin) => epoch >= begin).length;

/** The rates of 0-based step `step` of a run with `stepsPerEpoch`. */
export function ratesAt(recipe: Recipe, step: number, stepsPerEpoch: number): StepRates {
  const { schedule, optimizer, epochs } = recipe;
  const exact = step / stepsPerEpoch;
  const epoch = schedule.interval === "epoch" ? Math.floor(exact) : exact;
  const warmup = warmupSteps(recipe, stepsPerEpoch);
  const lr = lrAt(
    {
      peak: optimizer.lr,
      floor: schedule.lrFloor,
      warmupIterations: warmup,
      warmupFactor: schedule.warmupStart,
      warmupEpochs: schedule.warmupEpochs,
      epochs,
    },
    { epoch, iteration: step },
  );
  const { lrSteps, weightDecayFloor: floor } = schedule;
  return {
    peakLr: optimizer.lr,
    lr: lrSteps && step >= warmup ? steppedLr(optimizer.lr, lrSteps, exact) : lr,
    weightDecay: (base) => (floor === null ? base : weightDecayAt({ floor, epochs }, base, epoch)),
  };
}

/** Writes the rates into an optimiser's groups; one that began with a learning rate of its own follows the same curve. */
export function applyRates(groups: readonly OptimizerGroup[], rates: StepRates): void {
  for (const group of groups) {
    group.lr = group.baseLr === rates.peakLr ? rates.lr : rates.lr * (group.baseLr / rates.peakLr);
    group.weightDecay = rates.weightDecay(group.baseWeightDecay);
  }
}

/** What holds at the first step of an epoch, and during it. */
export interface EpochPlan {
  /** 0-based. */
  readonly epoch: number;
  /** 0-based, over the whole run. */
  readonly firstStep: number;
  readonly lr: number;
  /** Of the last step; differs within the warm-up. */
  readonly lastLr: number;
  readonly weightDecay: number;
  readonly normWeightDecay: number;
  readonly trainSize: number;
  readonly randAugmentLevel: number | null;
}

/** A run's plan, epoch by epoch. */
export function planOf(recipe: Recipe, stepsPerEpoch: number): EpochPlan[] {
  return Array.from({ length: recipe.epochs }, (_, epoch) => {
    const firstStep = epoch * stepsPerEpoch;
    const rates = ratesAt(recipe, firstStep, stepsPerEpoch);
    const { trainSize, randAugmentLevel } = trainPhase(recipe, epoch);
    return {
      epoch,
      firstStep,
      lr: rates.lr,
      lastLr: ratesAt(recipe, firstStep + stepsPerEpoch - 1, stepsPerEpoch).lr,
      weightDecay: rates.weightDecay(recipe.optimizer.weightDecay),
      normWeightDecay: rates.weightDecay(recipe.schedule.normWeightDecay ?? 0),
      trainSize,
      randAugmentLevel,
    };
  });
}
