/**
 * Folding on the host, in float64 (Vasu et al. 2023, section 3.2; Ding et al. 2021, section 3.3; docs/recipe.md 2.3): a
 * convolution with a batch norm behind it is a kernel and a bias, and a sum of such branches is the sum of theirs. Plain
 * arrays, no tensors made.
 *
 *   σ = √(running variance + eps)     W' = W·γ/σ     b' = β − μ·γ/σ     per output channel
 */
import type { BatchNorm2d } from "../../nn/batch-norm.js";
import type { Conv2d } from "../../nn/conv.js";
import type { Module } from "../../nn/module.js";
import { update } from "../../ops/apply.js";
import type { Tensor } from "../../tensor/tensor.js";
import { TensoroneError } from "../../util/errors.js";

/** A model or block that cannot be folded; says why. */
export class FoldError extends TensoroneError {}

export interface FoldedBlock {
  /** [KH, KW, Cin/groups, Cout]. */
  readonly weight: Float64Array;
  /** [Cout]. */
  readonly bias: Float64Array;
}

/** The convolution that the branches are folded into. */
export interface FoldShape {
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly groups: number;
}

/** A batch norm behind a convolution; behind nothing, where the branch passes its input through. */
export interface FoldBranch {
  readonly name: string;
  readonly norm: BatchNorm2d;
  readonly conv: Conv2d | null;
}

const read = async (tensor: Tensor): Promise<Float64Array> => Float64Array.from(await tensor.data());

/** The middle of a K×K kernel, where a 1×1 kernel lands when it is padded with zeros. */
const centreTap = (kernelSize: number): number => Math.floor(kernelSize ** 2 / 2);

/** The 1×1 kernel that passes its input through: output c reads input c of its group. */
function identityKernel({ inChannels, outChannels, groups }: FoldShape): Float64Array {
  const perGroup = inChannels / groups;
  const kernel = new Float64Array(perGroup * outChannels);
  for (let c = 0; c < outChannels; c++) kernel[(c % perGroup) * outChannels + c] = 1;
  return kernel;
}

/** The one kernel and bias that do what all branches do in evaluation. Throws FoldError for unusable statistics. */
export async function foldBranches(shape: FoldShape, branches: readonly FoldBranch[]): Promise<FoldedBlock> {
  const { outChannels, inChannels, groups, kernelSize, name } = shape;
  const weight = new Float64Array((kernelSize ** 2 * inChannels * outChannels) / groups);
  const bias = new Float64Array(outChannels);
  for (const branch of branches) {
    const { norm, conv } = branch;
    // [taps, Cin/groups, Cout]
    const kernel = conv ? await read(conv.weight) : identityKernel(shape);
    const firstTap = kernel.length === weight.length ? 0 : centreTap(kernelSize);
    const [gamma, beta, mean, variance] = (await Promise.all(
      [norm.weight, norm.bias, norm.runningMean, norm.runningVar].map(read),
    )) as [Float64Array, Float64Array, Float64Array, Float64Array];
    const offset = firstTap * (inChannels / groups) * outChannels;
    for (let c = 0; c < outChannels; c++) {
      const scale = gamma[c]! / Math.sqrt(variance[c]! + norm.eps);
      const shift = beta[c]! - mean[c]! * scale;
      if (!Number.isFinite(scale) || !Number.isFinite(shift))
        throw new FoldError(
          `reparameterize: ${name}, ${branch.name} branch, channel ${c}: variance ${variance[c]}, mean ${mean[c]}, weight ${gamma[c]}, bias ${beta[c]}, expected finite numbers and a variance of at least 0`,
          "the training diverged or the checkpoint is damaged",
        );
      bias[c]! += shift;
      for (let i = c; i < kernel.length; i += outChannels) weight[offset + i]! += kernel[i]! * scale;
    }
  }
  return { weight, bias };
}

/** Folds the branches into `target`, rounding once to its dtype. */
export async function foldInto(target: Conv2d, shape: FoldShape, branches: readonly FoldBranch[]): Promise<void> {
  const { weight, bias } = await foldBranches(shape, branches);
  target.weight.write(weight);
  target.bias!.write(bias);
}

/** Copies what both forms have alike. */
export function copyState(from: Module, to: Module): void {
  const source = from.stateDict();
  for (const [name, tensor] of to.stateDict()) update("assign", [tensor, source.get(name)!], {});
}
