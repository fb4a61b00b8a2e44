/**
 * A recipe of the families as train() of any module follows one: of a whole model, or of the part of it that learns. The steps are
 * those of a run by the command line: same groups, rates, averages and loss.
 */
import type { Recipe } from "../../models/recipe.js";
import type { Module } from "../../nn/module.js";
import { createOptimizer, Ema, splitNormParameters } from "../../optim/index.js";
import type { Tensor } from "../../tensor/tensor.js";
import { UsageError } from "../../util/errors.js";
import { applyRates, ratesAt, warmupSteps } from "../recipes/schedule.js";
import { recipeLoss } from "../steps/recipe-loss.js";
import type { ModuleRecipe } from "./options.js";

/** A module's recipe, and the averages that its run delivers. */
export interface FamilyRecipe {
  readonly recipe: ModuleRecipe<Tensor>;
  readonly ema: Ema;
}

/**
 * What train() is given to follow `recipe`, as finetuneRecipe() and planRecipe() of so many steps an epoch make it, on `model`: logits
 * [N, classes] and labels [N]. Pictures are the caller's, as are optimiser and averages, which live as long as the run. Throws UsageError
 * for what only whole runs know: mixed batches, weights of classes, several batches a step.
 *
 * @example
 * ```ts
 * const model = models.createModel("mobileone_s0", { numClasses: 2, seed: 0 });
 * const planned = planRecipe(finetuneRecipe("mobileone_s0", { pictures: 64 }), 2);
 * const { recipe, ema } = familyRecipe(planned, model, 2);
 * console.log(recipe.epochs, ema.momentum); // 40 0.0005
 * ```
 */
export function familyRecipe(recipe: Recipe, model: Module<Tensor>, stepsPerEpoch: number): FamilyRecipe {
  const { epochs, batchSize, clipGrad, loss, schedule } = recipe;
  if (recipe.batchAugments || loss.classWeights || (recipe.accumulate ?? 1) > 1)
    throw new UsageError(
      `familyRecipe: ${recipe.name} mixes batches, weighs classes or accumulates, expected plain steps`,
      "finetuneRecipe() asks for none of these",
    );
  const groups = splitNormParameters(model, schedule.normWeightDecay).map((group) => ({
    ...group,
    parameters: new Map([...group.parameters].filter(([, { tensor }]) => tensor.requiresGrad)),
  }));
  const optimizer = createOptimizer(groups, recipe.optimizer);
  const ema = new Ema(model, { ...recipe.ema, warmupStart: warmupSteps(recipe, stepsPerEpoch) });
  return {
    ema,
    recipe: {
      epochs,
      batchSize,
      ...(clipGrad && { clipGrad }),
      optimizer: () => optimizer,
      ema: () => ema,
      loss: (logits, target) => recipeLoss(logits, target, loss, null),
      schedule: (step) => {
        const rates = ratesAt(recipe, step, stepsPerEpoch);
        // the weight decay has a curve too
        applyRates(optimizer.groups, rates);
        return rates.lr;
      },
    },
  };
}
