/**
 * What a line of a log averages over steps: the epoch so far, and the last steps by a mean that forgets. Its state lies in checkpoints, so
 * that the line of an epoch is the same wherever its run was interrupted.
 */

/** Steps that a running mean looks back on. */
const HORIZON = 20;

/** A mean that forgets, unbiased from its first value. */
export class RunningMean {
  #sum: number;
  #weight: number;

  constructor({ sum, weight }: { readonly sum: number; readonly weight: number } = { sum: 0, weight: 0 }) {
    this.#sum = sum;
    this.#weight = weight;
  }

  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.#sum += (value - this.#sum) / HORIZON;
    this.#weight += (1 - this.#weight) / HORIZON;
  }

  get value(): number {
    return this.#weight > 0 ? this.#sum / this.#weight : Number.NaN;
  }

  get state(): { readonly sum: number; readonly weight: number } {
    return { sum: this.#sum, weight: this.#weight };
  }
}

/** Sums over steps: of an epoch, and of a running mean, whose weight both figures share. */
export interface StepSums {
  readonly epoch: { readonly steps: number; readonly loss: number; readonly accuracy: number };
  readonly recent: { readonly weight: number; readonly loss: number; readonly accuracy: number };
}

/** The figures of a step that are averaged. */
export interface StepFigures {
  readonly loss: number;
  /** Share of the batch whose first guess was right, 0 to 1. */
  readonly accuracy: number;
}

export class StepAverages {
  #epoch = { steps: 0, loss: 0, accuracy: 0 };
  #loss = new RunningMean();
  #accuracy = new RunningMean();

  constructor(sums?: StepSums) {
    if (!sums) return;
    const { weight, loss, accuracy } = sums.recent;
    this.#epoch = { ...sums.epoch };
    this.#loss = new RunningMean({ sum: loss, weight });
    this.#accuracy = new RunningMean({ sum: accuracy, weight });
  }

  /** `isFirst` of its epoch. */
  add({ loss, accuracy }: StepFigures, isFirst: boolean): void {
    if (isFirst) this.#epoch = { steps: 0, loss: 0, accuracy: 0 };
    this.#epoch.steps++;
    this.#epoch.loss += loss;
    this.#epoch.accuracy += accuracy;
    this.#loss.add(loss);
    this.#accuracy.add(accuracy);
  }

  get sums(): StepSums {
    const { sum: loss, weight } = this.#loss.state;
    return { epoch: { ...this.#epoch }, recent: { weight, loss, accuracy: this.#accuracy.state.sum } };
  }

  /** Means over the steps of the epoch under way; accuracy is a share. */
  get epoch(): StepFigures {
    const { steps, loss, accuracy } = this.#epoch;
    return { loss: loss / steps, accuracy: accuracy / steps };
  }

  /** Means over the last steps. */
  get recent(): StepFigures {
    return { loss: this.#loss.value, accuracy: this.#accuracy.value };
  }
}
