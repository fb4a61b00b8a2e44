/**
 * Parts of tensors: blocks, steps of either sign, positions of one axis.
 */
import { normalizeAxes, normalizeAxis, showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { chain } from "./chain.js";
import { reshape } from "./movement.js";
import { positionOf, type Steps, stepsOf } from "./ranges.js";
import { alongAxis, expectAtMost, take } from "./take.js";

/**
 * The block from `begin` of `size` (-1: all that is left); axes not named are whole. A negative begin counts from the end.
 * With `step` every step-th element is taken, backwards from `begin` where it is negative. A cut of the first axis alone is a
 * free view. Throws ShapeError where the block reaches outside.
 *
 * @example
 * ```ts
 * console.log(slice(arange(10), [2], [3]).toArray()); // [2, 3, 4]
 * console.log(slice(arange(10), [-1], [3], [-2]).toArray()); // [9, 7, 5]
 * ```
 */
export function slice(
  x: Tensor,
  begin: readonly number[],
  size: readonly number[] = [],
  step: readonly number[] = [],
): Tensor {
  expectAtMost("slice", { begin, size, step }, x.shape);
  return take(
    x,
    x.shape.map((dim, i): Steps => {
      const by = step[i] ?? 1;
      const given = begin[i] ?? (by < 0 ? dim - 1 : 0);
      const from = given < 0 ? given + dim : given;
      const wanted = size[i] ?? -1;
      const left = by < 0 ? Math.floor(from / -by) + 1 : Math.ceil((dim - from) / by);
      return { begin: from, size: wanted === -1 ? left : wanted, step: by };
    }),
  );
}

/**
 * `length` positions of one axis from `start` on; a negative start counts from the end (torch.narrow). Throws ShapeError where
 * they reach outside.
 *
 * @example
 * ```ts
 * console.log(narrow(tensor([[1, 2, 3], [4, 5, 6]]), 1, 1, 2).toArray()); // [[2, 3], [5, 6]]
 * ```
 */
export function narrow(x: Tensor, axis: number, start: number, length: number): Tensor {
  const at = normalizeAxis(axis, x.rank, "narrow");
  const dim = x.shape[at]!;
  const begin = start < 0 ? start + dim : start;
  if (!Number.isInteger(start) || !Number.isInteger(length) || begin < 0 || length < 0 || begin + length > dim)
    throw new ShapeError(
      `narrow: ${length} from ${start} of axis ${axis}, ${showShape(x.shape)} has ${dim} there`,
      "axis, start and length follow each other: narrow(x, axis, start, length)",
    );
  return alongAxis(x, at, { begin, size: length, step: 1 });
}

/**
 * One position of an axis, which goes away; a negative one counts from the end (torch.select). Throws IndexError for one that
 * is not there.
 *
 * @example
 * ```ts
 * console.log(select(tensor([[1, 2], [3, 4]]), 1, -1).toArray()); // [2, 4]
 * ```
 */
export function select(x: Tensor, axis: number, index: number): Tensor {
  const at = normalizeAxis(axis, x.rank, "select");
  const begin = positionOf(index, at, x.shape, "select");
  return chain(
    x,
    (y) => alongAxis(y, at, { begin, size: 1, step: 1 }),
    (y) => reshape(y, y.shape.toSpliced(at, 1)),
  );
}

/**
 * x with the order along `axes` reversed; all of them where none are named (torch.flip).
 *
 * @example
 * ```ts
 * console.log(flip(tensor([[1, 2], [3, 4]]), 1).toArray()); // [[2, 1], [4, 3]]
 * ```
 */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  const flipped = normalizeAxes(axes, x.rank, "flip");
  return take(
    x,
    x.shape.map((dim, i) => stepsOf([null, null, flipped.includes(i) ? -1 : 1], dim, "flip")),
  );
}
