import { type Shape, showShape } from "../../tensor/shape.js";
import { ShapeError } from "../../util/errors.js";
import type { ResizeOps } from "../spec/resize.js";
import type { ShapeRule } from "./rule.js";

function expectTable(starts: Shape, weights: Shape, size: number): void {
  if (starts.length !== 2 || starts[0] !== size || starts[1] !== 2 || weights.length !== 2 || weights[0] !== size)
    throw new ShapeError(
      `resample: a table is ${showShape(starts)} and ${showShape(weights)}, expected [${size}, 2] and [${size}, taps]`,
    );
}

export const resizeShapes: { readonly [K in keyof ResizeOps]: ShapeRule<K> } = {
  resample: ([x, starts, weights, backStarts, backWeights], { axis }) => {
    if (!(axis >= 0 && axis < x.length))
      throw new ShapeError(`resample: ${showShape(x)} has no axis ${axis}, expected 0 to ${x.length - 1}`);
    expectTable(starts, weights, starts[0]!);
    expectTable(backStarts, backWeights, x[axis]!);
    return [x.map((dim, i) => (i === axis ? starts[0]! : dim))];
  },
};
