/**
 * Ops that move numbers by steps of any size, or by indices along one axis: each says which position of one side belongs to
 * which of the other.
 */

import type { Attrs } from "../../ops/spec/index.js";
import { elementOf } from "../../tensor/dtype.js";
import { sizeOf, stridesOf } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";
import { totalsOf } from "./integers.js";
import { forEachPosition, indexOf } from "./move.js";

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

/**
 * Calls `visit` with each flat position of `indices`, and the one that its index leads to in a tensor with `rows` positions
 * along the axis: -1 for an index outside.
 */
function forEachIndex(
  { shape, data }: ArrayView,
  axis: number,
  rows: number,
  visit: (at: number, target: number) => void,
): void {
  const [outer, count, inner] = [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1))];
  let at = 0;
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < count; k++)
      for (let j = 0; j < inner; j++) {
        const row = data[at]!;
        visit(at, row >= 0 && row < rows ? (o * rows + row) * inner + j : -1);
        at++;
      }
}

export function takeAlongAxis(
  [x, indices]: readonly [ArrayView, ArrayView],
  { axis }: Attrs<"takeAlongAxis">,
  [y]: readonly [ArrayView],
): void {
  const zero = elementOf(x.dtype, 0);
  forEachIndex(indices, axis, x.shape[axis]!, (i, from) => {
    y.data[i] = from < 0 ? zero : x.data[from]!;
  });
}

export function takeAlongAxisGrad(
  [dy, indices]: readonly [ArrayView, ArrayView],
  { axis, rows }: Attrs<"takeAlongAxisGrad">,
  [dx]: readonly [ArrayView],
): void {
  const totals = totalsOf(dx.dtype, dx.data.length);
  forEachIndex(indices, axis, rows, (i, to) => {
    if (to >= 0) totals[to]! += dy.data[i]!;
  });
  dx.data.set(totals);
}

export function scatter(
  [x, indices, src]: readonly [ArrayView, ArrayView, ArrayView],
  { axis }: Attrs<"scatter">,
  [y]: readonly [ArrayView],
): void {
  y.data.set(x.data);
  forEachIndex(indices, axis, x.shape[axis]!, (i, to) => {
    if (to >= 0) y.data[to] = src.data[i]!;
  });
}
