/** What a stage of a model makes of files of pictures, averaged over places: numbers for neighbours, clusters and plots. Node only. */
import { Classifier } from "../../models/index.js";
import type { Module } from "../../nn/module.js";
import type { TypedArray } from "../../tensor/dtype.js";
import { type DataError, UsageError } from "../../util/errors.js";
import { type Paths, type PictureRunOptions, runPictures } from "./run-pictures.js";
import { type DescribedModel, describe, type SeeingOptions, sizesOf } from "./seen-picture.js";
import { stageNumber } from "./stages.js";

/** Whose output is taken. */
export interface FeatureRunOptions extends SeeingOptions, PictureRunOptions {
  /** As `featureInfo` has them, by number (negative ones from the last) or name. Default: the last, what the classifier is given. */
  readonly stage?: number | string;
}

/** A picture with its features, [channels], or with what is wrong with it. */
export type PictureFeatures =
  | { readonly path: string; readonly features: TypedArray; readonly problem: null }
  | { readonly path: string; readonly features: null; readonly problem: DataError };

/**
 * The output of a stage for each picture, its mean over all places: [H, W, 3] -> [channels], in the order of `paths`, batch by batch as
 * they are known; a picture that cannot be read has a `problem` instead. Throws UsageError for a model of no family and for a stage
 * that is not there, NonFiniteError for outputs that are no numbers.
 *
 * @example
 * <!-- test: given root from test/docs/given/images.ts -->
 * ```ts
 * import { extractFeatures, models, openDataset } from "tensorone/node";
 * const model = models.createModel("mobileone_s0", { numClasses: 2, seed: 0 });
 * const paths = openDataset("imagenet", "val").samples.map(({ path }) => path);
 * for await (const { features } of extractFeatures(model, paths, { imageSize: 32 })) console.log(features?.length); // 1024
 * ```
 */
export async function* extractFeatures(
  subject: Module | DescribedModel,
  paths: Paths,
  options: FeatureRunOptions = {},
): AsyncGenerator<PictureFeatures> {
  const { where = "extractFeatures" } = options;
  const { model, images } = describe(subject, options);
  if (!(model instanceof Classifier))
    throw new UsageError(`${where}: a ${model.constructor.name}, expected a model of a family, which has stages`);
  const stage = stageNumber(where, model, options.stage);
  const sizes = sizesOf(where, model, images, options);
  const program = {
    where,
    model,
    sizes,
    forward: (x: Parameters<Classifier["forward"]>[0]) => model.features(x, { outIndices: [stage] })[0]!.mean([1, 2]),
  };
  for await (const rows of runPictures(program, paths, options))
    for (const { path, row, problem } of rows) {
      if (problem) yield { path, features: null, problem };
      else yield { path, features: row, problem: null };
    }
}
