/**
 * Fields of a recipe that move the weights: optimiser, limits on gradients, learning rate and weight decay over the run.
 */
import { type GradientClipping, type Recipe, scheduleKinds } from "../../../models/recipe.js";
import type { OptimizerChoice } from "../../../optim/index.js";
import {
  choice,
  either,
  type FieldsOf,
  flag,
  keyed,
  list,
  number,
  object,
  orNull,
  pair,
  type RuleOf,
  share,
  tagged,
} from "./rules.js";

const notNegative = () => number({ min: 0 });
const positive = () => number({ above: 0 });

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

export const optimizer: RuleOf<OptimizerChoice> = tagged("kind", {
  sgd: {
    ...rates,
    momentum: { rule: notNegative(), doc: "share of the former step that a step keeps", absent: "0" },
    dampening: { rule: number(), doc: "share of a gradient that the momentum leaves out", absent: "0" },
    nesterov: { rule: flag(), doc: "Nesterov's momentum", absent: "false" },
    maximize,
  },
  adam: adamFields,
  adamw: adamFields,
});

export const clipGrad: RuleOf<GradientClipping> = keyed<GradientClipping>({
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

export const scheduleFields: FieldsOf<Recipe["schedule"]> = {
  warmupEpochs: {
    rule: notNegative(),
    doc: "epochs in which the learning rate rises, by step; a short run keeps within a quarter of it unless a config says this",
  },
  warmupStart: { rule: share(), doc: "first learning rate of the warm-up, as a share of the peak" },
  kind: {
    rule: choice(scheduleKinds),
    doc: "how the learning rate falls after its warm-up",
    absent: "step with lrSteps, else cosine",
  },
  lrSteps: {
    rule: object<NonNullable<Recipe["schedule"]["lrSteps"]>>({
      epochs: { rule: list(notNegative()), doc: "epochs at which the learning rate falls" },
      factor: { rule: positive(), doc: "to this share of what it was" },
    }),
    doc: "falls of the learning rate in steps",
    absent: "none",
  },
  lrFloor: { rule: notNegative(), doc: "where cosine and line of the learning rate end" },
  weightDecayFloor: {
    rule: orNull(notNegative()),
    doc: "end of the cosine of the weight decay, batch norm's too; null: the decay stays at its base",
  },
  normWeightDecay: { rule: notNegative(), doc: "base weight decay of batch norm's parameters", absent: "0" },
  interval: { rule: choice(["epoch", "step"]), doc: "whether the curves move with each epoch or each step" },
};
