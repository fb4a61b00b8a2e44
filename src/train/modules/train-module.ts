/**
 * Training of any module on any data: epochs of compiled steps, a validation and a checkpoint after each. It reads and writes no
 * files, so that it runs in a tab; tensorone/node's train() gives it a folder.
 */
import { compile } from "../../compile/compile.js";
import type { Module } from "../../nn/module.js";
import { completeChoice, createOptimizer, Ema, type Optimizer, splitNormParameters } from "../../optim/index.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import { CheckpointError, NonFiniteError, ShapeError, UsageError } from "../../util/errors.js";
import { turnOfEventLoop } from "../../util/platform.js";
import { paceOf, SaveClock } from "../recipes/save-every.js";
import { applyGradients, divergedAt, type Movers } from "../steps/optimization.js";
import { recordingsOfAPhase } from "../steps/session.js";
import { PairSource, type TensorBatch } from "./batches.js";
import { defaultLoss, type EvaluateModuleOptions, evaluateSource } from "./evaluate-module.js";
import type { Loss, ModuleRecipe, ModuleTrainResult, ModuleValidation, TrainModuleOptions } from "./options.js";
import { encodeState, type Place, restoreState } from "./state.js";

const BATCH_SIZE = 32;
const WHERE_LR = "recipe.optimizer.lr";

function optimizerOf<Y>(model: Module<unknown>, { optimizer, normWeightDecay }: ModuleRecipe<Y>): Optimizer {
  if (typeof optimizer === "function") return optimizer(model);
  const { kind, ...options } = optimizer;
  const choice = { kind, ...options } as Parameters<typeof completeChoice>[0];
  const groups = normWeightDecay === undefined ? model.namedParameters() : splitNormParameters(model, normWeightDecay);
  return createOptimizer(groups, completeChoice(choice));
}

function emaOf<Y>(model: Module<unknown>, { ema }: ModuleRecipe<Y>): Ema | null {
  if (!ema) return null;
  return typeof ema === "function" ? ema(model) : new Ema(model, ema);
}

function expectOptions<Y, B>({ recipe, maxSteps }: TrainModuleOptions<Y, B>): void {
  if (!Number.isInteger(recipe.epochs) || recipe.epochs < 1)
    throw new UsageError(`train: recipe.epochs is ${recipe.epochs}, expected a whole number of at least 1`);
  if (maxSteps !== undefined && (!Number.isInteger(maxSteps) || maxSteps < 1))
    throw new UsageError(`train: maxSteps is ${maxSteps}, expected a whole number of at least 1`);
}

/**
 * Trains any module by a recipe, on [input, target] batches; the model holds the raw weights then, `ema` of the result the
 * averages. Throws UsageError and DataError for what cannot be trained on, DivergedError for numbers that are none, CheckpointError
 * for a state of another run.
 *
 * @example
 * ```ts
 * const set = new TensorDataset(rand([64, 4]), tensor(Int32Array.from({ length: 64 }, (_, i) => i % 2)));
 * const [most, rest] = randomSplit(set, [0.75, 0.25]);
 * const { validation } = await train({
 *   model: new nn.Sequential(new nn.Linear(4, 16), new nn.ReLU(), new nn.Linear(16, 2)),
 *   recipe: { epochs: 2, batchSize: 16, optimizer: { kind: "adamw", lr: 1e-3 } },
 *   data: { train: most!, val: rest! },
 * });
 * console.log(validation?.loss, validation?.metrics.accuracy);
 * ```
 */
export async function train<Y = Tensor, B = unknown>(options: TrainModuleOptions<Y, B>): Promise<ModuleTrainResult> {
  expectOptions(options);
  const wasTraining = options.model.training;
  const run = new ModuleRun(options);
  try {
    return await run.run();
  } finally {
    run.dispose();
    options.model.train(wasTraining);
  }
}

