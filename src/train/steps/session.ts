/**
 * The things that a training run changes: model, optimiser, averages, and where it stands. How a step changes them is
 * whole-update.ts for one replica, replica-update.ts for several.
 */
import type { CompileOptions } from "../../compile/compile.js";
import type { Classifier } from "../../models/index.js";
import type { Recipe } from "../../models/recipe.js";
import { createOptimizer, Ema, GradScaler, type Optimizer } from "../../optim/index.js";
import type { Tensor } from "../../tensor/tensor.js";
import { StepAverages, type StepFigures } from "../loggers/step-averages.js";
import { applyRates, ratesAt, type StepRates, warmupSteps } from "../recipes/schedule.js";
import { applyTransfer, parameterGroups } from "../recipes/transfer.js";
import type { DivergedError } from "./finite.js";
import { applyGradients, divergedAt } from "./optimization.js";
import { ValidationWatch } from "./validation-watch.js";

/**
 * Of a step: a full batch and the last one of an epoch. When pictures grow, the plan of the smaller size has to make room
 * first: S4's takes most of the memory there is.
 */
export const recordingsOfAPhase: CompileOptions = { recordings: 2 };

/** The same of what is stored as the recipe says. */
export const recordingsOf = ({ precision }: Recipe): CompileOptions => ({
  ...recordingsOfAPhase,
  precision: precision ?? "float32",
});

export interface UpdateResult {
  readonly rates: StepRates;
  /** Mean over the batches of all replicas. */
  readonly loss: number;
  /** Images of all batches whose first guess was right. */
  readonly correct: number;
  /** Images of all batches. */
  readonly images: number;
}

export class Session {
  readonly recipe: Recipe;
  readonly model: Classifier;
  readonly optimizer: Optimizer;
  readonly ema: Ema;
  /** null where the recipe stores no float16. */
  readonly scaler: GradScaler | null;
  readonly watch: ValidationWatch;
  readonly stepsPerEpoch: number;
  readonly #batchesPerEpoch: number;
  /** Steps done so far. */
  step = 0;
  /** What logs say of them. */
  averages = new StepAverages();
  /** Whether the epoch that ends here is still to be validated. */
  isValidationDue = false;

  /** `batchesPerEpoch` of each replica; by default every step takes as many as the recipe accumulates. */
  constructor(recipe: Recipe, model: Classifier, stepsPerEpoch: number, batchesPerEpoch?: number) {
    this.recipe = recipe;
    this.model = model;
    this.watch = new ValidationWatch(recipe);
    this.stepsPerEpoch = stepsPerEpoch;
    this.#batchesPerEpoch = batchesPerEpoch ?? stepsPerEpoch * (recipe.accumulate ?? 1);
    applyTransfer(model, recipe);
    this.optimizer = createOptimizer(parameterGroups(model, recipe), recipe.optimizer);
    this.scaler = recipe.precision === "float16" ? new GradScaler() : null;
    // until the learning rate has risen the weights are the random ones, more or less
    const warmupStart = warmupSteps(recipe, stepsPerEpoch);
    this.ema = new Ema(model, { ...recipe.ema, warmupStart, still: model.frozenNames() });
  }

  get epoch(): number {
    return Math.floor(this.step / this.stepsPerEpoch);
  }

  get stepInEpoch(): number {
    return this.step % this.stepsPerEpoch;
  }

  /** Batches of each replica that the step takes which comes next. */
  get batchesOfStep(): number {
    const { accumulate = 1 } = this.recipe;
    return Math.min(accumulate, this.#batchesPerEpoch - this.stepInEpoch * accumulate);
  }

  /** Sets the rates and the mode of the step that comes next. */
  beginStep(): StepRates {
    const rates = ratesAt(this.recipe, this.step, this.stepsPerEpoch);
    applyRates(this.optimizer.groups, rates);
    this.model.train();
    return rates;
  }

  /** Moves weights and averages by the gradients that are there; inside a compiled step. */
  applyGradients(): void {
    const { model, optimizer, ema, recipe } = this;
    applyGradients({ model, optimizer, ema, clipGrad: recipe.clipGrad });
  }

  /** Counts the figures of the step just done. */
  log(figures: StepFigures): void {
    this.averages.add(figures, (this.step - 1) % this.stepsPerEpoch === 0);
  }

  /** Throws DivergedError when the loss of the step under way is no number. */
  expectFinite(loss: number): void {
    if (Number.isFinite(loss)) return;
    const within = this.scaler ? ", in activations of float16" : "";
    throw this.diverged(`the loss is ${loss} at step ${this.step + 1}${within}`);
  }

  /** Tells the loss scale what the gradients of a step were. Throws DivergedError where no scale makes them finite. */
  rescale(areFinite: boolean): void {
    const { scaler } = this;
    if (!scaler || scaler.update(areFinite) || scaler.scaleNow >= 1) return;
    throw this.diverged(
      `gradients are not finite at step ${this.step + 1}, at a loss scale of ${scaler.scaleNow} either`,
    );
  }

  /** The error of a run whose numbers are none any more. */
  diverged(problem: string): DivergedError {
    return divergedAt(this.optimizer, problem, "--lr");
  }

  /** What has to be the same on every process: parameters and what the optimiser keeps of them. Running statistics are each replica's own. */
  *sharedState(): Iterable<Tensor> {
    for (const { tensor } of this.model.namedParameters().values()) yield tensor;
    for (const tensors of this.optimizer.state().slots.values()) yield* tensors.values();
  }
}
