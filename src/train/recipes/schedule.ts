/**
 * A recipe's learning rate and weight decay at a step: the closed forms of optim/schedule with the recipe's numbers. And
 * the plan of a whole run, for people.
 */
import type { Recipe, ScheduleKind } from "../../models/recipe.js";
import { linear, lrAt, multiStep, type OptimizerGroup, oneCycle, weightDecayAt } from "../../optim/index.js";
import { UsageError } from "../../util/errors.js";
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

/** Which curve the learning rate follows. */
export const scheduleKindOf = ({ schedule }: Pick<Recipe, "schedule">): ScheduleKind =>
  schedule.kind ?? (schedule.lrSteps ? "step" : "cosine");

/** Where a run stands, and how long it is. */
interface Place {
  readonly step: number;
  /** Whole, or as exact as the recipe's interval asks for. */
  readonly epoch: number;
  readonly exactEpoch: number;
  readonly stepsPerEpoch: number;
}

/** The learning rate behind the warm-up, by kind; the cosine, whose warm-up mmengine counts by iterations, stands in optim. */
const afterWarmup: {
  readonly [K in Exclude<ScheduleKind, "cosine" | "one-cycle">]: (recipe: Recipe, place: Place) => number;
} = {
  /** torch.optim.lr_scheduler.MultiStepLR. */
  step({ optimizer, schedule: { lrSteps } }, { exactEpoch }) {
    if (!lrSteps) throw new UsageError("train: the schedule is step without lrSteps, expected its epochs and factor");
    return multiStep({ start: optimizer.lr, milestones: lrSteps.epochs, gamma: lrSteps.factor })(exactEpoch);
  },
  linear({ optimizer, epochs, schedule: { warmupEpochs, lrFloor } }, { epoch }) {
    return linear({ start: optimizer.lr, end: lrFloor, length: epochs - warmupEpochs })(epoch - warmupEpochs);
  },
  constant: ({ optimizer }) => optimizer.lr,
};

/** torch.optim.lr_scheduler.OneCycleLR: pct_start is the warm-up's share of the run, 1 / div_factor where it starts. */
const oneCycleLr = ({ optimizer, epochs, schedule: { warmupEpochs, warmupStart } }: Recipe, place: Place): number =>
  oneCycle({
    peak: optimizer.lr,
    length: epochs * place.stepsPerEpoch,
    riseShare: warmupEpochs / epochs,
    startDivisor: 1 / warmupStart,
  })(place.step);

function learningRate(recipe: Recipe, place: Place): number {
  const { schedule, optimizer, epochs } = recipe;
  const kind = scheduleKindOf(recipe);
  if (kind === "one-cycle") return oneCycleLr(recipe, place);
  const { step, epoch, stepsPerEpoch } = place;
  const warmup = warmupSteps(recipe, stepsPerEpoch);
  if (kind !== "cosine" && step >= warmup) return afterWarmup[kind](recipe, place);
  return lrAt(
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
}

/** The rates of 0-based step `step` of a run with `stepsPerEpoch`. */
export function ratesAt(recipe: Recipe, step: number, stepsPerEpoch: number): StepRates {
  const { schedule, epochs } = recipe;
  const exactEpoch = step / stepsPerEpoch;
  const epoch = schedule.interval === "epoch" ? Math.floor(exactEpoch) : exactEpoch;
  const { weightDecayFloor: floor } = schedule;
  return {
    peakLr: recipe.optimizer.lr,
    lr: learningRate(recipe, { step, epoch, exactEpoch, stepsPerEpoch }),
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
