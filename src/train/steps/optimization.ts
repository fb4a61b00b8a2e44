/**
 * What every step does behind backward(), whatever the model: gradients limited, parameters moved, averages moved. Families'
 * session and the training of any module are made of it.
 */
import type { GradientClipping } from "../../models/recipe.js";
import type { Module } from "../../nn/module.js";
import { clipGradNorm, clipGradValue, type Ema, type Optimizer } from "../../optim/index.js";
import { DivergedError } from "./finite.js";

export function clipGradients(model: Module<unknown>, limit: GradientClipping): void {
  const parameters = model.namedParameters();
  if ("maxValue" in limit) clipGradValue(parameters, limit.maxValue);
  else {
    const { maxNorm, normType = 2 } = limit;
    clipGradNorm(parameters, maxNorm, { normType: normType === "inf" ? Number.POSITIVE_INFINITY : normType });
  }
}

/** What moves a model. */
export interface Movers {
  readonly model: Module<unknown>;
  readonly optimizer: Optimizer;
  /** null: no averages. */
  readonly ema: Ema | null;
  readonly clipGrad?: GradientClipping | undefined;
}

/** Moves weights and averages by the gradients that are there; inside a compiled step. */
export function applyGradients({ model, optimizer, ema, clipGrad }: Movers): void {
  if (clipGrad) clipGradients(model, clipGrad);
  optimizer.step();
  optimizer.zeroGrad();
  ema?.update();
}

/** The error of a run whose numbers are none any more; `how` is where its learning rate is set. */
export function divergedAt(optimizer: Optimizer, problem: string, how: string): DivergedError {
  const lr = optimizer.groups[0]!.lr;
  return new DivergedError(`train: ${problem}`, `a smaller learning rate than ${lr.toPrecision(3)} may help: ${how}`);
}
