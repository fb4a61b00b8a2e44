/**
 * Normalisation: batch normalisation over all axes but the last, layer normalisation over the last.
 */
import type { NoAttrs, Spec } from "./kinds.js";

export interface EpsAttrs {
  readonly eps: number;
}
export interface NormalisationOps {
  /** x [..., C], gamma, beta [C] -> y, batch mean [C], biased batch variance [C]. */
  batchNorm: Spec<["x", "gamma", "beta"], EpsAttrs, ["y", "mean", "variance"]>;
  batchNormGrad: Spec<["dy", "x", "gamma", "mean", "variance"], EpsAttrs, ["dx", "dgamma", "dbeta"]>;
  /** The same with given statistics, as in evaluation. */
  batchNormEval: Spec<["x", "gamma", "beta", "mean", "variance"], EpsAttrs>;
  /** x [..., C], gamma, beta [C] -> y, and of each row [...] its mean and 1 / sqrt(biased variance + eps). */
  layerNorm: Spec<["x", "gamma", "beta"], EpsAttrs, ["y", "mean", "inverseStd"]>;
  layerNormGrad: Spec<["dy", "x", "gamma", "mean", "inverseStd"], NoAttrs, ["dx", "dgamma", "dbeta"]>;
}
