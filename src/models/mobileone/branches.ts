/** The branches of a block of the training form, for the ways of computing their sum as one convolution. */
import type { BatchNorm2d } from "../../nn/batch-norm.js";
import type { Conv2d } from "../../nn/conv.js";
import type { BlockSpec } from "./variants.js";

interface ConvAndNorm {
  readonly conv: Conv2d;
  readonly norm: BatchNorm2d;
}

/** What folding reads of a block. */
export interface Branches {
  readonly spec: BlockSpec;
  readonly skip: BatchNorm2d | null;
  readonly scale: ConvAndNorm | null;
  readonly convs: readonly ConvAndNorm[];
}

export const convNormsOf = ({ scale, convs }: Branches): readonly ConvAndNorm[] => (scale ? [scale, ...convs] : convs);

/** In the order of the branches: that of the skip, then those behind convolutions. */
export const normsOf = (block: Branches): readonly BatchNorm2d[] => [
  ...(block.skip ? [block.skip] : []),
  ...convNormsOf(block).map(({ norm }) => norm),
];
