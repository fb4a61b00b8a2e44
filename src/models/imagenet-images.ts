/** How the published ImageNet recipes take their pictures: random crops and flips at 224 px, a centre crop to judge. */
import type { Recipe } from "./recipe.js";

export const imagenetImages: Recipe["images"] = {
  trainSize: 224,
  randAugmentLevel: null,
  switches: [],
  evalSize: 224,
  evalResize: 256,
  // the references take up to 256; the result does not depend on it, and a quarter needs a quarter of the memory
  evalBatchSize: 64,
  minCropArea: 0.08,
  flipProbability: 0.5,
};