class ModuleRun<Y, B> {
  readonly #options: TrainModuleOptions<Y, B>;
  readonly #training: PairSource<B>;
  readonly #validation: PairSource<B> | null;
  readonly #movers: Movers;
  /** By group: its rate as a share of the first one's. */
  readonly #shares: readonly number[];
  readonly #firstLr: number;
  readonly #loss: Loss<Y>;
  readonly #update: (input: Tensor, target: Tensor) => Tensor;
  readonly #dispose: () => void;
  readonly #place: Place = { step: 0, epoch: 0, batch: 0 };
  #lastLoss: number | null = null;
  #lastValidation: ModuleValidation | null = null;
  #savedAt = -1;
  readonly #clock: SaveClock;

  constructor(options: TrainModuleOptions<Y, B>) {
    const { model, recipe, data, seed = 0, batchOf, resume } = options;
    const { batchSize = BATCH_SIZE, shuffle = true } = recipe;
    this.#options = options;
    this.#clock = new SaveClock(paceOf(options.saveEvery ?? 0, "train: saveEvery"));
    this.#training = new PairSource("train: data.train", data.train, { batchSize, shuffle, seed, batchOf });
    this.#validation =
      data.val === undefined
        ? null
        : new PairSource("train: data.val", data.val, { batchSize, shuffle: false, seed, batchOf });
    const optimizer = optimizerOf(model, recipe);
    const ema = emaOf(model, recipe);
    this.#movers = { model, optimizer, ema, clipGrad: recipe.clipGrad };
    this.#firstLr = optimizer.groups[0]!.lr;
    this.#shares = optimizer.groups.map(({ lr }) => (this.#firstLr > 0 ? lr / this.#firstLr : 1));
    this.#loss = recipe.loss ?? (defaultLoss as Loss<Y>);
    if (options.compile === false) {
      this.#update = (input, target) => this.#descend(input, target);
      this.#dispose = () => {};
    } else {
      const update = compile((input: Tensor, target: Tensor) => this.#descend(input, target), recordingsOfAPhase);
      this.#update = update;
      this.#dispose = () => update.dispose();
    }
    if (resume) Object.assign(this.#place, restoreState(this.#movers, resume, this.#identity));
  }

  /** What has to be the same for a run to go on. */
  get #identity() {
    const { recipe, seed = 0 } = this.#options;
    const { epochs, batchSize = BATCH_SIZE, shuffle = true, optimizer, clipGrad, ema, normWeightDecay } = recipe;
    const kind = typeof optimizer === "function" ? "own" : optimizer;
    const { batchesPerEpoch } = this.#training;
    return {
      ...{ seed, epochs, batchSize, shuffle, batchesPerEpoch, optimizer: kind },
      ...{
        clipGrad: clipGrad ?? null,
        ema: typeof ema === "function" ? "own" : (ema ?? null),
        normWeightDecay: normWeightDecay ?? null,
      },
    };
  }

  /** input, target -> loss []; inside a compiled step. */
  #descend(input: Tensor, target: Tensor): Tensor {
    const loss = this.#loss(this.#options.model.forward(input), target);
    if (loss.size !== 1)
      throw new ShapeError(
        `train: the loss is [${loss.shape.join(", ")}], expected one number`,
        'reduction: "mean", or loss.mean()',
      );
    loss.backward();
    applyGradients(this.#movers);
    return loss;
  }

  async run(): Promise<ModuleTrainResult> {
    const { recipe, maxSteps = Number.POSITIVE_INFINITY, signal } = this.#options;
    const place = this.#place;
    if (place.step > maxSteps)
      throw new CheckpointError(`train: the checkpoint is at step ${place.step}, asked to stop at ${maxSteps}`);
    const isStopped = () => signal?.aborted === true;
    // a kill may have cut it off; where it did not, the figures are the same again
    if (place.step > 0 && place.batch === 0 && !isStopped()) await this.#validate();
    while (place.epoch < recipe.epochs && place.step < maxSteps && !isStopped()) {
      const isWhole = await this.#epoch(maxSteps, isStopped);
      if (!isWhole) break;
      place.epoch++;
      place.batch = 0;
      // a run that is killed in its validation has the epoch
      await this.#save();
      await this.#validate();
    }
    const stopped = isStopped() ? "signal" : place.epoch === recipe.epochs ? "finished" : "max-steps";
    if (stopped !== "signal") await this.#validate();
    await this.#save();
    return {
      ...{ steps: place.step, epochs: place.epoch, stopped, loss: this.#lastLoss },
      ...{ validation: this.#lastValidation, ema: this.#movers.ema },
    };
  }

  dispose(): void {
    this.#dispose();
    // one that the recipe made is the caller's
    if (typeof this.#options.recipe.optimizer !== "function") this.#movers.optimizer.dispose();
  }

  /** The rest of the epoch under way; whether it came to its end. */
  async #epoch(maxSteps: number, isStopped: () => boolean): Promise<boolean> {
    const place = this.#place;
    const { batchesPerEpoch } = this.#training;
    for await (const batch of this.#training.epoch(place.epoch, place.batch)) {
      await this.#step(batch);
      await turnOfEventLoop();
      if (place.step >= maxSteps || isStopped()) return place.batch === batchesPerEpoch;
      if (place.batch !== batchesPerEpoch && this.#clock.isDue(place.step)) await this.#save(true);
    }
    return true;
  }

  async #step(batch: TensorBatch): Promise<void> {
    const { model, recipe, callbacks } = this.#options;
    const { optimizer } = this.#movers;
    const place = this.#place;
    const start = performance.now();
    const lr = recipe.schedule?.(place.step) ?? this.#firstLr;
    if (!(lr >= 0)) throw new UsageError(`train: schedule(${place.step}) is ${lr}, expected a rate of at least 0`);
    for (const [i, group] of optimizer.groups.entries()) group.lr = lr * this.#shares[i]!;
    model.train();
    const values = await scope(() => this.#update(batch.input, batch.target).data());
    batch.release();
    const loss = Number(values[0]);
    if (!Number.isFinite(loss)) throw divergedAt(optimizer, `the loss is ${loss} at step ${place.step + 1}`, WHERE_LR);
    place.step++;
    place.batch++;
    this.#lastLoss = loss;
    const stepMs = performance.now() - start;
    await callbacks?.onStep?.({ epoch: place.epoch + 1, step: place.step, loss, lr, stepMs });
  }

  /** The averages where there are some. */
  async #validate(): Promise<void> {
    const { step, epoch } = this.#place;
    const source = this.#validation;
    if (!source || this.#lastValidation?.step === step) return;
    const { model, recipe, metrics, signal, callbacks } = this.#options;
    const { ema, optimizer } = this.#movers;
    const options: EvaluateModuleOptions<Y, B> = {
      ...(recipe.loss && { loss: recipe.loss }),
      ...(metrics && { metrics }),
      ...(signal && { signal }),
      ...(this.#options.compile !== undefined && { compile: this.#options.compile }),
    };
    const measure = () => evaluateSource(model, source, options);
    const result = await (ema ? ema.withAverages(measure) : measure()).catch((error) => {
      throw error instanceof NonFiniteError
        ? divergedAt(optimizer, `validation after step ${step}: ${error.summary}`, WHERE_LR)
        : error;
    });
    if (!result) return;
    this.#lastValidation = { epoch, step, ...result };
    await callbacks?.onValidation?.(this.#lastValidation);
  }

  async #save(isWithin = false): Promise<void> {
    const { checkpoint } = this.#options;
    const { step, epoch, batch } = this.#place;
    if (!checkpoint || step === this.#savedAt) return;
    const state = await encodeState(this.#movers, this.#place, this.#identity);
    await checkpoint(state, { epoch, step, isEpochEnd: batch === 0, ...(isWithin && { isWithin }) });
    // the run's end may fall on it
    if (!isWithin) this.#savedAt = step;
    this.#clock.saved();
  }
}
