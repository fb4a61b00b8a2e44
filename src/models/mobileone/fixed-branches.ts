/**
 * A block whose batch norms go by their running statistics while it is in training: frozen, or under normEval. Every branch is
 * then a plain linear map, so their sum is one convolution, whose kernel is computed anew from the parameters at each call and
 * which has gradients where these want them. The same function as branch by branch, up to rounding.
 */
import { conv2dBias } from "../../chapters/epilogue.js";
import * as F from "../../ops/functional/index.js";
import type { Pair } from "../../ops/spec/index.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Branches, convNormsOf, normsOf } from "./branches.js";

/** Whether no batch norm of the block goes by its batch. */
export const isFixed = (block: Branches): boolean => normsOf(block).every((norm) => !norm.training);

/** A 1×1 kernel in the middle of K×K zeros. */
function centred(kernel: Tensor, kernelSize: number): Tensor {
  const rim = (kernelSize - kernel.shape[0]!) / 2;
  const side: Pair = [rim, rim];
  return rim === 0 ? kernel : F.pad(kernel, [side, side, [0, 0], [0, 0]]);
}

/** The kernel that passes a block's input through, times s [C]: [1, 1, C/groups, C]. */
function passingKernel(s: Tensor, groups: number): Tensor {
  const perGroup = s.size / groups;
  const rows = perGroup === 1 ? s : F.sum(F.reshape(F.diag(s), [groups, perGroup, s.size]), 0);
  return F.reshape(rows, [1, 1, perGroup, s.size]);
}

/** activation(Σ branches(x)) by the running statistics, [N, H, W, Cin] -> [N, OH, OW, Cout]; in a scope of the caller's. */
export function fixedBranches(block: Branches, x: Tensor, activation: "none" | "relu"): Tensor {
  const { kernelSize, stride, padding, dilation, groups } = block.spec;
  const kernels = [...(block.skip ? [null] : []), ...convNormsOf(block).map(({ conv }) => conv.weight)];
  const parts = normsOf(block).map((norm, i) => {
    const scale = F.mul(norm.weight, F.rsqrt(F.add(norm.runningVar, norm.eps)));
    const kernel = kernels[i] ? F.mul(kernels[i], scale) : passingKernel(scale, groups);
    return { weight: centred(kernel, kernelSize), bias: F.sub(norm.bias, F.mul(norm.runningMean, scale)) };
  });
  const weight = parts.map((part) => part.weight).reduce((sum, one) => F.add(sum, one));
  const bias = parts.map((part) => part.bias).reduce((sum, one) => F.add(sum, one));
  return conv2dBias(x, weight, bias, { stride, padding, dilation, groups, activation });
}
