/**
 * Choosing along an axis, for the operators that index.
 */
import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";

/** Positions that count from the end, from the start. */
export const fromStart = (indices: Tensor, size: number): Tensor => {
  const whole = t.cast(indices, "int32");
  return t.where(t.less(whole, 0), t.add(whole, size), whole);
};

/** x at indices [...i] along `axis` -> [...before, ...i, ...after]. */
export const take = (x: Tensor, indices: Tensor, axis: number): Tensor =>
  t.reshape(t.indexSelect(x, axis, t.reshape(indices, [-1])), x.shape.toSpliced(axis, 1, ...indices.shape));
