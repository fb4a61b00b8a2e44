/**
 * Orders along an axis: sort, topK, median, and extremes with their positions. The order is an op; values are gathered by it,
 * so that gradients go to the elements that were taken.
 */

import { equal, where } from "../ops/functional/elementwise.js";
import { reshape, transpose } from "../ops/functional/movement.js";
import { argmax, argmin, type ReduceOptions } from "../ops/functional/reductions.js";
import { slice } from "../ops/functional/slicing.js";
import { type AsMethods, installMethods } from "../ops/method.js";
import { scope } from "../tensor/scope.js";
import { normalizeAxis, type Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError } from "../util/errors.js";
import { takeAlongAxis } from "./indexing.js";
import { apply } from "./orders-ops.js";

const swapped = (x: Tensor, axis: number): Tensor => {
  const last = x.rank - 1;
  if (axis === last) return x;
  return transpose(
    x,
    x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i)),
  );
};

const lineOf = (x: Tensor): Tensor => (x.rank === 0 ? reshape(x, [1]) : x);
const shaped = (y: Tensor, shape: Shape): Tensor => (shape.length === 0 ? reshape(y, []) : y);

/** Of sort and argsort, which are stable always: equal numbers keep their order. */
export interface SortOptions {
  /** Default false: the smallest first. NaN counts as the largest. */
  readonly descending?: boolean;
}

/**
 * int32 indices that sort x along an axis; equal numbers keep their order, and NaN is the largest (torch.argsort).
 *
 * @example
 * ```ts
 * console.log(argsort(tensor([3, 1, 2])).toArray()); // [1, 2, 0]
 * ```
 */
export function argsort(x: Tensor, axis = -1, { descending = false }: SortOptions = {}): Tensor {
  return scope(() => {
    const line = lineOf(x.detach());
    const at = normalizeAxis(axis, line.rank, "argsort");
    return shaped(swapped(apply("argsort", [swapped(line, at)], { descending })[0], at), x.shape);
  });
}

/**
 * [values, int32 indices] of x sorted along an axis; equal numbers keep their order, and NaN is the largest (torch.sort).
 *
 * @example
 * ```ts
 * const [values, indices] = sort(tensor([3, 1, 2]), -1, { descending: true });
 * console.log(values.toArray(), indices.toArray()); // [3, 2, 1] [0, 2, 1]
 * ```
 */
export function sort(x: Tensor, axis = -1, options: SortOptions = {}): [values: Tensor, indices: Tensor] {
  return scope(() => {
    const line = lineOf(x);
    const at = normalizeAxis(axis, line.rank, "sort");
    const order = argsort(line, at, options);
    return [shaped(takeAlongAxis(line, order, at), x.shape), shaped(order, x.shape)];
  });
}

/** Of topK. */
export interface TopKOptions {
  /** Default true; false: the k smallest. */
  readonly largest?: boolean;
  /** In order, which they are here in any case. */
  readonly sorted?: boolean;
}

/**
 * [values, int32 indices] of the k largest along an axis, in order, NaN being the largest; of equal numbers the first come
 * first, which PyTorch leaves open (torch.topk). Throws ShapeError for more than there are.
 *
 * @example
 * ```ts
 * const [values, indices] = topK(tensor([0.1, 0.7, 0.2]), 2);
 * console.log(indices.toArray(), values.shape); // [1, 2] [2]
 * ```
 */
export function topK(
  x: Tensor,
  k: number,
  axis = -1,
  { largest = true }: TopKOptions = {},
): [values: Tensor, indices: Tensor] {
  return scope(() => {
    const line = lineOf(x);
    const at = normalizeAxis(axis, line.rank, "topK");
    const count = line.shape[at]!;
    if (!Number.isInteger(k) || k < 0 || k > count)
      throw new ShapeError(`topK: k is ${k}, expected a whole number up to ${count}, the size of axis ${at}`);
    const order = argsort(line, at, { descending: largest });
    const top = slice(
      order,
      [],
      line.shape.map((dim, i) => (i === at ? k : dim)),
    );
    return x.rank === 0 && k === 1
      ? [reshape(takeAlongAxis(line, top, at), []), reshape(top, [])]
      : [takeAlongAxis(line, top, at), top];
  });
}

const extremeWith =
  (position: typeof argmax, what: string) =>
  (x: Tensor, axis = -1, { keepDims = false }: ReduceOptions = {}): [values: Tensor, indices: Tensor] =>
    scope(() => {
      const line = lineOf(x);
      const at = normalizeAxis(axis, line.rank, what);
      const indices = position(line, at, { keepDims: true });
      const values = takeAlongAxis(line, indices, at);
      if (keepDims && x.rank > 0) return [values, indices];
      const shape = x.shape.toSpliced(at, 1);
      return [reshape(values, shape), reshape(indices, shape)];
    });

/**
 * [values, int32 indices] of the first largest, or first NaN, along an axis (torch.max with dim); the gradient goes to that
 * element alone, where max() shares it among equal ones.
 *
 * @example
 * ```ts
 * const [values, indices] = maxWithIndices(tensor([[1, 9], [7, 2]]));
 * console.log(values.toArray(), indices.toArray()); // [9, 7] [1, 0]
 * ```
 */
export const maxWithIndices = extremeWith(argmax, "maxWithIndices");

/** [values, int32 indices] of the first smallest, or first NaN, along an axis (torch.min with dim), like maxWithIndices(). */
export const minWithIndices = extremeWith(argmin, "minWithIndices");

/**
 * The middle value along an axis, of all elements where none is given; of an even number the lower one of the two in the
 * middle, and NaN where there is one (torch.median).
 *
 * @example
 * ```ts
 * console.log(median(tensor([4, 1, 3, 2])).item()); // 2
 * ```
 */
export function median(x: Tensor, axis?: number, { keepDims = false }: ReduceOptions = {}): Tensor {
  return scope(() => {
    const line = axis === undefined ? reshape(x, [x.size]) : lineOf(x);
    const at = normalizeAxis(axis ?? 0, line.rank, "median");
    const n = line.shape[at]!;
    if (n === 0) throw new ShapeError(`median: [${x.shape.join(", ")}] has no middle along an axis of size 0`);
    const [values] = sort(line, at);
    const one = line.shape.map((dim, i) => (i === at ? 1 : dim));
    const from = (position: number): Tensor =>
      slice(
        values,
        line.shape.map((_, i) => (i === at ? position : 0)),
        one,
      );
    const last = from(n - 1);
    const middle = where(equal(last, last), from((n - 1) >> 1), last);
    if (axis === undefined)
      return reshape(
        middle,
        x.shape.flatMap(() => (keepDims ? [1] : [])),
      );
    return reshape(middle, keepDims && x.rank > 0 ? one : x.shape.toSpliced(at, 1));
  });
}

const methods = { maxWithIndices, minWithIndices, argsort, sort, topK, median };
installMethods(methods);

declare module "../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./sorting.js"), keyof typeof methods>> {}
}
