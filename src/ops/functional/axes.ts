/**
 * Axes made, dropped, joined, exchanged and broadcast.
 */
import { normalizeAxes, normalizeAxis, type Shape, showShape, sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { broadcastTo, reshape, transpose } from "./movement.js";

/**
 * x without its axes of size 1, or without those of `axes` that have it (torch.squeeze); a free view.
 *
 * @example
 * ```ts
 * console.log(squeeze(zeros([1, 3, 1])).shape, squeeze(zeros([1, 3, 1]), 0).shape); // [3] [3, 1]
 * ```
 */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  const dropped = normalizeAxes(axes, x.rank, "squeeze");
  return reshape(
    x,
    x.shape.filter((dim, i) => dim !== 1 || !dropped.includes(i)),
  );
}

/**
 * x with a new axis of size 1 at each of `axes`, which count in the result; a free view.
 *
 * @example
 * ```ts
 * console.log(unsqueeze(zeros([3]), 0).shape, unsqueeze(zeros([3]), [0, -1]).shape); // [1, 3] [1, 3, 1]
 * ```
 */
export function unsqueeze(x: Tensor, axes: number | readonly number[]): Tensor {
  const rank = x.rank + (typeof axes === "number" ? 1 : axes.length);
  const made = normalizeAxes(axes, rank, "unsqueeze");
  let next = 0;
  return reshape(
    x,
    Array.from({ length: rank }, (_, i) => (made.includes(i) ? 1 : x.shape[next++]!)),
  );
}

/**
 * The axes from `start` to `end`, both included, as one (torch.flatten); a free view. A scalar becomes [1].
 *
 * @example
 * ```ts
 * console.log(flatten(zeros([2, 3, 4]), 1).shape); // [2, 12]
 * ```
 */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  if (x.rank === 0) return reshape(x, [1]);
  const [first, last] = [start, end].map((axis) => normalizeAxis(axis, x.rank, "flatten")) as [number, number];
  if (first > last)
    throw new ShapeError(
      `flatten: axes ${start} to ${end} of ${showShape(x.shape)}, expected the first before the last`,
    );
  return reshape(x, [...x.shape.slice(0, first), sizeOf(x.shape.slice(first, last + 1)), ...x.shape.slice(last + 1)]);
}

/**
 * Axes in the order that `dims` names (torch.permute): transpose() with every axis named.
 *
 * @example
 * ```ts
 * console.log(permute(zeros([2, 3, 4]), [2, 0, 1]).shape); // [4, 2, 3]
 * ```
 */
export const permute = (x: Tensor, dims: readonly number[]): Tensor => transpose(x, dims);

/**
 * Two axes in each other's place (torch.transpose, torch.swapaxes).
 *
 * @example
 * ```ts
 * console.log(swapAxes(zeros([2, 3, 4]), 1, -1).shape); // [2, 4, 3]
 * ```
 */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  const [first, second] = [a, b].map((axis) => normalizeAxis(axis, x.rank, "swapAxes"));
  return transpose(
    x,
    x.shape.map((_, i) => (i === first ? second! : i === second ? first! : i)),
  );
}

/**
 * x repeated along axes of size 1, and along new ones in front; -1 leaves an axis as it is (torch.expand).
 *
 * @example
 * ```ts
 * console.log(expand(zeros([3, 1]), [2, -1, 4]).shape); // [2, 3, 4]
 * ```
 */
export const expand = (x: Tensor, shape: Shape): Tensor =>
  broadcastTo(
    x,
    shape.map((dim, i) => (dim === -1 ? (x.shape[i - shape.length + x.rank] ?? -1) : dim)),
  );
