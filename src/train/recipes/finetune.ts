/**
 * How weights that know other pictures learn a few of one's own: a recipe that follows from the family's published one and from
 * the number of pictures. What it decides is measured on classes of the demo set (bench/results/finetune.md).
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
  /** Pictures of a step, about: batches are made even. */
  readonly batchSize: number;
  readonly epochs: number;
}

const rows: readonly Row[] = [
  { pictures: 0, batchSize: 25, epochs: 40 },
  { pictures: 500, batchSize: 32, epochs: 30 },
  { pictures: 5_000, batchSize: 32, epochs: 20 },
  { pictures: 50_000, batchSize: 32, epochs: 10 },
];

/** The peak learning rate is the one from scratch, divided by this: by 10, a hundred pictures end 2 to 4 points lower, by 20 ten. */
const LR_DIVISOR = 5;
/** Of the epochs. */
const WARMUP_SHARE = 0.1;
const LABEL_SMOOTHING = 0.1;
/** ImageNet's 8 % is for a million pictures: of some hundred a crop of half is told apart, one of a twelfth is not. */
const LEAST_CROP = 0.5;

/**
 * The size of batches that are even over `pictures`: a last one of a few pictures has batch statistics that undo what the others
 * have learned.
 */
const evenBatch = (pictures: number, about: number): number =>
  Math.ceil(pictures / Math.max(1, Math.round(pictures / about)));

const SUFFIX = "-finetune";

/** Whether a recipe is one for fine-tuning. */
export const isFinetuneRecipe = ({ name }: Pick<Recipe, "name">): boolean => name.endsWith(SUFFIX);

/**
 * The recipe that fine-tunes weights of `model` on a set of so many pictures. Throws UsageError for an unknown model.
 *
 * @example
 * ```ts
 * const recipe = finetuneRecipe("mobileone_s0", { pictures: 100 });
 * console.log(recipe.name, recipe.batchSize); // "mobileone_s0-finetune" 25
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
    batchSize: evenBatch(pictures, batchSize),
    loss: { labelSmoothing: LABEL_SMOOTHING, mode: "original" },
    optimizer: { ...published.optimizer, lr: lr / LR_DIVISOR },
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
