/** A folded MobileOne block as the first branch of a training form's. */
import { noGrad } from "../../autograd/tape.js";
import * as F from "../../ops/functional/index.js";
import { scope } from "../../tensor/scope.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Block } from "../classifier.js";
import { copyState, FoldError } from "../deploy/fold.js";
import { DeployedBlock, MobileOneBlock } from "./block.js";
import { normsOf } from "./branches.js";

/** Mean and unbiased variance [C] of z [N, H, W, C], which batch norm keeps. */
async function momentsOf(z: () => Tensor): Promise<readonly [mean: Float64Array, variance: Float64Array]> {
  const parts = noGrad(() =>
    scope(() => {
      const all = z();
      const mean = F.mean(all, [0, 1, 2], { keepDims: true });
      const centred = F.sub(all, mean);
      const count = all.size / all.shape[3]!;
      const squares = F.sum(F.mul(centred, centred), [0, 1, 2]);
      return [mean.data(), F.mul(squares, 1 / Math.max(1, count - 1)).data()] as const;
    }),
  );
  const [mean, variance] = await Promise.all(parts);
  return [Float64Array.from(mean as ArrayLike<number>), Float64Array.from(variance as ArrayLike<number>)];
}

/**
 * Fills a block of the training form so that it does what `source` does, [N, H, W, Cin] -> [N, OH, OW, Cout]; batch norms of the
 * other branches scale by 0. Throws FoldError for blocks of other classes.
 */
export async function unfoldBlock(source: Block, target: Block, x: Tensor): Promise<void> {
  if (!(source instanceof DeployedBlock) || !(target instanceof MobileOneBlock))
    throw new FoldError(
      `unfold: ${source.spec.name} is a ${source.constructor.name}, expected a folded MobileOne block`,
    );
  const { conv } = source;
  const [mean, variance] = await momentsOf(() => F.conv2d(x, conv.weight, conv.options));
  const bias = Float64Array.from((await conv.bias!.data()) as ArrayLike<number>);
  const [first] = target.convs;
  for (const norm of normsOf(target)) norm.weight.write(new Float64Array(norm.weight.size));
  const { norm } = first!;
  first!.conv.weight.write(await conv.weight.data());
  norm.runningMean.write(mean);
  norm.runningVar.write(variance);
  // γ / √(variance + eps) = 1 and β − mean = bias, as evaluation has them
  norm.weight.write(variance.map((value) => Math.sqrt(value + norm.eps)));
  norm.bias.write(bias.map((value, c) => value + mean[c]!));
  if (source.squeezeExcite) copyState(source.squeezeExcite, target.squeezeExcite!);
}
