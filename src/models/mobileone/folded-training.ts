/**
 * A block's training forward through the moments of its input patches (docs/folded-training.md): the same function of x and
 * of every parameter as the sum of its branches, the same running statistics, with one convolution instead of one per branch and no
 * normalisation of any activation. block.ts keeps the branch-by-branch form, which is the oracle of this one.
 */
import { noGrad } from "../../autograd/tape.js";
import { conv2dBias } from "../../chapters/epilogue.js";
import { foldBranches, patchMoments } from "../../chapters/folds.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Branches, convNormsOf, normsOf } from "./branches.js";

/** Whether the block's batch norms all use batch statistics, without which there is nothing to fold. */
export const isFoldable = (block: Branches): boolean => normsOf(block).every((norm) => norm.training);

/**
 * activation(Σ branches(x)), [N, H, W, Cin] -> [N, OH, OW, Cout]; moves the running statistics of every branch.
 */
export function foldedBranches(block: Branches, x: Tensor, activation: "none" | "relu"): Tensor {
  const { kernelSize, stride, padding, dilation, groups } = block.spec;
  const geometry = { stride, padding, dilation, groups };
  const norms = normsOf(block);
  const kernels = [...(block.skip ? [null] : []), ...convNormsOf(block).map(({ conv }) => conv.weight)];
  const branches = norms.map(({ weight: gamma, bias: beta }, i) => ({ gamma, beta, kernel: kernels[i]! }));
  const moments = patchMoments(x, kernelSize, geometry);
  const folded = foldBranches(moments, branches, { kernelSize, groups, eps: norms[0]!.eps });
  const y = conv2dBias(x, folded.weight, folded.bias, { ...geometry, activation });
  const channels = y.shape[3]!;
  const ofBranch = (statistics: Tensor, i: number): Tensor => statistics.alias([channels], i * channels);
  noGrad(() =>
    norms.forEach((norm, i) => {
      norm.track(ofBranch(folded.means, i), ofBranch(folded.variances, i), y.size / channels);
    }),
  );
  return y;
}
