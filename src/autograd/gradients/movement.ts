import { apply } from "../../ops/apply.js";
import * as F from "../../ops/functional/index.js";
import type { MovementOps } from "../../ops/spec/movement.js";
import { zerosLike } from "../zeros.js";
import { type Entry, fromInputs, fromShapes, once } from "./entry.js";

/** The inverse of a permutation of axes. */
const inverse = (perm: readonly number[]): number[] => perm.map((_, axis) => perm.indexOf(axis));

export const movementGradients: { readonly [K in keyof MovementOps]: Entry<K> | null } = {
  oneHot: null,
  broadcastTo: fromShapes(([dy]) => [() => dy]),
  reshape: fromShapes(([dy], [x]) => [() => F.reshape(dy, x.shape)]),
  transpose: fromShapes(([dy], _, { perm }) => [() => F.transpose(dy, inverse(perm))]),
  slice: fromShapes(([dy], [x], { begin, size }) => [
    () =>
      F.pad(
        dy,
        begin.map((b, i) => [b, x.shape[i]! - b - size[i]!] as const),
      ),
  ]),
  stridedSlice: fromShapes(([dy], [x], { begin, step }) => [
    () => apply("stridedSliceGrad", [dy], { begin, step, inputShape: x.shape })[0],
  ]),
  stridedSliceGrad: fromShapes(([dy], [x], { begin, step }) => [
    () => apply("stridedSlice", [dy], { begin, step, size: x.shape })[0],
  ]),
  pad: fromShapes(([dy], [x], { before }) => [() => F.slice(dy, before, x.shape)]),
  concat: fromShapes(([dy], inputs, { axis }) => {
    let from = 0;
    return inputs.map((x) => {
      const begin = x.shape.map((_, i) => (i === axis ? from : 0));
      from += x.shape[axis]!;
      return () => F.slice(dy, begin, x.shape);
    });
  }),
  gather: fromInputs(
    ([dy], [table, indices]) => [() => apply("scatterAdd", [dy, indices], { rows: table.shape[0]! })[0], null],
    [1],
  ),
  scatterAdd: fromInputs(([dy], [, indices]) => [() => F.gather(dy, indices), null], [1]),
  takeAlongAxis: fromInputs(
    ([dy], [x, indices], { axis }) => [
      () => apply("takeAlongAxisGrad", [dy, indices], { axis, rows: x.shape[axis]! })[0],
      null,
    ],
    [1],
  ),
  takeAlongAxisGrad: fromInputs(
    ([dy], [, indices], { axis }) => [() => apply("takeAlongAxis", [dy, indices], { axis })[0], null],
    [1],
  ),
  // of several numbers for one place each gets the gradient of the place, as in PyTorch
  scatter: fromInputs(
    ([dy], [, indices], { axis }) => {
      const there = once(() => apply("takeAlongAxis", [dy, indices], { axis })[0]);
      return [() => apply("scatter", [dy, indices, zerosLike(there())], { axis })[0], null, there];
    },
    [1],
  ),
};
