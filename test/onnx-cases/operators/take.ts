/**
 * Choosing along an axis in public calls, for the operators that index.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import { moveAxis, upTo } from "./steps.js";

/** Positions that count from the end, from the start. */
export const fromStart = (indices: Tensor, size: number): Tensor => {
  const whole = t.cast(indices, "int32");
  return t.where(t.less(whole, 0), t.add(whole, size), whole);
};

/** x at indices [...i] along `axis` -> [...before, ...i, ...after]. */
export function take(x: Tensor, indices: Tensor, axis: number): Tensor {
  const rows = t.gather(moveAxis(x, axis, 0), indices);
  const before = upTo(axis).map((i) => i + indices.rank);
  const after = upTo(rows.rank).slice(indices.rank + axis);
  return t.transpose(rows, [...before, ...upTo(indices.rank), ...after]);
}

/** `count` positions from `start`, `step` apart. */
export const positions = (start: number, step: number, count: number): Tensor =>
  t.add(t.mul(t.arange(count), step), start);
