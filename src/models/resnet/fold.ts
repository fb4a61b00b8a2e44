/** Which batch norms a block of ResNet folds: each into the convolution before it. The sum and its ReLUs stay. */
import type { Block } from "../classifier.js";
import { FoldError, foldInto } from "../deploy/fold.js";
import { BasicBlock, type ConvNorm, Stem } from "./blocks.js";

/** Throws FoldError for blocks of another class, or unusable statistics. */
export async function foldBlock(source: Block, target: Block): Promise<void> {
  const { name } = source.spec;
  const pairs = foldablePairs(source, target);
  if (!pairs)
    throw new FoldError(
      `reparameterize: ${name} is a ${source.constructor.name}, expected a Stem or a BasicBlock`,
      "only plain blocks of ResNet are known to be linear between their ReLUs",
    );
  for (const { from, to } of pairs) {
    const { names, conv, norm } = from;
    if (!norm) throw new FoldError(`reparameterize: ${name}.${names[0]} has no batch norm, there is nothing to fold`);
    const [kernelSize, , inChannels, outChannels] = conv.weight.shape as [number, number, number, number];
    const shape = { name, kernelSize, inChannels, outChannels, groups: 1 };
    await foldInto(to.conv, shape, [{ name: names[0], conv, norm }]);
  }
}

/** null for a class that may do more than its convolutions. */
const convsOf = (block: Block): readonly ConvNorm[] | null =>
  (block instanceof Stem && block.constructor === Stem) ||
  (block instanceof BasicBlock && block.constructor === BasicBlock)
    ? block.convs
    : null;

function foldablePairs(source: Block, target: Block): { from: ConvNorm; to: ConvNorm }[] | null {
  const [from, to] = [convsOf(source), convsOf(target)];
  if (!from || !to || source.constructor !== target.constructor) return null;
  return from.map((one, i) => ({ from: one, to: to[i]! }));
}
