/**
 * Curves along a run, which counts epochs and iterations: which of the two a curve follows, and until when. Closed forms, as
 * the curves are. On top of them learning rate and weight decay with mmengine's meaning (LinearLR by iteration, then
 * CosineAnnealingLR and CosineAnnealingParamScheduler by epoch; docs/recipe.md 3.4, docs/recipe.md 3.5).
 */
import { UsageError } from "../util/errors.js";
import { type Curve, cosine, linear, scaled, startingAt } from "./curves.js";

/** Where a run stands: epochs and iterations counted from 0, iterations over the whole run. */
export interface Progress {
  readonly epoch: number;
  readonly iteration: number;
}

/** A rate at each point of a run. */
export type Schedule = (progress: Progress) => number;

/** The curve by epochs, from epoch `begin` on. */
export const byEpoch = (curve: Curve, begin = 0): Schedule => {
  const moved = startingAt(begin, curve);
  return ({ epoch }) => moved(epoch);
};

/** The curve by iterations, from iteration `begin` on. */
export const byIteration = (curve: Curve, begin = 0): Schedule => {
  const moved = startingAt(begin, curve);
  return ({ iteration }) => moved(iteration);
};

/** A schedule, and the epoch or iteration at which the next one takes over; the last has none. */
export interface SchedulePhase {
  readonly schedule: Schedule;
  readonly untilEpoch?: number;
  readonly untilIteration?: number;
}

/**
 * The first schedule that has not ended; none begins anew, so that each counts from where it was told to. Throws UsageError
 * for none, and for an end of the last.
 */
export function phases(...all: readonly SchedulePhase[]): Schedule {
  const last = all.at(-1);
  if (!last || last.untilEpoch !== undefined || last.untilIteration !== undefined)
    throw new UsageError(`phases: ${all.length} schedules, expected at least one, and no end of the last`);
  return (progress) => {
    const { epoch, iteration } = progress;
    const current = all.find(
      ({ untilEpoch = Number.POSITIVE_INFINITY, untilIteration = Number.POSITIVE_INFINITY }) =>
        epoch < untilEpoch && iteration < untilIteration,
    );
    return (current ?? last).schedule(progress);
  };
}

/** Linear warm-up to a peak, then a cosine: a recipe's schedule, as data. */
export interface LearningRateSchedule {
  readonly peak: number;
  /** Where the cosine ends. */
  readonly floor: number;
  /** Linear steps from warmupFactor·peak to peak; 0 for none. */
  readonly warmupIterations: number;
  /** Share of the peak at iteration 0. */
  readonly warmupFactor: number;
  /** Epochs before the cosine starts. */
  readonly warmupEpochs: number;
  /** Epochs in all. */
  readonly epochs: number;
}

/** A weight decay that falls along a cosine, as data. */
export interface WeightDecaySchedule {
  readonly floor: number;
  readonly epochs: number;
}

/** The learning rate of one iteration: linear by iteration during warm-up, then cosine, constant within an epoch. */
export function lrAt(schedule: LearningRateSchedule, progress: Progress): number {
  const { peak, floor, warmupIterations, warmupFactor, warmupEpochs, epochs } = schedule;
  // the last warm-up iteration is the first at the peak
  const warmup = scaled(peak, linear({ start: warmupFactor, length: warmupIterations - 1 }));
  const fall = cosine({ start: peak, end: floor, length: epochs - warmupEpochs });
  return phases(
    { schedule: byIteration(warmup), untilIteration: warmupIterations },
    { schedule: byEpoch(fall, warmupEpochs) },
  )(progress);
}

/**
 * The weight decay of one epoch for a group that started with `base`. A group with base 0 *rises* to the floor, as it
 * does in the reference (docs/recipe.md 5.2).
 */
export function weightDecayAt({ floor, epochs }: WeightDecaySchedule, base: number, epoch: number): number {
  return cosine({ start: base, end: floor, length: epochs })(epoch);
}
