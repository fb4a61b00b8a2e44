/**
 * The short recipe of a model for the bundled demo set, from its published one: fewer pixels, fewer epochs, a faster average.
 */
import type { Recipe } from "./recipe.js";

const EPOCHS = 8;
const SIDE = 32;

/** Minutes on two cores instead of weeks on eight accelerators. */
export function demoRecipeOf(published: Recipe): Recipe {
  const { lrSteps: _, ...schedule } = published.schedule;
  return {
    ...published,
    name: `${published.model}-demo`,
    source: "tensorone, for the bundled demo set",
    epochs: EPOCHS,
    batchSize: 32,
    optimizer: { ...published.optimizer, lr: 0.02 },
    schedule: { ...schedule, warmupEpochs: 0.5, interval: "step" },
    // a horizon of 50 steps: the 2,000 of published averages are longer than this whole run
    ema: { momentum: 0.02 },
    images: {
      trainSize: SIDE,
      randAugmentLevel: null,
      switches: [],
      evalSize: SIDE,
      evalResize: SIDE,
      evalBatchSize: 100,
      minCropArea: 0.5,
      flipProbability: 0.5,
    },
  };
}
