import { apply } from "../../ops/apply.js";
import * as F from "../../ops/functional/index.js";
import type { MovementOps } from "../../ops/spec/movement.js";
import { type Entry, fromShapes } from "./entry.js";

/** The inverse of a permutation of axes. */
const inverse = (perm: readonly number[]): number[] => perm.map((_, axis) => perm.indexOf(axis));

export const movementGradients: { readonly [K in keyof MovementOps]: Entry<K> | null } = {
  oneHot: null,
  broadcastTo: fromShapes(([dy]) => [() => dy]),
  reshape: fromShapes(([dy], [x]) => [() => F.reshape(dy, x.shape)]),
  transpose: fromShapes(([dy], _, { perm }) => [() => F.transpose(dy, inverse(perm))]),
  slice: fromShapes(([dy], [x], { begin, size }) => [
    () =>
      apply("pad", [dy], {
        before: begin,
        after: begin.map((b, i) => x.shape[i]! - b - size[i]!),
        value: 0,
      })[0],
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
};
