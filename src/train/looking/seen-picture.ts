/**
 * A picture as a model sees it: decoded, cut to the square that the model is for. Runs in Node and in a tab.
 */
import type { Image } from "../../data/codecs/image.js";
import { type PictureInput, readImage } from "../../data/codecs/read-image.js";
import { applyTransform, evalTransform } from "../../data/transforms/index.js";
import { expectChannels, type NormalizeOptions } from "../../data/transforms/normalize.js";
import { Classifier, nameOf } from "../../models/index.js";
import type { Recipe } from "../../models/recipe.js";
import type { Module } from "../../nn/module.js";
import { UsageError } from "../../util/errors.js";
import { type ImageSizes, imageSizes } from "../recipes/image-sizes.js";

/** A model with what its file says of it: what loadModelFile() of tensorone/node gives. */
export interface DescribedModel {
  readonly model: Module;
  readonly classes: readonly string[] | null;
  readonly info: { readonly images: Recipe["images"] | null };
}

/** How a picture is looked at. */
export interface SeeingOptions extends NormalizeOptions {
  /** In the order of the logits. Default: those of the model's file. */
  readonly classNames?: readonly string[];
  /** Side of the square that the model sees. Default: what its file says, or else its published recipe. */
  readonly imageSize?: number;
  /** Short side of the picture before the crop. Default: in the proportion of the recipe, 256 for 224. */
  readonly resizeSize?: number;
}

/** A model and a picture for it. */
export interface SeenPicture {
  readonly model: Module;
  readonly classNames: readonly string[] | null;
  /** The square, pixels of its own. */
  readonly square: Image;
}

/** The sides at which a model sees pictures. Throws UsageError where nothing says. */
export function sizesOf(
  where: string,
  model: Module,
  images: Recipe["images"] | null,
  options: SeeingOptions,
): ImageSizes {
  const { imageSize, resizeSize } = options;
  const name = model instanceof Classifier ? nameOf(model) : "custom";
  let sizes: ImageSizes;
  if (images !== null || name !== "custom") sizes = imageSizes(name, images, imageSize);
  else if (imageSize === undefined)
    throw new UsageError(
      `${where}: no imageSize, and ${model.constructor.name} is no published model, expected the side of the pictures that it was trained on`,
      `${where}(model, picture, { imageSize: 224 })`,
    );
  else sizes = { imageSize, resizeSize: Math.round((imageSize * 256) / 224) };
  return { ...sizes, ...(resizeSize !== undefined && { resizeSize }) };
}

const isDescribed = (subject: Module | DescribedModel): subject is DescribedModel =>
  "model" in subject && "info" in subject;

/** What is known of a model: names that are given count before those of its file. */
export function describe(
  subject: Module | DescribedModel,
  options: SeeingOptions,
): {
  readonly model: Module;
  readonly classNames: readonly string[] | null;
  readonly images: Recipe["images"] | null;
} {
  const { model, classes, info } = isDescribed(subject) ? subject : { model: subject, classes: null, info: null };
  return { model, classNames: options.classNames ?? classes, images: info?.images ?? null };
}

/** Throws UsageError for another number of names than of classes. */
export function expectNames(where: string, names: readonly string[] | null | undefined, classes: number): void {
  if (names && names.length !== classes)
    throw new UsageError(`${where}: ${names.length} classNames, expected one for each of ${classes} classes`);
}

/**
 * Reads and cuts a picture for a model. Throws DataError for a picture that cannot be read and for a path in a tab, UsageError
 * for a model of no known image size, of other channels than 3, or of another number of classes than names.
 */
export async function seePicture(
  where: string,
  subject: Module | DescribedModel,
  picture: PictureInput,
  options: SeeingOptions,
): Promise<SeenPicture> {
  const { model, classNames, images } = describe(subject, options);
  expectChannels(where, options);
  if (model instanceof Classifier) {
    expectNames(where, classNames, model.numClasses);
    if (model.inChannels !== 3)
      throw new UsageError(
        `${where}: the model takes images of ${model.inChannels} channels, expected 3, which pictures have`,
      );
  }
  const transform = evalTransform(sizesOf(where, model, images, options));
  const image = await readImage(picture, where);
  // a transform may change the pixels that it is given, and these may be the caller's
  const own: Image = image === picture ? { ...image, data: image.data.slice() } : image;
  return { model, classNames, square: applyTransform(transform, own) };
}
