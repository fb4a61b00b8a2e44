/**
 * Batch normalisation, as functions.
 */
import type { Tensor } from "../../tensor/tensor.js";
import { apply } from "../apply.js";

/** The numbers of a batch normalisation. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}

/**
 * Normalises x [..., C] by its own batch -> y, mean [C], biased variance [C].
 *
 * @example
 * ```ts
 * const [y, mean, variance] = batchNorm(rand([4, 5, 5, 8]), ones([8]), zeros([8]));
 * console.log(y.shape, mean.shape, variance.shape); // [4, 5, 5, 8] [8] [8]
 * ```
 */
export const batchNorm = (x: Tensor, gamma: Tensor, beta: Tensor, { eps = 1e-5 }: BatchNormOptions = {}) =>
  apply("batchNorm", [x, gamma, beta], { eps });

/** Normalises x [..., C] by given statistics [C]. */
export const batchNormEval = (
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  runningMean: Tensor,
  runningVar: Tensor,
  { eps = 1e-5 }: BatchNormOptions = {},
): Tensor => apply("batchNormEval", [x, gamma, beta, runningMean, runningVar], { eps })[0];
