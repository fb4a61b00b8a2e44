/**
 * Every field of a recipe: what it may be and what it means. Configs are checked against this table, and the JSON Schema and the
 * table of docs/own-pictures.md are made from it (scripts/make-recipe-schema.mjs).
 */
import { listModels } from "../../../models/index.js";
import type { GradientClipping, Recipe, TrainSwitch } from "../../../models/recipe.js";
import { adamDefaults, adamwDefaults } from "../../../optim/adam.js";
import type { OptimizerChoice } from "../../../optim/index.js";
import { sgdDefaults } from "../../../optim/sgd.js";
import {
  choice,
  either,
  type FieldsOf,
  flag,
  keyed,
  known,
  list,
  number,
  object,
  orNull,
  pair,
  type RuleOf,
  share,
  tagged,
  text,
  whole,
} from "./rules.js";

const notNegative = () => number({ min: 0 });
const positive = () => number({ above: 0 });

/** Sides of pictures go as far as the command line's. */
const side = () => whole({ min: 1, max: 4096 });
const level = () => orNull(number({ min: 0, max: 10 }));

const rates = {
  lr: { rule: positive(), doc: "peak learning rate" },
  weightDecay: { rule: notNegative(), doc: "base weight decay of all parameters but batch norm's" },
};

const maximize = { rule: flag(), doc: "climb instead of descending", absent: "false" };

const adamFields = {
  ...rates,
  betas: {
    rule: pair(number({ min: 0, below: 1 })),
    doc: "decay of the running means of the gradient and of its square",
    absent: "[0.9, 0.999]",
  },
  eps: { rule: notNegative(), doc: "added to the root of the mean square", absent: "1e-8" },
  amsgrad: { rule: flag(), doc: "divide by the largest mean square so far", absent: "false" },
  maximize,
};

/** The rates that every choice names; all else is the kind's default where nothing is said. */
const startOf = ({ lr, weightDecay }: { readonly lr: number; readonly weightDecay: number }) => ({ lr, weightDecay });

const optimizerRows = {
  sgd: {
    ...rates,
    momentum: { rule: notNegative(), doc: "share of the former step that a step keeps", absent: "0" },
    dampening: { rule: number(), doc: "share of a gradient that the momentum leaves out", absent: "0" },
    nesterov: { rule: flag(), doc: "Nesterov's momentum", absent: "false" },
    maximize,
  },
  adam: adamFields,
  adamw: adamFields,
};
// torch.optim's SGD of these versions has no default rate
const optimizer: RuleOf<OptimizerChoice> = tagged<OptimizerChoice, "kind">("kind", optimizerRows, {
  sgd: { weightDecay: sgdDefaults.weightDecay },
  adam: startOf(adamDefaults),
  adamw: startOf(adamwDefaults),
});

const clipGrad: RuleOf<GradientClipping> = keyed<GradientClipping>({
  maxNorm: {
    maxNorm: { rule: positive(), doc: "largest norm of all gradients together" },
    normType: {
      rule: either(positive(), choice(["inf"])),
      doc: "which norm; inf is the largest size of an element",
      absent: "2",
    },
  },
  maxValue: { maxValue: { rule: positive(), doc: "largest size of an element of a gradient" } },
});

const scheduleFields: FieldsOf<Recipe["schedule"]> = {
  warmupEpochs: {
    rule: notNegative(),
    doc: "epochs in which the learning rate rises, by step; a short run keeps within a quarter of it unless a config says this",
  },
  warmupStart: { rule: share(), doc: "first learning rate of the warm-up, as a share of the peak" },
  lrSteps: {
    rule: object<NonNullable<Recipe["schedule"]["lrSteps"]>>({
      epochs: { rule: list(notNegative()), doc: "epochs at which the learning rate falls" },
      factor: { rule: positive(), doc: "to this share of what it was" },
    }),
    doc: "falls of the learning rate in steps",
    absent: "a cosine",
  },
  lrFloor: { rule: notNegative(), doc: "end of the cosine of the learning rate" },
  weightDecayFloor: {
    rule: orNull(notNegative()),
    doc: "end of the cosine of the weight decay; null: the decay stays at its base",
  },
  normWeightDecay: { rule: notNegative(), doc: "base weight decay of batch norm's parameters", absent: "0" },
  interval: { rule: choice(["epoch", "step"]), doc: "whether the cosines move with each epoch or each step" },
};

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
  evalResize: { rule: side(), doc: "short side before the centre crop of validation" },
  evalBatchSize: { rule: whole(), doc: "pictures of a batch in validation" },
  minCropArea: {
    rule: number({ above: 0, max: 1 }),
    doc: "smallest share of the picture that a training crop covers",
  },
  flipProbability: { rule: share(), doc: "how often a train picture is mirrored" },
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
  epochs: {
    rule: whole(),
    doc: "length of the schedule; switches and lrSteps that a config does not name move with it",
  },
  batchSize: { rule: whole(), doc: "images of a replica and step" },
  loss: {
    rule: object<Recipe["loss"]>({
      labelSmoothing: { rule: number({ min: 0, below: 1 }), doc: "share of a label that is spread over the classes" },
      mode: { rule: choice(["original", "classyVision"]), doc: "over all classes, or as Classy Vision has it" },
    }),
    doc: "what is minimised",
  },
  optimizer: {
    rule: optimizer,
    doc: "the optimiser, by its kind; another kind starts from PyTorch's defaults of that kind",
  },
  clipGrad: { rule: clipGrad, doc: "a limit on gradients", absent: "none" },
  schedule: { rule: object(scheduleFields), doc: "learning rate and weight decay over the run" },
  ema: {
    rule: object<Recipe["ema"]>({
      momentum: { rule: number({ above: 0, max: 1 }), doc: "weight of the newest weights in their moving average" },
      warmup: { rule: flag(), doc: "larger weights at first", absent: "as short runs want it" },
    }),
    doc: "moving average of the weights",
  },
  images: { rule: object(imageFields), doc: "pictures: sizes and augmentation" },
};
