/** Which branches a MobileOne block folds, and into what: skip, scale and convolutions in mmpretrain's order, gates copied. */
import type { Block } from "../classifier.js";
import { copyState, type FoldBranch, FoldError, foldInto } from "../deploy/fold.js";
import { DeployedBlock, MobileOneBlock } from "./block.js";

/** The branches of `block`, each a batch norm behind a convolution or behind nothing. */
export const branchesOf = ({ skip, scale, convs }: MobileOneBlock): FoldBranch[] => [
  ...(skip ? [{ name: "skip", norm: skip, conv: null }] : []),
  ...(scale ? [{ name: "scale", norm: scale.norm, conv: scale.conv }] : []),
  ...convs.map(({ norm, conv }, i) => ({ name: `conv ${i}`, norm, conv })),
];

/** Throws FoldError for a block of another class, or unusable statistics. */
export async function foldBlock(source: Block, target: Block): Promise<void> {
  if (
    !(source instanceof MobileOneBlock) ||
    source.constructor !== MobileOneBlock ||
    !(target instanceof DeployedBlock)
  )
    throw new FoldError(
      `reparameterize: ${source.spec.name} is a ${source.constructor.name}, expected a MobileOneBlock`,
      "only plain MobileOne blocks are known to be linear up to their ReLU",
    );
  await foldInto(target.conv, source.spec, branchesOf(source));
  if (source.squeezeExcite) copyState(source.squeezeExcite, target.squeezeExcite!);
}
