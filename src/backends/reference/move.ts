/**
 * Ops that move numbers without computing: each says, for an output position, which input position it reads.
 */
import type { Attrs } from "../../ops/spec/index.js";
import { elementOf, isFloat } from "../../tensor/dtype.js";
import { type Shape, sizeOf, stridesOf } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";

/** Calls `visit` for each position of `shape` in row-major order. */
export function forEachPosition(shape: Shape, visit: (position: readonly number[], index: number) => void): void {
  const position = new Array<number>(shape.length).fill(0);
  const size = sizeOf(shape);
  for (let index = 0; index < size; index++) {
    visit(position, index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++position[axis]! < shape[axis]!) break;
      position[axis] = 0;
    }
  }
}

export const indexOf = (position: readonly number[], strides: readonly number[]): number =>
  position.reduce((index, p, axis) => index + p * strides[axis]!, 0);

export function transpose([x]: readonly [ArrayView], { perm }: Attrs<"transpose">, [y]: readonly [ArrayView]): void {
  const strides = stridesOf(x.shape);
  const moved = perm.map((axis) => strides[axis]!);
  forEachPosition(y.shape, (position, i) => {
    y.data[i] = x.data[indexOf(position, moved)]!;
  });
}

export function slice([x]: readonly [ArrayView], { begin }: Attrs<"slice">, [y]: readonly [ArrayView]): void {
  const strides = stridesOf(x.shape);
  const base = indexOf(begin, strides);
  forEachPosition(y.shape, (position, i) => {
    y.data[i] = x.data[base + indexOf(position, strides)]!;
  });
}

export function pad([x]: readonly [ArrayView], { before, value }: Attrs<"pad">, [y]: readonly [ArrayView]): void {
  const strides = stridesOf(y.shape);
  const base = indexOf(before, strides);
  y.data.fill(elementOf(y.dtype, value));
  forEachPosition(x.shape, (position, i) => {
    y.data[base + indexOf(position, strides)] = x.data[i]!;
  });
}

export function concat(inputs: readonly ArrayView[], { axis }: Attrs<"concat">, [y]: readonly [ArrayView]): void {
  const strides = stridesOf(y.shape);
  let from = 0;
  for (const x of inputs) {
    forEachPosition(x.shape, (position, i) => {
      y.data[from * strides[axis]! + indexOf(position, strides)] = x.data[i]!;
    });
    from += x.shape[axis]!;
  }
}

export function stridedSlice(
  [x]: readonly [ArrayView],
  { begin, step }: Attrs<"stridedSlice">,
  [y]: readonly [ArrayView],
): void {
  const strides = stridesOf(x.shape);
  forEachPosition(y.shape, (position, i) => {
    const from = position.map((p, axis) => begin[axis]! + p * step[axis]!);
    y.data[i] = x.data[indexOf(from, strides)]!;
  });
}

export function stridedSliceGrad(
  [dy]: readonly [ArrayView],
  { begin, step }: Attrs<"stridedSliceGrad">,
  [dx]: readonly [ArrayView],
): void {
  const strides = stridesOf(dx.shape);
  dx.data.fill(0);
  forEachPosition(dy.shape, (position, i) => {
    const to = position.map((p, axis) => begin[axis]! + p * step[axis]!);
    dx.data[indexOf(to, strides)] = dy.data[i]!;
  });
}

export function oneHot([indices]: readonly [ArrayView], { depth }: Attrs<"oneHot">, [y]: readonly [ArrayView]): void {
  y.data.fill(0);
  indices.data.forEach((index: number, i: number) => {
    if (index >= 0 && index < depth) y.data[i * depth + index] = 1;
  });
}

/** Same numbers, another shape. */
export function copy([x]: readonly [ArrayView], _: unknown, [y]: readonly [ArrayView]): void {
  y.data.set(x.data);
}

const LEAST_INT32 = -(2 ** 31);
const LARGEST_INT32 = 2 ** 31 - 1;

/**
 * Numbers in another dtype. Floats are cut towards zero on the way to integers: what int32 does not hold, NaN included,
 * becomes −2³¹ (x86's conversion, and so PyTorch's there); a byte is the low one of the whole number, 0 for NaN and ±∞; all but
 * 0 is true.
 * Stores to typed arrays do the latter, round to float32, and wrap int32 to a byte.
 */
export function cast([x]: readonly [ArrayView], _: unknown, [y]: readonly [ArrayView]): void {
  if (y.dtype === "bool") {
    for (let i = 0; i < y.data.length; i++) y.data[i] = Number(x.data[i] !== 0);
    return;
  }
  if (y.dtype !== "int32" || !isFloat(x.dtype)) {
    y.data.set(x.data);
    return;
  }
  for (let i = 0; i < y.data.length; i++) {
    const whole = Math.trunc(x.data[i]!);
    y.data[i] = whole >= LEAST_INT32 && whole <= LARGEST_INT32 ? whole : LEAST_INT32;
  }
}
