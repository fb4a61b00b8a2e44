/**
 * Running sums and products along an axis, and products over axes.
 */

import { add, cast, mul } from "../ops/functional/elementwise.js";
import { concat, reshape, transpose } from "../ops/functional/movement.js";
import { type Axes, type ReduceOptions, sum } from "../ops/functional/reductions.js";
import { slice } from "../ops/functional/slicing.js";
import { type AsMethods, installMethods } from "../ops/method.js";
import { isFloat } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import { normalizeAxes, normalizeAxis, reducedShape, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { apply } from "./orders-ops.js";

/** Of cumsum, as ONNX's CumSum has them. */
export interface CumsumOptions {
  /** From the last element to the first. Default false. */
  readonly reverse?: boolean;
  /** Each sum without its own element, so that the first is 0. Default false. */
  readonly exclusive?: boolean;
}

/**
 * Running sums along an axis; those of integers are int32, where PyTorch has int64, and wrap.
 *
 * @example
 * ```ts
 * const x = tensor([1, 2, 3]);
 * console.log(cumsum(x).toArray(), cumsum(x, 0, { exclusive: true }).toArray()); // [1, 3, 6] [0, 1, 3]
 * ```
 */
export function cumsum(x: Tensor, axis = -1, { reverse = false, exclusive = false }: CumsumOptions = {}): Tensor {
  const line = x.rank === 0 ? reshape(x, [1]) : x;
  const y = apply("cumsum", [line], { axis: normalizeAxis(axis, line.rank, "cumsum"), reverse, exclusive })[0];
  return x.rank === 0 ? reshape(y, []) : y;
}

/** Axes in the order of `perm`; x itself where that is theirs. */
const ordered = (x: Tensor, perm: readonly number[]): Tensor =>
  perm.every((axis, i) => axis === i) ? x : transpose(x, perm);

/** Integers and bool as int64. */
const widened = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : cast(x, "int64"));

/**
 * Running products along an axis, by doubling: log2(n) passes, whose gradient is right where factors are 0. Those of integers
 * are int64 and wrap.
 *
 * @example
 * ```ts
 * console.log(cumprod(tensor([1, 2, 3, 4])).toArray()); // [1, 2, 6, 24]
 * ```
 */
export function cumprod(x: Tensor, axis = -1): Tensor {
  if (x.rank === 0) return mul(widened(x), 1);
  const at = normalizeAxis(axis, x.rank, "cumprod");
  const others = x.shape.flatMap((_, i) => (i === at ? [] : [i]));
  return scope(() => {
    const perm = [at, ...others];
    let y = ordered(widened(x), perm);
    const count = x.shape[at]!;
    if (count < 2) return mul(widened(x), 1);
    for (let done = 1; done < count; done *= 2)
      y = concat([slice(y, [0], [done]), mul(slice(y, [done]), slice(y, [0], [count - done]))]);
    return ordered(
      y,
      x.shape.map((_, i) => perm.indexOf(i)),
    );
  });
}

/**
 * Product over axes (all where none are given), 1 over nothing: halves are multiplied until one number is left, so that the
 * gradient is right where factors are 0. Products of integers are int64 and wrap.
 *
 * @example
 * ```ts
 * console.log(prod(tensor([[1, 2], [3, 4]])).item(), prod(tensor([[1, 2], [3, 4]]), 0).toArray()); // 24 [3, 8]
 * ```
 */
export function prod(x: Tensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  const list = normalizeAxes(axes, x.rank, "prod");
  const kept = x.shape.flatMap((_, i) => (list.includes(i) ? [] : [i]));
  return scope(() => {
    let count = sizeOf(list.map((axis) => x.shape[axis]!));
    let y = reshape(ordered(widened(x), [...list, ...kept]), [count, sizeOf(kept.map((axis) => x.shape[axis]!))]);
    const shape = reducedShape(x.shape, list, keepDims);
    if (count === 0) return reshape(add(sum(y, 0), 1), shape);
    let rest: Tensor | null = null;
    while (count > 1) {
      const half = count >> 1;
      if (count % 2 === 1) {
        const last = slice(y, [count - 1]);
        rest = rest ? mul(rest, last) : last;
      }
      y = mul(slice(y, [0], [half]), slice(y, [half], [half]));
      count = half;
    }
    return reshape(mul(y, rest ?? 1), shape);
  });
}

const methods = { prod, cumsum, cumprod };
installMethods(methods);

declare module "../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./scans.js"), keyof typeof methods>> {}
}
