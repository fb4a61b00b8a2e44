/**
 * Exponential moving average of a model's parameters and buffers (mmengine's ExponentialMovingAverage with
 * update_buffers, as EMAHook drives it; docs/recipe.md 3.6). No bias correction. Integers are copied once and then frozen.
 * Warm-up, which mmengine has not, lets the average forget its first values as fast as a short run needs.
 */
import type { Module } from "../nn/module.js";
import { type StateDict, stateDictError } from "../nn/state-dict.js";
import { update, updateEach } from "../ops/apply.js";
import { copyValues } from "../ops/copy-values.js";
import { Scalar } from "../ops/scalar.js";
import { allocate } from "../tensor/create.js";
import { isFloat } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import { storageTracer } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { UsageError } from "../util/errors.js";

/** How fast an average follows. */
export interface EmaOptions {
  /** Weight of the new values: 1 − decay. Default 5e-4, MobileOne's. */
  readonly momentum?: number;
  /** Larger weights at first, by `warmMomentum`. Default false. */
  readonly warmup?: boolean;
  /** Updates before they begin, such as those in which the learning rate rises. Default 0. */
  readonly warmupStart?: number;
  /** Entries of the state dict that no step changes: copied once, then left alone. Default none. */
  readonly still?: ReadonlySet<string>;
}

/** The decay is (1 + t) / (10 + t) while that is below 1 − momentum (tf.train.ExponentialMovingAverage, num_updates). */
const WARMUP_DELAY = 10;
/** As fast as batch norm's running statistics move (nn/batch-norm), without which weights mean nothing. */
const LARGEST_MOMENTUM = 0.1;

/**
 * The momentum of the update after `updates` others, under warm-up: from `start` on the average looks back over about a
 * ninth of the updates since then, over ten at least, and never further than `momentum` alone would.
 */
export function warmMomentum(momentum: number, updates: number, start = 0): number {
  if (updates < start) return momentum;
  return Math.max(momentum, Math.min(LARGEST_MOMENTUM, (WARMUP_DELAY - 1) / (WARMUP_DELAY + updates - start)));
}

/** What an Ema keeps in a checkpoint. */
export interface EmaState {
  /** How many updates there were. */
  readonly steps: number;
  /** Averages by the names of the model's state dict. While swapped, these are the raw values. */
  readonly averages: StateDict;
}

/**
 * Exponential moving average of a model's parameters and buffers (mmengine's ExponentialMovingAverage with update_buffers):
 * average += momentum · (value − average) at each update.
 *
 * @example
 * ```ts
 * const model = new nn.Linear(4, 2);
 * const ema = new optim.Ema(model, { momentum: 0.01 });
 * ema.update(); // after each step of the optimiser
 * await ema.withAverages(() => model.forward(ones([1, 4])).dispose());
 * ```
 */
export class Ema {
  readonly momentum: number;
  readonly warmup: boolean;
  readonly #warmupStart: number;
  /** What an update takes: a Scalar, so that a compiled step stays one program while warm-up changes it. */
  readonly #weight = new Scalar(1);
  readonly #pairs: readonly { readonly name: string; readonly raw: Tensor; readonly average: Tensor }[];
  /** What moves, as operands. */
  readonly #floats: readonly (readonly [average: Tensor, raw: Tensor])[];
  #steps = 0;
  #isSwapped = false;

  /** Starts as a copy of the model as it is. Throws UsageError for a momentum outside (0, 1]. */
  constructor(model: Module<unknown>, options: EmaOptions = {}) {
    const { momentum = 5e-4, warmup = false, warmupStart = 0, still } = options;
    if (!(momentum > 0 && momentum <= 1))
      throw new UsageError(`Ema: momentum is ${momentum}, expected above 0 and at most 1`);
    this.momentum = momentum;
    this.warmup = warmup;
    this.#warmupStart = warmupStart;
    this.#pairs = [...model.stateDict()].map(([name, raw]) => ({
      name,
      raw,
      average: allocate(raw.shape, raw.dtype, raw.backend).keep(),
    }));
    const moving = this.#pairs.filter(({ name, raw }) => isFloat(raw.dtype) && !still?.has(name));
    this.#floats = moving.map(({ raw, average }) => [average, raw]);
    for (const { raw, average } of this.#pairs) update("assign", [average, raw], {});
  }

  /** Updates so far. */
  get steps(): number {
    return this.#steps;
  }

  /** The live averages by the names of the model's state dict. */
  get averages(): StateDict {
    return new Map(this.#pairs.map(({ name, average }) => [name, average]));
  }

  /**
   * After an optimiser step: the first call copies everything, later ones move floats by momentum·(raw − average). Throws
   * UsageError while the averages are swapped in.
   */
  update(): void {
    if (this.#isSwapped) throw new UsageError("Ema: update() while the averages are swapped in", "call swap() first");
    const isFirst = this.#steps === 0;
    this.#weight.value = this.warmup ? warmMomentum(this.momentum, this.#steps, this.#warmupStart) : this.momentum;
    if (isFirst) for (const { raw, average } of this.#pairs) update("assign", [average, raw], {});
    else updateEach("lerp", this.#floats, { weight: this.#weight });
    this.#steps++;
    storageTracer()?.changed(() => void this.#steps--);
  }

  /** Exchanges the model's values and the averages in place, parameters and buffers; a second call puts them back. */
  swap(): void {
    for (const { raw, average } of this.#pairs)
      scope(() => {
        const held = allocate(raw.shape, raw.dtype, raw.backend);
        update("assign", [held, raw], {});
        update("assign", [raw, average], {});
        update("assign", [average, held], {});
      });
    this.#isSwapped = !this.#isSwapped;
  }

  /** Runs `body` with the averages in the model and puts the raw values back, also after an error. */
  async withAverages<T>(body: () => T | Promise<T>): Promise<T> {
    this.swap();
    try {
      return await body();
    } finally {
      this.swap();
    }
  }

  /** The count of updates and the live averages. */
  state(): EmaState {
    return { steps: this.steps, averages: this.averages };
  }

  /** Copies a state in. Throws StateDictError where it does not fit the model. */
  loadState({ steps, averages }: EmaState): void {
    const expected = new Map(this.#pairs.map(({ name, raw }) => [name, { shape: raw.shape }]));
    const error = stateDictError(expected, averages, "Ema");
    if (error) throw error;
    for (const { name, average } of this.#pairs) copyValues(average, averages.get(name)!);
    this.#steps = steps;
  }

  /** Frees the averages. */
  dispose(): void {
    for (const { average } of this.#pairs) average.dispose();
  }
}
