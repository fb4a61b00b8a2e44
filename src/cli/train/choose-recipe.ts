/**
 * Which recipe a run follows, with what the user changed in it.
 */
import type { ModelName } from "../../models/index.js";
import { mobileoneRecipe, type RecipeForm } from "../../train/recipes/mobileone.js";
import { mobileoneS0Demo } from "../../train/recipes/mobileone-s0.js";
import type { Recipe } from "../../train/recipes/recipe.js";
import { resized } from "../image-sizes.js";

/** Images per step, over all replicas, that the published learning rates are for. */
export const baseTotalBatch = 256;

export interface RecipeChanges {
  readonly model: ModelName;
  readonly recipe: RecipeForm;
  readonly epochs: number | undefined;
  readonly batchSize: number | undefined;
  readonly imageSize: number | undefined;
  readonly lr: number | undefined;
  /** Learning rate in proportion to the images of a step. */
  readonly autoScaleLr: boolean;
  /** Default 1. */
  readonly replicas?: number | undefined;
}

/** The published recipe of the model, or the short one for the demo set. */
export function chooseRecipe(isDemo: boolean, changes: RecipeChanges): Recipe {
  return changed(isDemo ? demoRecipe(changes.model) : mobileoneRecipe(changes.model, changes.recipe), changes);
}

/** Whether a recipe is the short one for the demo set. */
export const isDemoRecipe = ({ name }: Recipe): boolean => name.endsWith("-demo");

/**
 * The recipe of a run that goes on, with what the user says once more, the names in `given`: options that the run was
 * started with change nothing, others make a difference that the trainer names.
 */
export function resumedRecipe(stored: Recipe, changes: RecipeChanges, given: ReadonlySet<string>): Recipe {
  const model = given.has("model") ? changes.model : (stored.model as ModelName);
  const storedForm: RecipeForm = stored.name.endsWith("-as-shipped") ? "as-shipped" : "intended";
  const form = given.has("recipe") ? changes.recipe : storedForm;
  const published = isDemoRecipe(stored) ? demoRecipe(model) : mobileoneRecipe(model, form);
  const { name, source } = published;
  const isNamed = model !== stored.model || form !== storedForm;
  const base = isNamed ? { ...stored, model, name, source } : stored;
  // the stored rate is scaled already
  const lr = changes.lr ?? (changes.autoScaleLr ? published.optimizer.lr : undefined);
  return changed(base, { ...changes, lr });
}

function changed(base: Recipe, changes: RecipeChanges): Recipe {
  const { imageSize, replicas = 1 } = changes;
  const epochs = changes.epochs ?? base.epochs;
  const batchSize = changes.batchSize ?? base.batchSize;
  const lr = changes.lr ?? base.optimizer.lr;
  const share = changes.autoScaleLr ? (batchSize * replicas) / baseTotalBatch : 1;
  const images = imageSize === undefined ? base.images : resized(base.images, imageSize);
  return {
    ...base,
    epochs,
    batchSize,
    optimizer: { ...base.optimizer, lr: lr * share },
    images: { ...images, switches: stretched(images.switches, epochs / base.epochs) },
  };
}

function demoRecipe(model: ModelName): Recipe {
  if (model === mobileoneS0Demo.model) return mobileoneS0Demo;
  return {
    ...mobileoneS0Demo,
    model,
    name: `${model}-demo`,
    source: `${mobileoneS0Demo.source}, applied to ${model}`,
  };
}

/** A run of another length switches at the same share of it. */
function stretched(switches: Recipe["images"]["switches"], share: number): Recipe["images"]["switches"] {
  return switches.map((one) => ({ ...one, epoch: Math.round(one.epoch * share) }));
}
