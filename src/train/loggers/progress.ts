/**
 * What a console logger knows between two lines: smoothed loss, accuracy and speed, the curve of the loss, and when the
 * run will be over. Only numbers; console.ts makes them text.
 */
import type { RunInfo, StepInfo, ValidationInfo } from "./events.js";
import { RunningMean, StepAverages } from "./step-averages.js";

/** The curve of the loss is kept at twice this many points at most. */
const CURVE_POINTS = 256;

/** The losses of a run in bounded memory: when full, neighbours are merged. */
class LossCurve {
  points: number[] = [];
  #perPoint = 1;
  #sum = 0;
  #count = 0;

  add(loss: number): void {
    this.#sum += loss;
    if (++this.#count < this.#perPoint) return;
    this.points.push(this.#sum / this.#count);
    [this.#sum, this.#count] = [0, 0];
    if (this.points.length < 2 * CURVE_POINTS) return;
    this.points = Array.from({ length: CURVE_POINTS }, (_, i) => (this.points[2 * i]! + this.points[2 * i + 1]!) / 2);
    this.#perPoint *= 2;
  }
}

/** The state of one run. */
export class Progress {
  readonly curve = new LossCurve();
  readonly #averages: StepAverages;
  readonly #stepTimes = new RunningMean();
  readonly #waits = new RunningMean();
  readonly #speeds = new RunningMean();
  readonly #exchanges = new RunningMean();
  readonly #spreads = new RunningMean();
  #validationMs = 0;
  #currentEpoch: number;

  constructor(readonly run: RunInfo) {
    const { former, startStep, stepsPerEpoch } = run;
    this.#averages = new StepAverages(former);
    // of a checkpoint without sums the epoch begins here
    this.#currentEpoch = former ? Math.floor(startStep / stepsPerEpoch) + 1 : 0;
  }

  addStep(step: StepInfo): void {
    this.#averages.add(step, step.epoch !== this.#currentEpoch || step.stepInEpoch === 1);
    this.#currentEpoch = step.epoch;
    this.curve.add(step.loss);
    // the first step of a run compiles kernels; it says nothing about the next
    if (step.step > this.run.startStep + 1 || this.run.totalSteps === this.run.startStep + 1) {
      this.#stepTimes.add(step.stepMs);
      this.#waits.add(step.dataWait);
      this.#speeds.add(step.imagesPerSecond);
      if (step.ranks) {
        const { computeMs, exchangeMs } = step.ranks;
        this.#exchanges.add((100 * exchangeMs) / step.stepMs);
        this.#spreads.add((100 * (Math.max(...computeMs) - Math.min(...computeMs))) / step.stepMs);
      }
    }
  }

  addValidation({ images, imagesPerSecond }: ValidationInfo): void {
    this.#validationMs = imagesPerSecond > 0 ? (1000 * images) / imagesPerSecond : 0;
  }

  get loss(): number {
    return this.#averages.recent.loss;
  }

  /** Percent. */
  get accuracy(): number {
    return 100 * this.#averages.recent.accuracy;
  }

  get imagesPerSecond(): number {
    return this.#speeds.value;
  }

  /** Percent. */
  get dataWait(): number {
    return 100 * this.#waits.value;
  }

  /** Percent of a step spent exchanging gradients; NaN for one process. */
  get exchange(): number {
    return this.#exchanges.value;
  }

  /** Percent of a step that the fastest process waits for the slowest; NaN for one process. */
  get rankSpread(): number {
    return this.#spreads.value;
  }

  /** Means over the steps of the current epoch; accuracy in percent. */
  get epochMeans(): { readonly loss: number; readonly accuracy: number } {
    const { loss, accuracy } = this.#averages.epoch;
    return { loss, accuracy: 100 * accuracy };
  }

  /** Milliseconds until the run is over, validations included once one was measured; NaN before the first step. */
  remainingMs(step: number): number {
    const { totalSteps, stepsPerEpoch } = this.run;
    const validations = Math.ceil(totalSteps / stepsPerEpoch) - Math.floor(step / stepsPerEpoch);
    return (totalSteps - step) * this.#stepTimes.value + validations * this.#validationMs;
  }
}
