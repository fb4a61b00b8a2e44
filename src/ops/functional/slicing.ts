/**
 * Parts of tensors: blocks, steps of either sign.
 */
import { normalizeAxes } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Steps } from "./ranges.js";
import { expectAtMost, take } from "./take.js";

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
    x.shape.map((dim, i) =>
      flipped.includes(i) && dim > 1 ? { begin: dim - 1, size: dim, step: -1 } : { begin: 0, size: dim, step: 1 },
    ),
  );
}
