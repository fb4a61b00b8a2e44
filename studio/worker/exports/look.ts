/** How a model looks at a picture, and what it answers: one path for the model of the tab, for files that are read back, and for the page. */
import { applyTransform, evalTransform, noGrad, normalize, scope, type Tensor, tensor } from "tensorone";
import type { Image } from "../../../src/data/codecs/image.js";
import { softmaxOf } from "../../../src/train/metrics/predictions.js";

/** Sides and normalisation of the pictures of a model. */
export interface Seeing {
  readonly imageSize: number;
  readonly resizeSize: number;
  /** In 0..255; null: the model takes bytes. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] } | null;
}

/** A model that can be asked. */
export interface Asked extends Seeing {
  readonly classes: readonly string[];
  /** [1, H, W, 3] -> logits [1, classes]. */
  run(x: Tensor): Tensor;
}

/** The square that the model sees; the picture stays as it is. */
export const squareOf = (image: Image, { imageSize, resizeSize }: Seeing): Image =>
  applyTransform(evalTransform({ imageSize, resizeSize }), { ...image, data: image.data.slice() });

/** Probabilities of the classes for a picture as the project keeps it. */
export async function scoresOf(asked: Asked, image: Image): Promise<Float64Array> {
  const square = squareOf(image, asked);
  const logits = scope(() => {
    const x = asked.normalization
      ? normalize([square], asked.normalization)
      : tensor(square.data, [1, square.height, square.width, 3], { dtype: "uint8" });
    return noGrad(() => asked.run(x)).data();
  });
  return softmaxOf(await logits);
}

/** Place of the largest; the first of equals. */
export const likeliestOf = (scores: ArrayLike<number>): number =>
  Array.from(scores).reduce((best, score, i) => (score > scores[best]! ? i : best), 0);
