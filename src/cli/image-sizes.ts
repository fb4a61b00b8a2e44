/**
 * Which picture size a model file is run at: what the user says, else what the file says, else the published recipe.
 */
import type { Recipe } from "../train/recipe.js";
import { mobileoneS0 } from "../train/recipes/mobileone-s0.js";

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

/** The recipe's pictures at another side, the share of the centre crop kept. */
export function resized(images: Images, imageSize: number): Images {
  const { resizeSize } = imageSizes(images, imageSize);
  return { ...images, trainSize: imageSize, evalSize: imageSize, evalResize: resizeSize };
}
