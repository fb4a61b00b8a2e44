/**
 * Fine-tuning: the recipe that follows from the weights to start from and from the pictures at hand, and a run by it. Node only.
 */
import { type DataSource, openDataset } from "../data/sets/dataset.js";
import type { ModelName } from "../models/index.js";
import type { Recipe } from "../models/recipe.js";
import { expectFitting } from "./checkpoints/first-weights.js";
import { readModelInfo } from "./checkpoints/model-file.js";
import { findModelFile } from "./checkpoints/run-weights.js";
import { changeRecipe, type RecipeChanges } from "./recipes/choose-recipe.js";
import { finetuneRecipe } from "./recipes/finetune.js";
import type { TrainOptions, TrainResult } from "./run-options.js";
import { train } from "./trainer.js";

/** Weights, pictures, and what of the recipe is wanted otherwise. */
export interface FinetuneChoice extends RecipeChanges {
  /** As of train(), as are the next two: they decide how many pictures there are. */
  readonly data: DataSource;
  readonly valFraction?: number | undefined;
  readonly validate?: boolean | undefined;
  /** A model file, or the folder of a run. */
  readonly init: string;
  /** Default: what `init` holds. */
  readonly model?: ModelName | undefined;
}

/**
 * The recipe for weights of `init` on the pictures of `data`, at the size that the weights were trained for. Throws
 * CheckpointError for a file that cannot be trained on, DataError for a data set that cannot be used.
 */
export async function chooseFinetuneRecipe(choice: FinetuneChoice): Promise<Recipe> {
  const { data, init, model, validate = true, valFraction, ...changes } = choice;
  const file = await findModelFile(init);
  const info = await readModelInfo(file);
  expectFitting(file, info, { model: model ?? info.model });
  const held = validate ? valFraction : 0;
  const pictures = openDataset(data, "train", held === undefined ? {} : { valFraction: held }).samples.length;
  return changeRecipe(finetuneRecipe(info.model, { pictures, images: info.images }), changes);
}

/** What finetune() takes: a run's options, of which all but data, init and out have defaults, and changes to the recipe. */
export interface FinetuneOptions
  extends FinetuneChoice,
    Omit<TrainOptions, "recipe" | "resume" | keyof FinetuneChoice | "seed" | "workers" | "loggers" | "backendLabel">,
    Partial<Pick<TrainOptions, "seed" | "workers" | "loggers" | "backendLabel">> {}

/**
 * Fine-tunes trained weights on pictures of one's own: the backbone is kept, a classifier for other classes is new. Returns and
 * throws as train() does, and CheckpointError for weights that cannot be trained on.
 *
 * @example
 * <!-- test: not run: a run takes minutes -->
 * ```ts
 * import { finetune, setBackend } from "tensorone/node";
 * await setBackend("wasm");
 * const { validation, modelFile } = await finetune({ data: "my-pictures", init: "runs/mobileone_s0-demo", out: "runs/pets" });
 * console.log(validation?.top1, modelFile);
 * ```
 */
export async function finetune(options: FinetuneOptions): Promise<TrainResult> {
  const { seed = 0, workers = 1, loggers = [], backendLabel = "", replicas = 1, validate = true, ...given } = options;
  const { valFraction, ...rest } = given;
  const recipe = await chooseFinetuneRecipe(options);
  const asked = { ...rest, validate, ...(valFraction !== undefined && { valFraction }) };
  return train({ ...asked, recipe, seed, workers, loggers, backendLabel, replicas });
}
