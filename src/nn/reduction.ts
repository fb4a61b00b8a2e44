/**
 * What losses do with the losses of single elements, and the checks of their operands.
 */
import * as F from "../ops/functional/index.js";
import { sameShape, showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError, UsageError } from "../util/errors.js";

/** "mean" over all elements, "sum" of them, or "none": a loss for each. */
export type Reduction = "mean" | "sum" | "none";

/** What most losses take. */
export interface ReductionOptions {
  /** Default "mean". */
  readonly reduction?: Reduction;
}

/** What a loss with a weight for each element takes. */
export interface WeightedOptions extends ReductionOptions {
  /** Broadcasts with the losses of the elements; the mean still divides by their number. */
  readonly weight?: Tensor | null;
}

const reductions: { readonly [R in Reduction]: (losses: Tensor) => Tensor } = {
  mean: (losses) => F.mean(losses),
  sum: (losses) => F.sum(losses),
  none: (losses) => losses,
};

/** Throws UsageError for a reduction that is none. */
export function expectReduction(where: string, reduction: string, others: readonly string[] = []): void {
  const known = [...Object.keys(reductions), ...others];
  if (!known.includes(reduction))
    throw new UsageError(`${where}: reduction is "${reduction}", expected ${known.join(", ")}`);
}

export const reduce = (losses: Tensor, reduction: Reduction): Tensor => reductions[reduction](losses);

/** Throws ShapeError unless the two have one shape: broadcasting [N, 1] against [N] would compare all with all. */
export function expectAlike(where: string, x: Tensor, target: Tensor): void {
  if (sameShape(x.shape, target.shape)) return;
  throw new ShapeError(
    `${where}: input ${showShape(x.shape)} and target ${showShape(target.shape)}, expected equal shapes`,
    x.size === target.size
      ? `target.reshape(${showShape(x.shape)})`
      : "target.broadcastTo(input.shape), if that is meant",
  );
}
