/**
 * The published recipe of ResNet-18 (torchvision, references/classification: its page and the defaults of its train.py: 90
 * epochs, 8 × 32 images, rate 0.1 divided by 10 every 30 epochs, momentum 0.9, weight decay 1e-4 of every parameter). No warm-up,
 * no average, no smoothed labels.
 */
import { demoRecipeOf } from "../demo-recipe.js";
import { imagenetImages } from "../imagenet-images.js";
import type { Recipe } from "../recipe.js";

export const resnetRecipe = (model: string): Recipe => ({
  name: model,
  source: "torchvision, references/classification",
  model,
  epochs: 90,
  batchSize: 32,
  loss: { labelSmoothing: 0, mode: "original" },
  optimizer: { kind: "sgd", lr: 0.1, momentum: 0.9, dampening: 0, nesterov: false, weightDecay: 1e-4 },
  schedule: {
    warmupEpochs: 0,
    warmupStart: 1,
    lrSteps: { epochs: [30, 60], factor: 0.1 },
    lrFloor: 0,
    weightDecayFloor: null,
    normWeightDecay: 1e-4,
    interval: "epoch",
  },
  // the averages are the weights themselves
  ema: { momentum: 1 },
  images: imagenetImages,
});

export const resnetDemoRecipe = (model: string): Recipe => demoRecipeOf(resnetRecipe(model));
