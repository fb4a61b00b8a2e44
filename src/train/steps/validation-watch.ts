/**
 * What a run remembers of its validations: the best so far, by the figure that the recipe names, and how many in a row were
 * no better. Validations at the end of an epoch count, once each, so that a run that was interrupted counts as one that was
 * not. Equal figures, and figures that are no numbers, are no better. It decides nothing else, and writes nothing.
 */
import type { MetricName, Recipe } from "../../models/recipe.js";
import type { ValidationInfo } from "../loggers/events.js";

type Figures = Pick<ValidationInfo, MetricName>;

/** How a metric is read, as a number that grows as the model gets better. */
const metrics: { readonly [K in MetricName]: (figures: Figures) => number } = {
  top1: ({ top1 }) => top1,
  top5: ({ top5 }) => top5,
  macroF1: ({ macroF1 = Number.NaN }) => macroF1,
  loss: ({ loss }) => -loss,
};

/** The figure of `metric` behind a number that grows as the model gets better. */
const shown = (metric: MetricName, goodness: number): number => (metric === "loss" ? -goodness : goodness);

/** A validation that was the best. */
export interface BestValidation {
  readonly metric: MetricName;
  /** Percent, or the loss. */
  readonly value: number;
  readonly step: number;
  /** Which of the run's two sets of weights had it. */
  readonly isRaw: boolean;
}

/** What of it a checkpoint keeps. */
export interface WatchState {
  /** Step of the last validation that counted, 0 before the first. */
  readonly step: number;
  readonly best: BestValidation | null;
  /** The figure to beat, and how many validations have not. */
  readonly stopping: { readonly value: number | null; readonly waited: number } | null;
}

export class ValidationWatch {
  readonly #recipe: Pick<Recipe, "earlyStopping" | "saveBest" | "plan">;
  #state: WatchState = { step: 0, best: null, stopping: null };

  constructor(recipe: Pick<Recipe, "earlyStopping" | "saveBest" | "plan">) {
    this.#recipe = recipe;
  }

  /** Whether the recipe asks for any of it. */
  get isOn(): boolean {
    return this.#recipe.earlyStopping !== undefined || this.#recipe.saveBest !== undefined;
  }

  /** Whether both sets of weights compete, as they do for what a short run delivers. */
  get wantsRaw(): boolean {
    return this.isOn && this.#recipe.plan === "short";
  }

  /** Whether it reads figures of the classes. */
  get wantsClasses(): boolean {
    const { earlyStopping, saveBest } = this.#recipe;
    return [earlyStopping?.metric, saveBest].includes("macroF1");
  }

  /** Whether the validation after `step` is still to be counted. */
  misses(step: number): boolean {
    return this.isOn && this.#state.step < step;
  }

  get best(): BestValidation | null {
    return this.#state.best;
  }

  /** Whether patience is spent. */
  get isOver(): boolean {
    const { earlyStopping } = this.#recipe;
    return earlyStopping !== undefined && (this.#state.stopping?.waited ?? 0) >= earlyStopping.patience;
  }

  /** Validations in a row that were no better. */
  get waited(): number {
    return this.#state.stopping?.waited ?? 0;
  }

  /** Counts the validation of an epoch, unless it was counted before. Whether it is the best so far, by the metric to save by. */
  take(info: ValidationInfo): boolean {
    if (!this.misses(info.step)) return false;
    const { earlyStopping, saveBest } = this.#recipe;
    const { best: former, stopping } = this.#state;
    const found = saveBest && this.#better(info, saveBest);
    const isBest = found !== undefined && isAbove(found.goodness, former && goodnessOf(former));
    const best = isBest
      ? { metric: saveBest!, value: shown(saveBest!, found.goodness), step: info.step, isRaw: found.isRaw }
      : former;
    this.#state = {
      step: info.step,
      best,
      stopping: earlyStopping ? this.#waiting(info, earlyStopping, stopping) : null,
    };
    return isBest;
  }

  #waiting(
    info: ValidationInfo,
    { metric, minDelta = 0 }: NonNullable<Recipe["earlyStopping"]>,
    former: WatchState["stopping"],
  ): WatchState["stopping"] {
    const { value = null, waited = 0 } = former ?? {};
    const { goodness } = this.#better(info, metric);
    const toBeat = value === null ? null : goodnessOf({ metric, value }) + minDelta;
    return isAbove(goodness, toBeat) ? { value: shown(metric, goodness), waited: 0 } : { value, waited: waited + 1 };
  }

  /** Of the two sets of weights, where both compete. */
  #better(info: ValidationInfo, metric: MetricName): { readonly goodness: number; readonly isRaw: boolean } {
    const averaged = metrics[metric](info);
    const raw = this.wantsRaw && info.raw ? metrics[metric](info.raw) : Number.NaN;
    return isAbove(raw, averaged) ? { goodness: raw, isRaw: true } : { goodness: averaged, isRaw: false };
  }

  /** The best is to be found anew: its weights are not there. */
  forgetBest(to: BestValidation | null = null): void {
    this.#state = { ...this.#state, best: to };
  }

  /** null where the recipe asks for nothing. */
  state(): WatchState | null {
    return this.isOn ? this.#state : null;
  }

  loadState(state: WatchState): void {
    this.#state = state;
  }
}

const goodnessOf = ({ metric, value }: Pick<BestValidation, "metric" | "value">): number => shown(metric, value);

/** NaN is above nothing, and every number above NaN and above no number. */
const isAbove = (value: number, other: number | null): boolean =>
  !Number.isNaN(value) && (other === null || Number.isNaN(other) || value > other);
