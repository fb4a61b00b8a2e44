/**
 * What one picture shows: decoded, cut to the size that the model is for, normalised, and its classes by score. Runs in Node and
 * in a tab.
 */
import { noGrad } from "../autograd/tape.js";
import type { PictureInput } from "../data/codecs/read-image.js";
import { normalize } from "../data/transforms/normalize.js";
import type { Module } from "../nn/module.js";
import type { TypedArray } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import { ShapeError, UsageError } from "../util/errors.js";
import { type DescribedModel, expectNames, type SeeingOptions, seePicture } from "./looking/seen-picture.js";
import { type Classification, likeliest } from "./metrics/classification.js";
import { softmaxOf } from "./metrics/predictions.js";
import { problemOfLogits } from "./steps/finite.js";

/** How classify() looks at a picture, and what it answers. */
export interface ClassifyOptions extends SeeingOptions {
  /** How many classes, the likeliest first. Default 5. */
  readonly topK?: number;
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
  const { topK = 5 } = options;
  if (!Number.isInteger(topK) || topK < 1) throw new UsageError(`classify: topK ${topK}, expected at least 1`);
  const { model, classNames, square } = await seePicture("classify", subject, picture, options);
  const wasTraining = model.training;
  let logits: Promise<TypedArray>;
  try {
    model.eval();
    logits = scope(() => {
      const y = noGrad(() => model.forward(normalize([square], options)));
      if (y.rank !== 2 || y.shape[0] !== 1)
        throw new ShapeError(`classify: the model gives [${y.shape.join(", ")}], expected logits [1, classes]`);
      expectNames("classify", classNames, y.shape[1]!);
      return y.data();
    });
  } finally {
    model.train(wasTraining);
  }
  const values = await logits;
  const problem = problemOfLogits("classify", values, 1, () => "the picture");
  if (problem) throw problem;
  return likeliest(softmaxOf(values), classNames, topK);
}
