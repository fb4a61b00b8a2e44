/**
 * How weights that know other pictures learn a few of one's own: a recipe that follows from the family's published one and from
 * the number of pictures. What it decides is measured on the demo set's classes and on photographs (bench/results/finetune.md).
 */
import { familyOf, type ModelName } from "../../models/index.js";
import type { Recipe } from "../../models/recipe.js";

/** What the recipe depends on. */
export interface FinetuneSubject {
  /** Of the training set. */
  readonly pictures: number;
  /** Sizes that the weights were trained for. Default: those of the published recipe. */
  readonly images?: Pick<Recipe["images"], "evalSize" | "evalResize"> | null;
}

/** Numbers of a fine-tuning run by the number of pictures, from the smallest set on. */
interface Row {
  /** The row is for sets of at least as many. */
  readonly pictures: number;
  /** Small sets have small batches, or an epoch would be a few steps. */
  readonly batchSize: number;
  readonly epochs: number;
}

const rows: readonly Row[] = [
  { pictures: 0, batchSize: 16, epochs: 40 },
  { pictures: 500, batchSize: 32, epochs: 30 },
  { pictures: 5_000, batchSize: 32, epochs: 20 },
  { pictures: 50_000, batchSize: 32, epochs: 10 },
];

/** Peak learning rates: a tenth of what training from scratch takes for the backbone, all of it for the new classifier. */
const BACKBONE_SHARE = 0.1;
const WARMUP_SHARE = 0.1;
const LABEL_SMOOTHING = 0.1;
/** Crops of a third at least: of the 8 % of ImageNet's recipe a set of hundreds learns little. */
const LEAST_CROP = 0.35;

const SUFFIX = "-finetune";

/** Whether a recipe is one for fine-tuning. */
export const isFinetuneRecipe = ({ name }: Pick<Recipe, "name">): boolean => name.endsWith(SUFFIX);

/**
 * The recipe that fine-tunes weights of `model` on a set of so many pictures. Throws UsageError for an unknown model.
 *
 * @example
 * ```ts
 * const recipe = finetuneRecipe("mobileone_s0", { pictures: 100 });
 * console.log(recipe.name, recipe.batchSize); // "mobileone_s0-finetune" 16
 * ```
 */
export function finetuneRecipe(model: ModelName | (string & {}), { pictures, images = null }: FinetuneSubject): Recipe {
  const published = familyOf(model).recipe(model, "intended");
  const { batchSize, epochs } = rows.findLast((row) => pictures >= row.pictures)!;
  const { lrSteps: _, ...schedule } = published.schedule;
  const { evalSize, evalResize } = images ?? published.images;
  const { lr } = published.optimizer;
  return {
    ...published,
    name: `${model}${SUFFIX}`,
    source: `tensorone, fine-tuning on ${pictures} pictures`,
    epochs,
    batchSize,
    loss: { labelSmoothing: LABEL_SMOOTHING, mode: "original" },
    optimizer: { ...published.optimizer, lr: lr * BACKBONE_SHARE },
    transfer: { headLr: lr },
    schedule: { ...schedule, warmupEpochs: epochs * WARMUP_SHARE, warmupStart: 1e-3, interval: "step" },
    images: {
      ...published.images,
      trainSize: evalSize,
      randAugmentLevel: null,
      switches: [],
      evalSize,
      evalResize,
      minCropArea: LEAST_CROP,
    },
  };
}
