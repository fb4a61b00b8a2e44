/**
 * What one picture shows: decoded, cut to the size that the model is for, normalised, and its classes by score. Runs in Node and
 * in a tab.
 */
import { noGrad } from "../autograd/tape.js";
import type { Image } from "../data/codecs/image.js";
import { type PictureInput, readImage } from "../data/codecs/read-image.js";
import { applyTransform, evalTransform } from "../data/transforms/index.js";
import { expectChannels, type NormalizeOptions, normalize } from "../data/transforms/normalize.js";
import { Classifier, nameOf } from "../models/index.js";
import type { Recipe } from "../models/recipe.js";
import type { Module } from "../nn/module.js";
import type { TypedArray } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import { ShapeError, UsageError } from "../util/errors.js";
import { type ImageSizes, imageSizes } from "./recipes/image-sizes.js";
import { problemOfLogits } from "./steps/finite.js";

/** A class with its probability. */
export interface Classification {
  /** Its name, or its index as text where no names are known. */
  readonly label: string;
  readonly index: number;
  /** Softmax of the logits, 0 to 1. */
  readonly score: number;
}

/** A model with what its file says of it: what loadModelFile() of tensorone/node gives. */
export interface DescribedModel {
  readonly model: Module;
  readonly classes: readonly string[] | null;
  readonly info: { readonly images: Recipe["images"] | null };
}

/** How classify() looks at a picture, and what it answers. */
export interface ClassifyOptions extends NormalizeOptions {
  /** How many classes, the likeliest first. Default 5. */
  readonly topK?: number;
  /** In the order of the logits. Default: those of the model's file. */
  readonly classNames?: readonly string[];
  /** Side of the square that the model sees. Default: what its file says, or else its published recipe. */
  readonly imageSize?: number;
  /** Short side of the picture before the crop. Default: in the proportion of the recipe, 256 for 224. */
  readonly resizeSize?: number;
}

/** The `topK` likeliest of `scores`, equal ones in their order. */
export function likeliest(
  scores: ArrayLike<number>,
  names: readonly string[] | null | undefined,
  topK: number,
): Classification[] {
  return Array.from(scores, (score, index) => ({ label: names?.[index] ?? String(index), index, score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, topK);
}

function softmaxOf(logits: Float64Array): Float64Array {
  const largest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const exponentials = logits.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

function sizesOf(model: Module, images: Recipe["images"] | null, options: ClassifyOptions): ImageSizes {
  const { imageSize, resizeSize } = options;
  const name = model instanceof Classifier ? nameOf(model) : "custom";
  let sizes: ImageSizes;
  if (images !== null || name !== "custom") sizes = imageSizes(name, images, imageSize);
  else if (imageSize === undefined)
    throw new UsageError(
      `classify: no imageSize, and ${model.constructor.name} is no published model, expected the side of the pictures that it was trained on`,
      "classify(model, picture, { imageSize: 224 })",
    );
  else sizes = { imageSize, resizeSize: Math.round((imageSize * 256) / 224) };
  return { ...sizes, ...(resizeSize !== undefined && { resizeSize }) };
}

const isDescribed = (subject: Module | DescribedModel): subject is DescribedModel =>
  "model" in subject && "info" in subject;

function expectNames(names: readonly string[] | null | undefined, classes: number): void {
  if (names && names.length !== classes)
    throw new UsageError(`classify: ${names.length} classNames, expected one for each of ${classes} classes`);
}

/**
 * The likeliest classes of one picture, by a model in evaluation mode, whose own mode is put back: [1, H, W, 3] -> [1, K]. Throws
 * DataError for a picture that cannot be read and for a path in a tab, UsageError for a model of no known image size,
 * NonFiniteError for logits that are no numbers.
 *
 * @example
 * <!-- test: given picture from test/docs/given/images.ts -->
 * ```ts
 * const model = models.createModel("mobileone_s0", { numClasses: 2, seed: 0 });
 * const [best] = await classify(model, picture, { classNames: ["cat", "dog"], imageSize: 64 }); // or a path, or a Blob
 * console.log(best?.label, best?.score);
 * ```
 */
export async function classify(
  subject: Module | DescribedModel,
  picture: PictureInput,
  options: ClassifyOptions = {},
): Promise<Classification[]> {
  const { model, classes, info } = isDescribed(subject) ? subject : { model: subject, classes: null, info: null };
  const { topK = 5, classNames = classes } = options;
  if (!Number.isInteger(topK) || topK < 1) throw new UsageError(`classify: topK ${topK}, expected at least 1`);
  expectChannels("classify", options);
  if (model instanceof Classifier) {
    expectNames(classNames, model.numClasses);
    if (model.inChannels !== 3)
      throw new UsageError(
        `classify: the model takes images of ${model.inChannels} channels, expected 3, which pictures have`,
      );
  }
  const transform = evalTransform(sizesOf(model, info?.images ?? null, options));
  const image = await readImage(picture, "classify");
  // a transform may change the pixels that it is given, and these may be the caller's
  const own: Image = image === picture ? { ...image, data: image.data.slice() } : image;
  const square = applyTransform(transform, own);
  const wasTraining = model.training;
  let logits: Promise<TypedArray>;
  try {
    model.eval();
    logits = scope(() => {
      const y = noGrad(() => model.forward(normalize([square], options)));
      if (y.rank !== 2 || y.shape[0] !== 1)
        throw new ShapeError(`classify: the model gives [${y.shape.join(", ")}], expected logits [1, classes]`);
      expectNames(classNames, y.shape[1]!);
      return y.data();
    });
  } finally {
    model.train(wasTraining);
  }
  const values = await logits;
  const problem = problemOfLogits("classify", values, 1, () => "the picture");
  if (problem) throw problem;
  return likeliest(softmaxOf(Float64Array.from(values, Number)), classNames, topK);
}
