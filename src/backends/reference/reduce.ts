/**
 * Reductions over axes, in float64, one output element after the other.
 */
import type { AxisAttrs, ReduceAttrs } from "../../ops/spec/index.js";
import { type Shape, stridesOf } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";

/** Offsets of all positions over the given axes of `shape`. */
function offsetsOver(shape: Shape, axes: readonly number[]): Int32Array {
  const strides = stridesOf(shape);
  let offsets = [0];
  for (const axis of axes)
    offsets = offsets.flatMap((from) => Array.from({ length: shape[axis]! }, (_, i) => from + i * strides[axis]!));
  return Int32Array.from(offsets);
}

const others = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));

/** Calls `visit` for each output with the offsets it reduces over. */
export function reduceWith(
  x: ArrayView,
  axes: readonly number[],
  visit: (output: number, base: number, inner: Int32Array) => void,
): void {
  const inner = offsetsOver(x.shape, axes);
  offsetsOver(x.shape, others(x.shape, axes)).forEach((base, output) => {
    visit(output, base, inner);
  });
}

const fold =
  (
    start: number,
    combine: (total: number, value: number) => number,
    finish: (total: number, count: number) => number,
  ) =>
  ([x]: readonly [ArrayView], { axes }: ReduceAttrs, [y]: readonly [ArrayView]): void =>
    reduceWith(x, axes, (output, base, inner) => {
      let total = start;
      for (const offset of inner) total = combine(total, x.data[base + offset]!);
      y.data[output] = finish(total, inner.length);
    });

const add = (a: number, b: number): number => a + b;
const itself = (total: number): number => total;

/** Of floats; sums of integers are int64's (int64.ts). */
export const sum = fold(0, add, itself);
export const mean = fold(0, add, (total, count) => total / count);
export const max = fold(Number.NEGATIVE_INFINITY, Math.max, itself);
export const min = fold(Number.POSITIVE_INFINITY, Math.min, itself);

/** Whether a comes before b in the order of argmax: NaN first, then what is larger. */
const exceeds = (a: number, b: number): boolean => a > b || (Number.isNaN(a) && !Number.isNaN(b));

export function argmax([x]: readonly [ArrayView], { axis }: AxisAttrs, [y]: readonly [ArrayView]): void {
  reduceWith(x, [axis], (output, base, inner) => {
    let best = 0;
    inner.forEach((offset, i) => {
      if (exceeds(x.data[base + offset]!, x.data[base + inner[best]!]!)) best = i;
    });
    y.data[output] = best;
  });
}

const normalized =
  (finish: (shifted: number, total: number) => number) =>
  ([x]: readonly [ArrayView], { axis }: AxisAttrs, [y]: readonly [ArrayView]): void =>
    reduceWith(x, [axis], (_, base, inner) => {
      // shifting by the largest keeps exp finite
      let largest = Number.NEGATIVE_INFINITY;
      for (const offset of inner) largest = Math.max(largest, x.data[base + offset]!);
      let total = 0;
      for (const offset of inner) total += Math.exp(x.data[base + offset]! - largest);
      for (const offset of inner) y.data[base + offset] = finish(x.data[base + offset]! - largest, total);
    });

export const softmax = normalized((shifted, total) => Math.exp(shifted) / total);
export const logSoftmax = normalized((shifted, total) => shifted - Math.log(total));
