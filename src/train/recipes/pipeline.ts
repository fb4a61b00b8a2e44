/**
 * What a recipe does to pictures in an epoch: the rows of recipe.images as pipelines. A function of the epoch, so that a
 * resumed run is in the right phase without remembering one.
 */
import { evalTransform, type Transform, trainTransform } from "../../data/transforms/index.js";
import type { Recipe, TrainSwitch } from "../../models/recipe.js";

/** Size and augmentation of 0-based `epoch`, and where that phase began. */
export function trainPhase({ images }: Pick<Recipe, "images">, epoch: number): TrainSwitch {
  const { trainSize, randAugmentLevel, switches } = images;
  return switches.findLast((one) => one.epoch <= epoch) ?? { epoch: 0, trainSize, randAugmentLevel };
}

/** The train pipeline of 0-based `epoch`: -> [trainSize, trainSize, 3]. */
export function trainPipeline(recipe: Pick<Recipe, "images">, epoch: number): Transform {
  const { trainSize, randAugmentLevel } = trainPhase(recipe, epoch);
  const { minCropArea, flipProbability, autoAugment, colorJitter, randomErasing } = recipe.images;
  return trainTransform({
    imageSize: trainSize,
    minCropArea,
    flipProbability,
    randAugmentLevel,
    autoAugment: autoAugment ?? null,
    colorJitter: colorJitter ?? null,
    randomErasing: randomErasing ?? null,
  });
}

/** The validation pipeline: -> [evalSize, evalSize, 3]. */
export function evalPipeline({ images }: Pick<Recipe, "images">): Transform {
  return evalTransform({ imageSize: images.evalSize, resizeSize: images.evalResize });
}
