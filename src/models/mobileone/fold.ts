/**
 * Folding one block on the host, in float64 (Vasu et al. 2023, section 3.2; docs/recipe.md 2.3): every branch is a convolution
 * with a batch norm behind it, so it is a kernel and a bias, and the block is their sum. Plain arrays, no tensors made.
 *
 *   σ = √(running variance + eps)     W' = W·γ/σ     b' = β − μ·γ/σ     per output channel
 */
import type { BatchNorm2d } from "../../nn/batch-norm.js";
import type { Tensor } from "../../tensor/tensor.js";
import { TensoroneError } from "../../util/errors.js";
import type { ConvNorm, MobileOneBlock } from "./block.js";
import type { BlockSpec } from "./variants.js";

/** A model or block that cannot be folded; says why. */
export class FoldError extends TensoroneError {}

export interface FoldedBlock {
  /** [KH, KW, Cin/groups, Cout]. */
  readonly weight: Float64Array;
  /** [Cout]. */
  readonly bias: Float64Array;
}

const read = async (tensor: Tensor): Promise<Float64Array> => Float64Array.from(await tensor.data());

/** Kernel of a branch whose taps start at `firstTap` of the block's kernel. */
interface Branch {
  readonly name: string;
  readonly norm: BatchNorm2d;
  /** [taps, Cin/groups, Cout]. */
  readonly kernel: Float64Array;
  readonly firstTap: number;
}

/** The middle of a K×K kernel, where a 1×1 kernel lands when it is padded with zeros. */
const centreTap = ({ kernelSize }: BlockSpec): number => Math.floor(kernelSize ** 2 / 2);

/** The 1×1 kernel that passes its input through: output c reads input c of its group. */
function identityKernel({ inChannels, outChannels, groups }: BlockSpec): Float64Array {
  const perGroup = inChannels / groups;
  const kernel = new Float64Array(perGroup * outChannels);
  for (let c = 0; c < outChannels; c++) kernel[(c % perGroup) * outChannels + c] = 1;
  return kernel;
}

async function branchesOf(block: MobileOneBlock): Promise<Branch[]> {
  const { spec, skip, scale, convs } = block;
  const convBranch = async (name: string, { conv, norm }: ConvNorm, firstTap: number): Promise<Branch> => ({
    name,
    norm,
    kernel: await read(conv.weight),
    firstTap,
  });
  const branches: Branch[] = [];
  if (skip) branches.push({ name: "skip", norm: skip, kernel: identityKernel(spec), firstTap: centreTap(spec) });
  if (scale) branches.push(await convBranch("scale", scale, centreTap(spec)));
  for (const [i, conv] of convs.entries()) branches.push(await convBranch(`conv ${i}`, conv, 0));
  return branches;
}

/** The one kernel and bias that do what all branches of `block` do in evaluation. Throws FoldError for unusable statistics. */
export async function foldBlock(block: MobileOneBlock): Promise<FoldedBlock> {
  const { outChannels, inChannels, groups, kernelSize, name } = block.spec;
  const weight = new Float64Array((kernelSize ** 2 * inChannels * outChannels) / groups);
  const bias = new Float64Array(outChannels);
  for (const branch of await branchesOf(block)) {
    const { norm, kernel, firstTap } = branch;
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
