/**
 * Passes that compile() makes of batch norms and what is around them: statistics apart from their use, a sum of branches in
 * one pass, the gradient's sums of all branches in one pass. Coefficients are vectors over channels, stacked.
 */

import type { BehindAttrs } from "./folds.js";
import type { Spec } from "./kinds.js";
import type { EpsAttrs } from "./normalisation.js";
import type { ActivationAttrs } from "./products.js";

export interface TermsAttrs extends ActivationAttrs {
  /** Of each term, whether it is normalised; others are added as they are. */
  readonly normalized: readonly boolean[];
}
export interface BranchesAttrs {
  /** Of each branch. */
  readonly eps: readonly number[];
}
export interface SkipAttrs extends BehindAttrs {
  /** The input of the convolution is a branch itself, through a batch norm. */
  readonly hasSkip: boolean;
}
export interface NormPassOps {
  /** x [..., C], gamma, beta [C] -> batch mean and biased variance [C], and centre, scale, shift [3, C] of batchNorm's y. */
  batchNormStatistics: Spec<["x", "gamma", "beta"], EpsAttrs, ["mean", "variance", "coefficients"]>;
  /** A pointwise convolution, x [N, H, W, Cin], w [1, 1, Cin, Cout] -> z [N, H, W, Cout], then batchNormStatistics of z. */
  conv2dStatistics: Spec<["x", "w", "gamma", "beta"], EpsAttrs, ["z", "mean", "variance", "coefficients"]>;
  /** Σ of the terms, from the first, then the activation: (x − centre)·scale + shift where normalized, else x. Terms, then coefficients. */
  batchNormSum: Spec<["x", ...terms: string[]], TermsAttrs>;
  /**
   * dy, then x, gamma, mean, variance of every branch -> dgamma, dbeta and mean, a, b, c [4, C] of every branch, where
   * batchNormGrad's dx = a·dy + b·(x − mean) + c.
   */
  batchNormGradSums: Spec<["dy", ...branches: string[]], BranchesAttrs, ["dgamma", ...others: string[]]>;
  /** a·dy + b·(x − mean) + c, coefficients [4, C]. */
  batchNormInputGrad: Spec<["dy", "x", "coefficients"], Record<string, never>>;
  /**
   * All that reaches the input x [N, H, W, Cin] of a pointwise convolution w before a batch norm of z, and of x where it has a
   * skip: dz = batchNormInputGrad(dy, z, coefficients); dx = conv2dInputGrad(dz, w) + batchNormInputGrad(dy, x, its own);
   * behind a relu 0 where x <= 0, and "biasRelu" adds its sum over all positions [Cin]. x is there for a skip and behind a relu.
   */
  normedInputGrad: Spec<
    ["dy", "z", "coefficients", "w", ...through: string[]],
    SkipAttrs,
    ["dz", "dx", ...dbias: string[]]
  >;
}
