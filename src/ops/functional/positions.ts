/**
 * Parts of tensors in Python's spelling: begin, end and step, positions, axes that come and go.
 */
import { showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { type AsMethods, installMethods } from "../method.js";
import { chain } from "./chain.js";
import { reshape } from "./movement.js";
import { type Bound, type IndexItem, parseIndex, positionOf, type Range, type Steps, stepsOf } from "./ranges.js";
import { expectAtMost, take } from "./take.js";

export type { Bound, Range } from "./ranges.js";

/**
 * begin : end : step along each axis, as NumPy's x[begin:end:step] and ONNX's Slice: null leaves an end open, negative
 * positions count from the end, those outside are cut to what is there; axes not named are whole. Throws ShapeError for a step
 * of 0.
 *
 * @example
 * ```ts
 * console.log(stridedSlice(arange(6), [1], [-1], [2]).toArray()); // [1, 3]
 * console.log(stridedSlice(arange(3), [null], [null], [-1]).toArray()); // [2, 1, 0]
 * ```
 */
export function stridedSlice(
  x: Tensor,
  begin: readonly Bound[],
  end: readonly Bound[] = [],
  step: readonly Bound[] = [],
): Tensor {
  expectAtMost("stridedSlice", { begin, end, step }, x.shape);
  return take(
    x,
    x.shape.map((dim, i) => stepsOf([begin[i] ?? null, end[i] ?? null, step[i] ?? null], dim, "stridedSlice")),
  );
}

/**
 * Python's x[…]: a string such as "1:, ::-1, 0, ..., None", or an item for each axis: a position, which takes the axis away,
 * or [begin, end, step] with null for an end that is open. "None" makes an axis of size 1, "..." stands for all axes that are
 * not named. Negative positions count from the end. Throws IndexError for a position that is not there, ShapeError for what
 * cannot be read or names too many axes.
 *
 * @example
 * ```ts
 * const x = arange(12).reshape([3, 4]);
 * console.log(at(x, "1:, ::-2").toArray()); // [[7, 5], [11, 9]]
 * console.log(at(x, -1, [0, 2]).toArray()); // [8, 9]
 * ```
 */
export function at(x: Tensor, ...index: (string | number | Range)[]): Tensor {
  const items = index.flatMap((item): IndexItem[] => (typeof item === "string" ? parseIndex(item, "at") : [item]));
  const named = items.filter((item) => typeof item === "number" || Array.isArray(item)).length;
  const rests = items.filter((item) => item === "rest").length;
  if (named > x.rank || rests > 1)
    throw new ShapeError(
      rests > 1 ? 'at: "..." twice, expected once' : `at: ${named} axes are named, ${showShape(x.shape)} has ${x.rank}`,
    );
  const steps: Steps[] = [];
  const shape: number[] = [];
  const whole = (count: number): void => {
    for (const dim of x.shape.slice(steps.length, steps.length + count)) {
      steps.push({ begin: 0, size: dim, step: 1 });
      shape.push(dim);
    }
  };
  for (const item of items) {
    const axis = steps.length;
    if (item === "rest") whole(x.rank - named);
    else if (item === "new") shape.push(1);
    else if (typeof item === "number") steps.push({ begin: positionOf(item, axis, x.shape, "at"), size: 1, step: 1 });
    else {
      const own = stepsOf(item, x.shape[axis]!, "at");
      steps.push(own);
      shape.push(own.size);
    }
  }
  whole(x.rank - steps.length);
  return chain(
    x,
    (y) => take(y, steps),
    (y) => (y.hasShape(shape) ? y : reshape(y, shape)),
  );
}

const methods = { stridedSlice, at };
installMethods(methods);

declare module "../../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./positions.js"), keyof typeof methods>> {}
}
