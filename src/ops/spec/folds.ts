/**
 * Sums of batch-normalised convolutions, folded through the moments of their patches (docs/folded-training.md 1). A
 * patch has K = KH·KW·Cin/groups numbers, tap after tap, as a kernel [K, Cout] has; moments are float64. "...branches" is
 * the γ [Cout] of every branch, then the β of every branch, then the kernels [KH or 1, KW or 1, Cin/groups, Cout].
 */
import type { Pair, Spec } from "./kinds.js";
import type { EpsAttrs } from "./normalisation.js";
import type { Conv2dAttrs } from "./products.js";

/** Which patches: those that a convolution with this geometry multiplies with its kernel. */
export interface PatchAttrs extends Omit<Conv2dAttrs, "paddingEnd"> {
  readonly kernelSize: Pair;
}
export interface FoldAttrs extends EpsAttrs {
  readonly kernelSize: Pair;
  readonly groups: number;
  /** The first branch is a batch norm of the input itself: it has a γ and a β but no kernel. */
  readonly hasIdentity: boolean;
}
/** What made a folded block's input: "relu" a relu, "biasRelu" one behind a bias whose gradient is wanted as well. */
export interface BehindAttrs {
  readonly behind: "none" | "relu" | "biasRelu";
}
export interface FoldOps {
  /** x [N, H, W, Cin] -> mean [groups, K], centred biased covariance [groups, K, K]; padding counts as zeros. */
  patchMoments: Spec<["x"], PatchAttrs, ["mean", "covariance"]>;
  patchMomentsGrad: Spec<["x", "mean", "dmean", "dcovariance"], PatchAttrs, ["dx"]>;
  /**
   * All that reaches the input x of a folded block: conv2dInputGrad(dy, w) + patchMomentsGrad(x, mean, dmean, dcovariance).
   * Behind a relu it is 0 where x <= 0, and "biasRelu" adds its sum over all positions [Cin].
   */
  foldedInputGrad: Spec<
    ["dy", "w", "x", "mean", "dmean", "dcovariance"],
    PatchAttrs & BehindAttrs,
    ["dx", ...dbias: string[]]
  >;
  /**
   * weight [KH, KW, Cin/groups, Cout] and bias [Cout] of the one convolution that does what all branches do; the batch
   * mean and biased variance of each branch [B, Cout]; covariance · kernel of each branch [B, K, Cout], which its gradient uses.
   */
  foldBranches: Spec<
    ["mean", "covariance", ...branches: string[]],
    FoldAttrs,
    ["weight", "bias", "means", "variances", "projections"]
  >;
  /** -> dγ [B, Cout], then one gradient per kernel; dβ of every branch is dbias. */
  foldBranchesGrad: Spec<
    ["dweight", "dbias", "mean", "variances", "projections", ...branches: string[]],
    FoldAttrs,
    ["dgammas", ...dkernels: string[]]
  >;
  /** What reaches the moments. */
  foldMomentsGrad: Spec<
    ["dgammas", "dbias", "weight", "variances", ...branches: string[]],
    FoldAttrs,
    ["dmean", "dcovariance"]
  >;
}
