/**
 * Which recipe a run follows, with what the user changed in it.
 */
import { familyOf, type ModelName } from "../../models/index.js";
import { type Recipe, type RecipeForm, recipeForms } from "../../models/recipe.js";
import { type AugmentationChanges, changeAugmentation } from "./change-augmentation.js";
import { changeOptimization, type OptimizationChanges, usualLr } from "./change-optimization.js";
import { changeStopping, type StoppingChanges } from "./early-stopping.js";
import { finetuneRecipe, isFinetuneRecipe } from "./finetune.js";
import { resized } from "./image-sizes.js";
import { changeTransfer, type TransferChanges } from "./transfer.js";

/** Images per step, over all replicas, that the published learning rates are for. */
export const BASE_TOTAL_BATCH = 256;

/** What a run does differently from its recipe; undefined: as the recipe says. */
export interface RecipeChanges extends OptimizationChanges, AugmentationChanges, StoppingChanges, TransferChanges {
  readonly epochs?: number | undefined;
  readonly batchSize?: number | undefined;
  /** Side of the pictures in evaluation; those of training grow and shrink in proportion. */
  readonly imageSize?: number | undefined;
  /** Learning rate in proportion to the images of a step. Default false. */
  readonly autoScaleLr?: boolean | undefined;
  /** Default 1. */
  readonly replicas?: number | undefined;
  /** Every class equally often in an epoch. */
  readonly balancedSampling?: boolean | undefined;
}

/** Whose recipe, in which form, and the changes. */
export interface RecipeChoice extends RecipeChanges {
  readonly model: ModelName;
  readonly recipe: RecipeForm;
}

/** The published recipe of a model. Throws UsageError for an unknown one. */
export const publishedRecipe = (model: ModelName | (string & {}), form: RecipeForm = "intended"): Recipe =>
  familyOf(model).recipe(model, form);

/** The short one for the bundled demo set. Throws UsageError for an unknown model. */
export const demoRecipe = (model: ModelName | (string & {})): Recipe => familyOf(model).demoRecipe(model);

/** The published recipe of the model, or the short one for the demo set, with the changes. */
export function chooseRecipe(isDemo: boolean, choice: RecipeChoice): Recipe {
  return changeRecipe(isDemo ? demoRecipe(choice.model) : publishedRecipe(choice.model, choice.recipe), choice);
}

/** Whether a recipe is the short one for the demo set. */
export const isDemoRecipe = ({ name }: Recipe): boolean => name.endsWith("-demo");

/**
 * The recipe of a run that goes on, with what the user says once more, the names in `given`: options that the run was
 * started with change nothing, others make a difference that the trainer names.
 */
export function resumedRecipe(stored: Recipe, choice: RecipeChoice, given: ReadonlySet<string>): Recipe {
  const model = given.has("model") ? choice.model : stored.model;
  const storedForm = recipeForms.find((one) => stored.name.endsWith(`-${one}`)) ?? "intended";
  const form = given.has("recipe") ? choice.recipe : storedForm;
  const published = isFinetuneRecipe(stored)
    ? finetuneRecipe(model, { pictures: 1 })
    : isDemoRecipe(stored)
      ? demoRecipe(model)
      : publishedRecipe(model, form);
  const { name, source } = published;
  const isNamed = model !== stored.model || form !== storedForm;
  const base = isNamed ? { ...stored, model, name, source } : stored;
  // the stored rate is scaled already
  const lr =
    choice.lr ?? (choice.autoScaleLr ? usualLr(published, choice.optimizer ?? stored.optimizer.kind) : undefined);
  return changeRecipe(base, { ...choice, lr });
}

/** A recipe of another length, batch, picture size or rate: what depends on these follows them. */
export function changeRecipe(base: Recipe, changes: RecipeChanges): Recipe {
  const { imageSize, replicas = 1 } = changes;
  const epochs = changes.epochs ?? base.epochs;
  const batchSize = changes.batchSize ?? base.batchSize;
  const { accumulate = base.accumulate ?? 1 } = changes;
  const lr = changes.lr ?? usualLr(base, changes.optimizer);
  const share = changes.autoScaleLr ? (batchSize * replicas * accumulate) / BASE_TOTAL_BATCH : 1;
  const images = imageSize === undefined ? base.images : resized(base.images, imageSize);
  const length = epochs / base.epochs;
  const { lrSteps } = base.schedule;
  const resizedBase: Recipe = {
    ...base,
    ...(changes.balancedSampling && { sampling: { balanced: true } }),
    epochs,
    batchSize,
    schedule: {
      ...base.schedule,
      ...(lrSteps && { lrSteps: { ...lrSteps, epochs: lrSteps.epochs.map((epoch) => Math.round(epoch * length)) } }),
    },
    ...changeTransfer(base, changes, { share, ratio: lr / base.optimizer.lr }),
    images: { ...images, switches: stretched(images.switches, length) },
  };
  const optimized = changeOptimization(resizedBase, { ...changes, lr: lr * share });
  return changeStopping(changeAugmentation(optimized, changes), changes);
}

/** A run of another length switches at the same share of it. */
function stretched(switches: Recipe["images"]["switches"], share: number): Recipe["images"]["switches"] {
  return switches.map((one) => ({ ...one, epoch: Math.round(one.epoch * share) }));
}
