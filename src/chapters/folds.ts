/**
 * Patch moments and folded branches, as functions.
 */

import type { Conv2dOptions } from "../ops/functional/products.js";
import { pair } from "../ops/functional/window.js";
import type { Attrs, Pair } from "../ops/spec/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError } from "../util/errors.js";
import { apply } from "./folds-ops.js";

/** The window of a convolution whose patches are described; padding is alike on opposite sides. */
export interface PatchOptions extends Omit<Conv2dOptions, "padding"> {
  readonly padding?: number | Pair;
}

const patchAttrs = (kernelSize: number | Pair, options: PatchOptions): Attrs<"patchMoments"> => ({
  kernelSize: pair(kernelSize),
  stride: pair(options.stride ?? 1),
  padding: pair(options.padding ?? 0),
  dilation: pair(options.dilation ?? 1),
  groups: options.groups ?? 1,
});

/**
 * The statistics of the patches that a convolution of x [N, H, W, Cin] sees: mean [groups, K] and centred, biased
 * covariance [groups, K, K], K = KH·KW·Cin/groups, both float64 on every backend.
 */
export const patchMoments = (x: Tensor, kernelSize: number | Pair, options: PatchOptions = {}) =>
  apply("patchMoments", [x], patchAttrs(kernelSize, options));

/** One branch of a block: a kernel and the γ and β [Cout] of the batch normalisation after it. */
export interface FoldedBranch {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  /** [KH or 1, KW or 1, Cin/groups, Cout]; null where the branch passes its input through, at most the first. */
  readonly kernel: Tensor | null;
}

/**
 * The sum of batch-normalised convolutions as one convolution, exactly (docs/folded-training.md 1): weight
 * [KH, KW, Cin/groups, Cout], bias [Cout], and the batch mean and biased variance of each branch [B, Cout].
 */
export function foldBranches(
  [mean, covariance]: readonly [Tensor, Tensor],
  branches: readonly FoldedBranch[],
  { kernelSize, groups = 1, eps = 1e-5 }: { kernelSize: number | Pair; groups?: number; eps?: number },
) {
  const kernels = branches.map(({ kernel }) => kernel);
  if (kernels.lastIndexOf(null) > 0) throw new ShapeError("foldBranches: a branch without kernel must be the first");
  const tensors = [
    ...branches.map(({ gamma }) => gamma),
    ...branches.map(({ beta }) => beta),
    ...kernels.filter((kernel) => kernel !== null),
  ];
  const attrs = { kernelSize: pair(kernelSize), groups, eps, hasIdentity: kernels[0] === null };
  const [weight, bias, means, variances] = apply("foldBranches", [mean, covariance, ...tensors], attrs);
  return { weight, bias, means, variances };
}
