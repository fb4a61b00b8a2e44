/**
 * Ops that move numbers by indices, of rows or along one axis: each says which position of one side belongs to which of the
 * other.
 */

import type { Attrs } from "../../ops/spec/index.js";
import { elementOf } from "../../tensor/dtype.js";
import { sizeOf } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";
import { totalsOf } from "./integers.js";

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

export function gather([table, indices]: readonly [ArrayView, ArrayView], _: unknown, [y]: readonly [ArrayView]): void {
  const rows = table.shape[0]!;
  const zero = elementOf(table.dtype, 0);
  const width = sizeOf(table.shape.slice(1));
  indices.data.forEach((row: number, i: number) => {
    // an index outside reads as zeros, like oneHot
    for (let j = 0; j < width; j++)
      y.data[i * width + j] = row >= 0 && row < rows ? table.data[row * width + j]! : zero;
  });
}

export function scatterAdd(
  [dy, indices]: readonly [ArrayView, ArrayView],
  { rows }: Attrs<"scatterAdd">,
  [y]: readonly [ArrayView],
): void {
  const width = sizeOf(y.shape.slice(1));
  const totals = totalsOf(y.dtype, y.data.length);
  indices.data.forEach((row: number, i: number) => {
    if (row < 0 || row >= rows) return;
    for (let j = 0; j < width; j++) totals[row * width + j]! += dy.data[i * width + j]!;
  });
  y.data.set(totals);
}
