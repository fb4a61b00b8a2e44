/**
 * Options that say how pictures and batches are changed by chance, and what is minimised.
 */
import { lossKinds } from "../../models/recipe-choices.js";
import { number, numberList, optionalChoice, text } from "../options.js";

/** What becomes of single pictures, which browse shows. */
export const pictureOptions = {
  autoAugment: optionalChoice(["imagenet", "cifar10", "svhn", "none"], {
    help: "policy of AutoAugment, instead of the recipe's RandAugment",
  }),
  colorJitter: numberList({
    help: "how far colours may change: one number for brightness, contrast and saturation, or these three, or four with the hue, at most .5; 0: not at all",
    isRising: false,
    example: "0.4,0.4,0.4,0.1",
  }),
  randomErasing: number({
    help: "probability that a box of a picture is erased; 0: never",
    max: 1,
    fromZero: true,
    example: 0.25,
  }),
  randomErasingMode: optionalChoice(["const", "rand"], {
    help: "what fills the box, ImageNet's mean colour or noise; default const",
  }),
};

export const lossOptions = {
  mixup: number({ help: "mix each batch with itself, shares from Beta(X, X); 0: not", fromZero: true, example: 0.2 }),
  cutmix: number({ help: "paste boxes of other pictures, shares from Beta(X, X); 0: not", fromZero: true, example: 1 }),
  mixupProb: number({ help: "how often a batch is mixed; default 1", max: 1, example: 0.5 }),
  mixupSwitchProb: number({ help: "of --mixup and --cutmix, how often CutMix; default .5", max: 1, example: 0.5 }),
  loss: optionalChoice(lossKinds, { help: "what is minimised; default: the recipe's cross-entropy" }),
  focalGamma: number({ help: "focusing of the focal losses; default 2", fromZero: true, example: 2 }),
  focalAlpha: number({ help: "weight of a yes in sigmoid-focal; default .25", max: 1, example: 0.25 }),
  labelSmoothing: number({
    help: "share of a label that is spread over all classes; default: the recipe's",
    max: 0.999,
    fromZero: true,
    example: 0.1,
  }),
  classWeights: text({
    help: 'balanced, so that rare classes count as much as others; or a JSON FILE with a number for each class, [1, 2.5] or {"cat": 2.5}; none',
    placeholder: "FILE",
  }),
};

export const augmentationGroup = {
  title: "how pictures and batches are changed by chance, and what is minimised",
  options: [...Object.keys(pictureOptions), ...Object.keys(lossOptions)] as (
    | keyof typeof pictureOptions
    | keyof typeof lossOptions
  )[],
};
