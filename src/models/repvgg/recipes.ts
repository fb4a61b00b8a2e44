/**
 * The published recipe of RepVGG A0 to B0 (Ding et al. 2021, section 4.1: 120 epochs, batches of 256 on 8 GPUs, rate 0.1 along
 * a cosine, weight decay 1e-4 of convolutions and classifier alone, crops and flips; mmpretrain 1.0.0,
 * configs/repvgg/repvgg-A0_8xb32_in1k.py). No warm-up, no average, no smoothed labels.
 */
import { demoRecipeOf } from "../demo-recipe.js";
import { imagenetImages } from "../imagenet-images.js";
import type { Recipe } from "../recipe.js";

export const repvggRecipe = (model: string): Recipe => ({
  name: model,
  source: "Ding et al. 2021, section 4.1",
  model,
  epochs: 120,
  batchSize: 32,
  loss: { labelSmoothing: 0, mode: "original" },
  optimizer: { kind: "sgd", lr: 0.1, momentum: 0.9, dampening: 0, nesterov: false, weightDecay: 1e-4 },
  schedule: { warmupEpochs: 0, warmupStart: 1, lrFloor: 0, weightDecayFloor: null, interval: "epoch" },
  // the averages are the weights themselves
  ema: { momentum: 1 },
  images: imagenetImages,
});

export const repvggDemoRecipe = (model: string): Recipe => demoRecipeOf(repvggRecipe(model));
