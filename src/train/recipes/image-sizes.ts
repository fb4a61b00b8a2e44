/**
 * Picture sizes of a model file and of a recipe: what the user says, else what the file says, else the published recipe.
 */
import { familyOf } from "../../models/index.js";
import type { Recipe } from "../../models/recipe.js";

type Images = Recipe["images"];

/** Side, and short side before the crop. */
export interface ImageSizes {
  readonly imageSize: number;
  readonly resizeSize: number;
}

/** Sizes for evaluation at `imageSize`, which keeps the ratio of the two; by default at the recipe's own. */
function sizesAt({ evalSize, evalResize }: Images, imageSize: number | undefined): ImageSizes {
  if (imageSize === undefined) return { imageSize: evalSize, resizeSize: evalResize };
  return { imageSize, resizeSize: Math.round((imageSize * evalResize) / evalSize) };
}

/** Sizes for evaluation of a registered model, whose file says `images` or nothing of them. */
export const imageSizes = (model: string, images: Images | null, imageSize: number | undefined): ImageSizes =>
  sizesAt(images ?? familyOf(model).recipe(model, "intended").images, imageSize);

/** Sides of pictures that grow are rounded to what a network of stride 32 takes whole. */
const STRIDE = 32;

/** The recipe's pictures for evaluation at another side: the share of the centre crop, and growth on the way, are kept. */
export function resized(images: Images, imageSize: number): Images {
  const { resizeSize } = sizesAt(images, imageSize);
  const sideOf = (side: number): number =>
    side === images.evalSize
      ? imageSize
      : Math.max(STRIDE, Math.round((side * imageSize) / images.evalSize / STRIDE) * STRIDE);
  return {
    ...images,
    trainSize: sideOf(images.trainSize),
    switches: images.switches.map((one) => ({ ...one, trainSize: sideOf(one.trainSize) })),
    evalSize: imageSize,
    evalResize: resizeSize,
  };
}
