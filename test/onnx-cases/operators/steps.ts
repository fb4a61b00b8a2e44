/**
 * What several chapters say: the other order of axes, an axis moved, chosen rows of any axis, whole numbers through fractions.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import { indexDType } from "../elements.js";

/** 0 … n - 1. */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** [N, C, ...spatial] -> [N, ...spatial, C]. */
export const channelsLast = (x: Tensor): Tensor => t.transpose(x, [0, ...upTo(x.rank).slice(2), 1]);

/** [N, ...spatial, C] -> [N, C, ...spatial]. */
export const channelsFirst = (x: Tensor): Tensor => t.transpose(x, [0, x.rank - 1, ...upTo(x.rank).slice(1, -1)]);

/** The order of axes that brings `from` to `to`. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const order = upTo(x.rank).filter((axis) => axis !== from);
  order.splice(to, 0, from);
  return t.transpose(x, order);
}

/** A vector [C] along `axis` of a tensor with `rank` axes. */
export const along = (x: Tensor, axis: number, rank: number): Tensor =>
  t.reshape(
    x,
    upTo(rank).map((i) => (i === axis ? x.size : 1)),
  );

/** The axes without those named. */
export const withoutAxes = (shape: readonly number[], axes: readonly number[]): number[] =>
  shape.filter((_, i) => !axes.includes(i));

/** Positions as ONNX has them; ours are int32. */
export const asIndex = (x: Tensor): Tensor => t.cast(x, indexDType);

/** A float dtype that holds every whole number of an integer tensor exactly, on backends that have it. */
export const wide = (x: Tensor): Tensor => t.cast(x, "float64");
