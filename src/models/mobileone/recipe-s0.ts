/**
 * The published recipe of MobileOne-S0 (mmpretrain, configs/mobileone/mobileone-s0_8xb32_in1k.py and its bases), and the
 * short one for the bundled demo set.
 */
import { demoRecipeOf } from "../demo-recipe.js";
import { imagenetImages } from "../imagenet-images.js";
import type { Recipe } from "../recipe.js";

/** mmpretrain's recipe for MobileOne-S0 on ImageNet: 300 epochs, SGD, cosine, moving average. */
export const mobileoneS0: Recipe = {
  name: "mobileone_s0",
  source: "mmpretrain 1.0.0, mobileone-s0_8xb32_in1k",
  model: "mobileone_s0",
  epochs: 300,
  batchSize: 32,
  loss: { labelSmoothing: 0.1, mode: "original" },
  optimizer: { kind: "sgd", lr: 0.1, momentum: 0.9, dampening: 0, nesterov: false, weightDecay: 1e-4 },
  schedule: { warmupEpochs: 5, warmupStart: 1e-3, lrFloor: 1e-6, weightDecayFloor: 1e-5, interval: "epoch" },
  ema: { momentum: 5e-4 },
  images: imagenetImages,
};

/** Two minutes on two cores. */
export const mobileoneS0Demo: Recipe = demoRecipeOf(mobileoneS0);
