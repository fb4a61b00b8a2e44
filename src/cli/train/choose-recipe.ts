/**
 * Which recipe a run follows, with what the user changed in it.
 */
import type { ModelName } from "../../models/index.js";
import type { Recipe } from "../../train/recipe.js";
import { mobileoneS0, mobileoneS0Demo } from "../../train/recipes/mobileone-s0.js";
import { resized } from "../image-sizes.js";

const published: Partial<Record<ModelName, Recipe>> = { mobileone_s0: mobileoneS0 };

/** Whether the model has a recipe of its own. */
export const publishedFor = (model: ModelName): boolean => published[model] !== undefined;

export interface RecipeChanges {
  readonly model: ModelName;
  readonly epochs: number | undefined;
  readonly batchSize: number | undefined;
  readonly imageSize: number | undefined;
  readonly lr: number | undefined;
}

/** The published recipe of the model, or the short one for the demo set. */
export function chooseRecipe(isDemo: boolean, changes: RecipeChanges): Recipe {
  const { model, imageSize } = changes;
  const base = isDemo ? mobileoneS0Demo : (published[model] ?? mobileoneS0);
  const isOwn = base.model === model;
  return {
    ...base,
    model,
    name: isOwn ? base.name : `${model}${isDemo ? "-demo" : ""}`,
    source: isOwn ? base.source : `${base.source}, applied to ${model}`,
    epochs: changes.epochs ?? base.epochs,
    batchSize: changes.batchSize ?? base.batchSize,
    optimizer: { ...base.optimizer, lr: changes.lr ?? base.optimizer.lr },
    images: imageSize === undefined ? base.images : resized(base.images, imageSize),
  };
}
