/**
 * The things that a training run changes: model, optimiser, averages, and where it stands. One step of training is here,
 * and reads as the recipe does.
 */
import { compile } from "../compile/compile.js";
import type { Batch } from "../data/loader.js";
import { crossEntropy } from "../nn/loss.js";
import type { Module } from "../nn/module.js";
import { Ema, SGD, splitNormParameters } from "../optim/index.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { TensoroneError } from "../util/errors.js";
import { BatchInput } from "./input.js";
import { countTopK } from "./metrics.js";
import type { Recipe } from "./recipe.js";
import { applyRates, ratesAt } from "./schedule.js";

/** The loss is no number any more. */
export class DivergedError extends TensoroneError {}

export interface StepResult {
  readonly loss: number;
  /** Images whose first guess was right. */
  readonly correct: number;
  readonly lr: number;
  /** Of the ordinary parameters. */
  readonly weightDecay: number;
}

export class Session {
  readonly recipe: Recipe;
  readonly model: Module;
  readonly optimizer: SGD;
  readonly ema: Ema;
  readonly stepsPerEpoch: number;
  /** Steps done so far. */
  step = 0;
  readonly #input = new BatchInput();

  /** images [N, H, W, 3], labels [N] -> loss, logits [N, classes]: the recipe's iteration, recorded once and replayed. */
  readonly #update = compile((images: Tensor, labels: Tensor) => {
    const logits = this.model.forward(images).keep();
    const loss = crossEntropy(logits, labels, this.recipe.loss);
    loss.backward();
    this.optimizer.step();
    this.optimizer.zeroGrad();
    this.ema.update();
    return { loss, logits: logits.detach() };
  });

  constructor(recipe: Recipe, model: Module, stepsPerEpoch: number) {
    this.recipe = recipe;
    this.model = model;
    this.stepsPerEpoch = stepsPerEpoch;
    this.optimizer = new SGD(splitNormParameters(model), recipe.optimizer);
    this.ema = new Ema(model, recipe.ema);
  }

  get epoch(): number {
    return Math.floor(this.step / this.stepsPerEpoch);
  }

  get stepInEpoch(): number {
    return this.step % this.stepsPerEpoch;
  }

  /**
   * One update of every parameter and average from one batch. Throws DivergedError when the loss is no number; files
   * written before are untouched.
   */
  train(batch: Batch): StepResult {
    const rates = ratesAt(this.recipe, this.step, this.stepsPerEpoch);
    applyRates(this.optimizer.groups, rates);
    this.model.train();
    const { loss, correct } = scope(() => {
      const { images, labels } = this.#input.tensors(batch);
      const result = this.#update(images, labels);
      return { loss: result.loss.item(), correct: countTopK(result.logits.dataSync(), batch.labels, 1) };
    });
    if (!Number.isFinite(loss))
      throw new DivergedError(
        `train: the loss is ${loss} at step ${this.step + 1}`,
        `a smaller learning rate than ${rates.lr.toPrecision(3)} may help: --lr; the last checkpoint is untouched`,
      );
    this.step++;
    return { loss, correct, lr: rates.lr, weightDecay: rates.weightDecay(this.recipe.optimizer.weightDecay) };
  }
}
