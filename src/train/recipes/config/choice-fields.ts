/**
 * Fields of what a recipe may choose beside its numbers: losses, pictures changed by chance, batches mixed (models/recipe-choices.ts).
 */
import {
  type BatchAugments,
  type ColorJitterChoice,
  type LossChoice,
  lossKinds,
  type PictureAugments,
  type RandomErasingChoice,
} from "../../../models/recipe-choices.js";
import { choice, either, type FieldsOf, list, map, number, object, pair, share, triple, whole } from "./rules.js";

const positive = () => number({ above: 0 });
const byte = () => whole({ min: 0, max: 255 });

export const lossFields: FieldsOf<LossChoice> = {
  labelSmoothing: { rule: number({ min: 0, below: 1 }), doc: "share of a label that is spread over the classes" },
  mode: { rule: choice(["original", "classyVision"]), doc: "spread over all classes, or as Classy Vision has it" },
  kind: { rule: choice(lossKinds), doc: "which loss", absent: lossKinds[0] },
  gamma: { rule: number({ min: 0 }), doc: "focusing of the focal losses", absent: "2" },
  alpha: {
    rule: share(),
    doc: "weight of a yes in the focal loss of a yes or no, 1 - alpha that of a no",
    absent: "0.25",
  },
  classWeights: {
    rule: either(choice(["balanced"]), either(list(positive()), map(positive()))),
    doc: "a weight for each class: by how rare it is, in the order of the classes, or by name",
    absent: "all alike",
  },
};

export const batchFields: FieldsOf<BatchAugments> = {
  mixup: { rule: positive(), doc: "alpha of mixup: the share is drawn from Beta(alpha, alpha)", absent: "no mixup" },
  cutmix: { rule: positive(), doc: "alpha of CutMix", absent: "no CutMix" },
  probability: { rule: share(), doc: "how often a batch is mixed at all" },
  switchProbability: { rule: share(), doc: "how often it is CutMix, where both are given" },
};

const jitterFields: FieldsOf<ColorJitterChoice> = {
  brightness: { rule: number({ min: 0 }), doc: "factors within 1 - x and 1 + x" },
  contrast: { rule: number({ min: 0 }), doc: "the same" },
  saturation: { rule: number({ min: 0 }), doc: "the same" },
  hue: { rule: number({ min: 0, max: 0.5 }), doc: "within - x and + x of a full circle" },
};

const erasingFields: FieldsOf<RandomErasingChoice> = {
  probability: { rule: share(), doc: "how often a picture loses a box" },
  scale: { rule: pair(share()), doc: "least and largest share of the area" },
  ratio: { rule: pair(positive()), doc: "least and largest height / width" },
  mode: { rule: choice(["const", "rand"]), doc: "one colour, or noise" },
  value: { rule: triple(byte()), doc: "the colour in bytes: red, green, blue" },
};

export const augmentFields: FieldsOf<PictureAugments> = {
  autoAugment: {
    rule: choice(["imagenet", "cifar10", "svhn"]),
    doc: "the data set whose policy AutoAugment draws from",
    absent: "no AutoAugment",
  },
  colorJitter: { rule: object(jitterFields), doc: "colours changed by chance", absent: "none" },
  randomErasing: { rule: object(erasingFields), doc: "boxes erased after everything else", absent: "none" },
};
