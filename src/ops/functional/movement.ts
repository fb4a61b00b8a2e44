/**
 * Ops that move numbers about, as functions; their compositions have files of their own.
 */
import type { DType } from "../../tensor/dtype.js";
import { checkShape, normalizeAxis, resolveReshape, type Shape, showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { apply } from "../apply.js";
import { withPromoted } from "../promotion.js";

/**
 * The same numbers in another shape (one -1 is worked out); a free view.
 *
 * @example
 * ```ts
 * console.log(reshape(arange(6), [2, -1]).shape); // [2, 3]
 * ```
 */
export const reshape = (x: Tensor, shape: Shape): Tensor =>
  apply("reshape", [x], { shape: resolveReshape(x.shape, shape) })[0];

/**
 * Axes in another order; without perm they are reversed.
 *
 * @example
 * ```ts
 * console.log(transpose(zeros([2, 3, 4]), [0, 2, 1]).shape); // [2, 4, 3]
 * ```
 */
export function transpose(x: Tensor, perm?: readonly number[]): Tensor {
  const order = perm ?? x.shape.map((_, i) => x.rank - 1 - i);
  if (!Array.isArray(order))
    throw new ShapeError(
      `transpose: perm is of type ${typeof perm}, expected a list of all axes in their new order`,
      "two axes: swapAxes(x, 0, 1)",
    );
  return apply("transpose", [x], { perm: order.map((axis) => normalizeAxis(axis, x.rank, "transpose")) })[0];
}

/** x repeated to `shape` by the rules of broadcasting. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  checkShape(shape, "broadcastTo");
  return apply("broadcastTo", [x], { shape })[0];
}

/**
 * Tensors one after another along an axis; mixed dtypes promote.
 *
 * @example
 * ```ts
 * console.log(concat([tensor([1, 2]), tensor([3])]).toArray()); // [1, 2, 3]
 * ```
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (!first) throw new ShapeError("concat: no tensors, expected at least one");
  const attrs = { axis: normalizeAxis(axis, first.rank, "concat") };
  const join = (alike: readonly Tensor[]): Tensor => apply("concat", alike as [Tensor, ...Tensor[]], attrs)[0];
  return tensors.every((x) => x.dtype === first.dtype) ? join(tensors) : withPromoted("concat", tensors, join);
}

/**
 * Tensors of one shape, stacked along a new axis; a negative one counts from the end of the result. Mixed dtypes promote.
 *
 * @example
 * ```ts
 * console.log(stack([tensor([1, 2]), tensor([3, 4])]).shape); // [2, 2]
 * ```
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (!first) throw new ShapeError("stack: no tensors, expected at least one");
  const odd = tensors.find((x) => !x.hasShape(first.shape));
  if (odd) throw new ShapeError(`stack: ${showShape(first.shape)} and ${showShape(odd.shape)}, expected equal shapes`);
  const at = normalizeAxis(axis, first.rank + 1, "stack");
  return withPromoted("concat", tensors, (alike) => {
    const rows = alike.map((x) => reshape(x, x.shape.toSpliced(at, 0, 1)));
    const y = concat(rows, at);
    for (const row of rows) row.dispose();
    return y;
  });
}

/**
 * int32 or int64 labels [...i] -> [...i, depth].
 *
 * @example
 * ```ts
 * console.log(oneHot(tensor(Int32Array.of(1)), 3).toArray()); // [[0, 1, 0]]
 * ```
 */
export const oneHot = (indices: Tensor, depth: number, dtype: DType = "float32"): Tensor =>
  apply("oneHot", [indices], { depth, dtype })[0];
