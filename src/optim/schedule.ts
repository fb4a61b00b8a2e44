/**
 * Learning rate and weight decay as closed forms of the progress, with mmengine's meaning (LinearLR by iteration, then
 * CosineAnnealingLR and CosineAnnealingParamScheduler by epoch; docs/recipe.md 3.4, docs/recipe.md 3.5). They hold no
 * state: a resumed run asks with its own epoch and iteration.
 */

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

export interface WeightDecaySchedule {
  readonly floor: number;
  readonly epochs: number;
}

/** Where a run stands: epochs and iterations counted from 0, iterations over the whole run. */
export interface Progress {
  readonly epoch: number;
  readonly iteration: number;
}

/** From `start` at 0 to `end` at `length`, half a cosine; stays at `end` afterwards. */
function cosine(start: number, end: number, at: number, length: number): number {
  const share = length <= 0 ? 1 : Math.min(1, Math.max(0, at / length));
  return end + ((start - end) * (1 + Math.cos(Math.PI * share))) / 2;
}

/** The learning rate of one iteration: linear by iteration during warm-up, then cosine, constant within an epoch. */
export function lrAt(schedule: LearningRateSchedule, { epoch, iteration }: Progress): number {
  const { peak, floor, warmupIterations, warmupFactor, warmupEpochs, epochs } = schedule;
  if (iteration < warmupIterations) {
    // the last warm-up iteration is the first at the peak
    const share = warmupIterations === 1 ? 1 : iteration / (warmupIterations - 1);
    return peak * (warmupFactor + (1 - warmupFactor) * share);
  }
  return cosine(peak, floor, epoch - warmupEpochs, epochs - warmupEpochs);
}

/**
 * The weight decay of one epoch for a group that started with `base`. A group with base 0 *rises* to the floor, as it
 * does in the reference (docs/recipe.md 5.2).
 */
export function weightDecayAt({ floor, epochs }: WeightDecaySchedule, base: number, epoch: number): number {
  return cosine(base, floor, epoch, epochs);
}
