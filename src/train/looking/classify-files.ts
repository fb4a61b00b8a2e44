/** The classes that a model sees in files of pictures, as they come. Node only. */
import { Classifier } from "../../models/index.js";
import type { Module } from "../../nn/module.js";
import { type DataError, UsageError } from "../../util/errors.js";
import { type Classification, likeliest } from "../metrics/classification.js";
import { softmaxOf } from "../metrics/predictions.js";
import { type Paths, type PictureRunOptions, runPictures } from "./run-pictures.js";
import { type DescribedModel, describe, expectNames, type SeeingOptions, sizesOf } from "./seen-picture.js";

/** How classifyFiles() looks at pictures, and what it answers. */
export interface ClassifyFilesOptions extends SeeingOptions, PictureRunOptions {
  /** How many classes, the likeliest first. Default 5. */
  readonly topK?: number;
}

/** A picture with its classes, or with what is wrong with it. */
export type ClassifiedFile =
  | { readonly path: string; readonly classes: readonly Classification[]; readonly problem: null }
  | { readonly path: string; readonly classes: null; readonly problem: DataError };

/**
 * The likeliest classes of each picture, in the order of `paths`, batch by batch as they are known: a picture that cannot be read has
 * a `problem` instead. Throws UsageError for a model of no known image size, NonFiniteError for logits that are no numbers.
 *
 * @example
 * <!-- test: given root from test/docs/given/images.ts -->
 * ```ts
 * import { classifyFiles, models, openDataset } from "tensorone/node";
 * const model = models.createModel("mobileone_s0", { numClasses: 2, seed: 0 });
 * const paths = openDataset("imagenet", "val").samples.map(({ path }) => path);
 * for await (const { path, classes, problem } of classifyFiles(model, paths, { imageSize: 32, classNames: ["cat", "dog"] }))
 *   console.log(path, problem ? problem.summary : classes[0]?.label);
 * ```
 */
export async function* classifyFiles(
  subject: Module | DescribedModel,
  paths: Paths,
  options: ClassifyFilesOptions = {},
): AsyncGenerator<ClassifiedFile> {
  const { topK = 5, where = "classifyFiles" } = options;
  if (!Number.isInteger(topK) || topK < 1) throw new UsageError(`${where}: topK ${topK}, expected at least 1`);
  const { model, classNames, images } = describe(subject, options);
  if (model instanceof Classifier) expectNames(where, classNames, model.numClasses);
  const sizes = sizesOf(where, model, images, options);
  const program = { where, model, sizes, forward: (x: Parameters<Module["forward"]>[0]) => model.forward(x) };
  for await (const rows of runPictures(program, paths, options))
    for (const { path, row, problem } of rows) {
      if (problem) yield { path, classes: null, problem };
      else yield { path, classes: likeliest(softmaxOf(row), classNames, topK), problem: null };
    }
}
