/**
 * Running sums, and orders: one line of numbers along an axis after the other.
 */
import type { Attrs } from "../../ops/spec/index.js";
import { type Shape, sizeOf } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";
import { totalsOf } from "./integers.js";

/** Calls `visit` with the first offset of each line along `axis`, and the distance of its elements. */
export function eachLine(shape: Shape, axis: number, visit: (base: number, step: number) => void): void {
  const step = sizeOf(shape.slice(axis + 1));
  const lines = sizeOf(shape.slice(0, axis));
  for (let line = 0; line < lines; line++)
    for (let inner = 0; inner < step; inner++) visit(line * step * shape[axis]! + inner, step);
}

export function cumsum(
  [x]: readonly [ArrayView],
  { axis, reverse, exclusive }: Attrs<"cumsum">,
  [y]: readonly [ArrayView],
): void {
  const count = x.shape[axis]!;
  eachLine(x.shape, axis, (base, step) => {
    const total = totalsOf(y.dtype, 1);
    for (let i = 0; i < count; i++) {
      const at = base + (reverse ? count - 1 - i : i) * step;
      const value = x.data[at]!;
      if (exclusive) y.data[at] = total[0]!;
      total[0]! += value;
      if (!exclusive) y.data[at] = total[0]!;
    }
  });
}

/** Below 0 where a comes first in ascending order; NaN is the largest. */
function compare(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

export function argsort([x]: readonly [ArrayView], { descending }: Attrs<"argsort">, [y]: readonly [ArrayView]): void {
  const axis = x.shape.length - 1;
  eachLine(x.shape, axis, (base) => {
    const values = Array.from({ length: x.shape[axis]! }, (_, i) => x.data[base + i]!);
    const order = values.map((_, i) => i);
    order.sort((i, j) => (descending ? compare(values[j]!, values[i]!) : compare(values[i]!, values[j]!)));
    order.forEach((from, i) => {
      y.data[base + i] = from;
    });
  });
}
