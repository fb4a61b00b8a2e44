/** Which branches a RepVGG block folds, and into what (Ding et al. 2021, section 3.3). */
import type { Block } from "../classifier.js";
import { FoldError, foldInto } from "../deploy/fold.js";
import { DeployedRepVggBlock, RepVggBlock } from "./block.js";

/** Throws FoldError for a block of another class, or unusable statistics. */
export async function foldBlock(source: Block, target: Block): Promise<void> {
  if (
    !(source instanceof RepVggBlock) ||
    source.constructor !== RepVggBlock ||
    !(target instanceof DeployedRepVggBlock)
  )
    throw new FoldError(
      `reparameterize: ${source.spec.name} is a ${source.constructor.name}, expected a RepVggBlock`,
      "only plain RepVGG blocks are known to be linear up to their ReLU",
    );
  const { dense, pointwise, identity } = source;
  await foldInto(target.conv, source.spec, [
    { name: "3x3", conv: dense.conv, norm: dense.norm },
    { name: "1x1", conv: pointwise.conv, norm: pointwise.norm },
    ...(identity ? [{ name: "identity", conv: null, norm: identity }] : []),
  ]);
}
