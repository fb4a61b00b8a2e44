/**
 * Every field of a recipe: what it may be and what it means. Configs are checked against this table, and the JSON Schema and the
 * page docs/recipe-fields.md are made from it (scripts/recipe-reference.ts).
 */
import { listModels } from "../../../models/index.js";
import { metricNames, type Recipe, type TrainSwitch, type Transfer } from "../../../models/recipe.js";
import { augmentFields, batchFields, lossFields } from "./choice-fields.js";
import { clipGrad, optimizer, scheduleFields } from "./optimizer-fields.js";
import { choice, type FieldsOf, flag, known, list, number, object, orNull, share, text, whole } from "./rules.js";

/** Sides of pictures go as far as the command line's. */
const side = () => whole({ min: 1, max: 4096 });
const level = () => orNull(number({ min: 0, max: 10 }));

const switchFields: FieldsOf<TrainSwitch> = {
  epoch: { rule: whole({ min: 0 }), doc: "first epoch of the phase, from 0" },
  trainSize: { rule: side(), doc: "side of its train pictures" },
  randAugmentLevel: { rule: level(), doc: "its level of RandAugment; null: none" },
};

const imageFields: FieldsOf<Recipe["images"]> = {
  trainSize: { rule: side(), doc: "side of the train pictures in pixels, up to the first switch" },
  randAugmentLevel: { rule: level(), doc: "level of RandAugment, 0 to 10; null: none" },
  switches: { rule: list(object(switchFields)), doc: "later phases of the train pictures, by rising epoch" },
  evalSize: { rule: side(), doc: "side of the pictures in validation" },
  evalResize: { rule: whole(), doc: "short side before the centre crop of validation" },
  evalBatchSize: { rule: whole(), doc: "pictures of a batch in validation" },
  minCropArea: {
    rule: number({ above: 0, max: 1 }),
    doc: "smallest share of the picture that a training crop covers",
  },
  flipProbability: { rule: share(), doc: "how often a train picture is mirrored" },
  ...augmentFields,
};

/** A row for each field of Recipe; the compiler names one that is missing. */
export const recipeFields: FieldsOf<Recipe> = {
  name: { rule: text(), doc: "what the recipe is called; folders in runs/ are called so" },
  source: { rule: text(), doc: "where the numbers come from" },
  plan: {
    rule: choice(["whole", "short"]),
    doc: "how the recipe was fitted to the steps of its run, as resolved recipes say",
    absent: "the run fits it",
  },
  model: { rule: known(listModels()), doc: "what is trained" },
  epochs: { rule: whole(), doc: "length of the run; switches and lrSteps that a config does not name move with it" },
  batchSize: { rule: whole(), doc: "images of a batch; a step takes one of each replica" },
  accumulate: {
    rule: whole({ min: 1, max: 4096 }),
    doc: "batches of each replica whose mean gradient moves the weights once",
    absent: "1",
  },
  precision: {
    rule: choice(["float16"]),
    doc: "how activations and products are stored on a device with shader-f16; sums and weights are float32, and the loss is scaled",
    absent: "float32",
  },
  loss: { rule: object(lossFields), doc: "what is minimised" },
  batchAugments: { rule: object(batchFields), doc: "batches mixed with themselves", absent: "none" },
  optimizer: {
    rule: optimizer,
    doc: "what moves the weights, by its kind; another kind starts from its usual rates, as --optimizer has them",
  },
  earlyStopping: {
    rule: object<NonNullable<Recipe["earlyStopping"]>>({
      patience: { rule: whole(), doc: "validations in a row without a better figure that end the run" },
      metric: { rule: choice(metricNames), doc: "the figure" },
      minDelta: { rule: number({ min: 0 }), doc: "by how much it has to be better", absent: "0" },
    }),
    doc: "when the run ends before its last epoch",
    absent: "never",
  },
  saveBest: {
    rule: choice(metricNames),
    doc: "the figure by which the weights of the best epoch are kept beside the last ones",
    absent: "they are not",
  },
  clipGrad: { rule: clipGrad, doc: "a limit on gradients", absent: "none" },
  schedule: { rule: object(scheduleFields), doc: "learning rate and weight decay over the run" },
  transfer: {
    rule: object<Transfer>({
      frozenStages: {
        rule: whole({ min: -1 }),
        doc: "stages whose weights and statistics stay: 0 the stem, n the stem and n stages behind it",
        absent: "-1, none",
      },
      normEval: {
        rule: flag(),
        doc: "whether batch norms of the backbone go by their running statistics, which then stay",
        absent: "false",
      },
      headLr: { rule: number({ above: 0 }), doc: "peak learning rate of the classifier", absent: "the optimiser's" },
    }),
    doc: "what of a trained model stays as it is, and how fast its classifier moves",
    absent: "everything moves, at one rate",
  },
  ema: {
    rule: object<Recipe["ema"]>({
      momentum: { rule: number({ above: 0, max: 1 }), doc: "weight of the newest weights in their moving average" },
      warmup: { rule: flag(), doc: "larger weights at first", absent: "as short runs want it" },
    }),
    doc: "moving average of the weights",
  },
  sampling: {
    rule: object<NonNullable<Recipe["sampling"]>>({
      balanced: { rule: flag(), doc: "every class equally often, pictures of rare ones several times" },
    }),
    doc: "which pictures an epoch has",
    absent: "each once",
  },
  images: { rule: object(imageFields), doc: "pictures: sizes and augmentation" },
};
