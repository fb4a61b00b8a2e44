/**
 * Which picture size a model file is run at: what the user says, else what the file says, else the published recipe.
 */

import { mobileoneS0 } from "../train/recipes/mobileone-s0.js";
import type { Recipe } from "../train/recipes/recipe.js";

type Images = Recipe["images"];

/** Side and resize for evaluation; another side keeps the file's ratio of the two. */
export function imageSizes(
  images: Images | null,
  imageSize: number | undefined,
): { readonly imageSize: number; readonly resizeSize: number } {
  const { evalSize, evalResize } = images ?? mobileoneS0.images;
  if (imageSize === undefined) return { imageSize: evalSize, resizeSize: evalResize };
  return { imageSize, resizeSize: Math.round((imageSize * evalResize) / evalSize) };
}

/** Sides of pictures that grow are rounded to what a network of stride 32 takes whole. */
const stride = 32;

/** The recipe's pictures for evaluation at another side: the share of the centre crop, and growth on the way, are kept. */
export function resized(images: Images, imageSize: number): Images {
  const { resizeSize } = imageSizes(images, imageSize);
  const sideOf = (side: number): number =>
    side === images.evalSize
      ? imageSize
      : Math.max(stride, Math.round((side * imageSize) / images.evalSize / stride) * stride);
  return {
    ...images,
    trainSize: sideOf(images.trainSize),
    switches: images.switches.map((one) => ({ ...one, trainSize: sideOf(one.trainSize) })),
    evalSize: imageSize,
    evalResize: resizeSize,
  };
}
