/**
 * Reductions composed of others: any, all, norms, variances, the logarithm of a sum of exponentials. Each agrees with PyTorch
 * where plain formulas have no gradient, at zeros, or overflow.
 */
import { isFloat } from "../../tensor/dtype.js";
import { scope } from "../../tensor/scope.js";
import { normalizeAxes, reducedShape, sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { DTypeError, ShapeError } from "../../util/errors.js";
import { type AsMethods, installMethods } from "../method.js";
import { abs, add, cast, div, equal, exp, log, notEqual, pow, sign, sqrt, square, sub, where } from "./elementwise.js";
import { reshape } from "./movement.js";
import { type Axes, max, mean, min, type ReduceOptions, sum } from "./reductions.js";

const keep = { keepDims: true } as const;

function expectFloats(x: Tensor, what: string): void {
  if (!isFloat(x.dtype))
    throw new DTypeError(`${what}: x is ${x.dtype}, expected float32 or float64`, 'cast it first: x.cast("float32")');
}

/** How many are 1, rounded; 0 for none alone. */
const count = (isOne: Tensor, axes: Axes | undefined, options: ReduceOptions): Tensor =>
  sum(cast(isOne, "float32"), axes, options);

/**
 * Whether any element over axes (all where none are given) is not 0; false over nothing. NaN is not 0.
 *
 * @example
 * ```ts
 * console.log(any(tensor([[0, 2], [0, 0]]), 1).toArray()); // [true, false]
 * ```
 */
export const any = (x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor =>
  scope(() => notEqual(count(notEqual(x.detach(), 0), axes, options), 0));

/**
 * Whether every element over axes (all where none are given) is not 0; true over nothing. NaN is not 0.
 *
 * @example
 * ```ts
 * console.log(all(tensor([[1, 2], [0, 1]]), 1).toArray()); // [true, false]
 * ```
 */
export const all = (x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor =>
  scope(() => equal(count(equal(x.detach(), 0), axes, options), 0));

/** `root` of totals that are at least 0, whose gradient at 0 is 0 instead of ∞ · 0; `atZero` is its value there. */
function rootOf(total: Tensor, root: (total: Tensor) => Tensor, atZero = 0): Tensor {
  const isZero = equal(total, 0);
  return where(isZero, atZero, root(where(isZero, 1, total)));
}

/** Σ|x|^p ^ 1/p. */
function powerNorm(x: Tensor, p: number, axes: Axes | undefined, options: ReduceOptions): Tensor {
  const atZero = p < 0 ? Number.POSITIVE_INFINITY : 0;
  const total = sum(
    rootOf(abs(x), (size) => pow(size, p), atZero),
    axes,
    options,
  );
  return rootOf(total, (sizes) => pow(sizes, 1 / p), atZero);
}

/**
 * The p-norm over axes (all where none are given): Σ|x|^p ^ 1/p, of p = ∞ the largest and of −∞ the smallest |x|, of 0 how many
 * are not 0; "fro" is 2. The gradient at 0 is 0 (torch.norm). Throws DTypeError for integers, as PyTorch does.
 *
 * @example
 * ```ts
 * console.log(norm(tensor([3, -4])).item(), norm(tensor([3, -4]), 1).item()); // 5 7
 * ```
 */
export function norm(x: Tensor, p: number | "fro" = "fro", axes?: Axes, options: ReduceOptions = {}): Tensor {
  expectFloats(x, "norm");
  if (p !== "fro" && (typeof p !== "number" || Number.isNaN(p)))
    throw new ShapeError(
      `norm: p is ${p}, expected a number or "fro"`,
      "the nuclear norm wants singular values, which are not computed here",
    );
  return scope(() => {
    if (p === "fro" || p === 2) return rootOf(sum(square(x), axes, options), sqrt);
    if (p === 1) return sum(abs(x), axes, options);
    if (p === Number.POSITIVE_INFINITY) return max(abs(x), axes, options);
    if (p === Number.NEGATIVE_INFINITY) return min(abs(x), axes, options);
    // the sign of a NaN is NaN, and counts
    if (p === 0) return sum(abs(sign(where(equal(x, x), x, 1))), axes, options);
    return powerNorm(x, p, axes, options);
  });
}

/** Of variance, std and varMean. */
export interface VarianceOptions extends ReduceOptions {
  /** Taken off the number of elements to divide by: 1 is PyTorch's unbiased=True, 0 its unbiased=False. Default 1. */
  readonly correction?: number;
}

/** [variance, mean], axes kept. */
function moments(x: Tensor, axes: readonly number[], correction: number, what: string): [Tensor, Tensor] {
  expectFloats(x, what);
  const average = mean(x, axes, keep);
  const divisor = Math.max(0, sizeOf(axes.map((axis) => x.shape[axis]!)) - correction);
  // the differences sum to 0, so that nothing flows back through the mean
  return [div(sum(square(sub(x, average.detach())), axes, keep), divisor), average];
}

const spread =
  (what: string, finish: (variance: Tensor) => Tensor) =>
  (x: Tensor, axes?: Axes, { correction = 1, keepDims = false }: VarianceOptions = {}): Tensor =>
    scope(() => {
      const list = normalizeAxes(axes, x.rank, what);
      return reshape(finish(moments(x, list, correction, what)[0]), reducedShape(x.shape, list, keepDims));
    });

/**
 * Variance over axes (all where none are given), of differences from the mean: Σ(x − mean)² / (n − correction), NaN where that
 * divides by 0 (torch.var). Throws DTypeError for integers, as PyTorch does.
 *
 * @example
 * ```ts
 * console.log(variance(tensor([1, 2, 3])).item(), variance(tensor([1, 3]), 0, { correction: 0 }).item()); // 1 1
 * ```
 */
export const variance = spread("variance", (y) => y);

/**
 * Standard deviation over axes (all where none are given): the square root of variance(), with gradient 0 where it is 0
 * (torch.std). Throws DTypeError for integers, as PyTorch does.
 */
export const std = spread("std", (y) => rootOf(y, sqrt));

/**
 * [variance, mean] over axes (all where none are given), from one pass for the mean and one for the differences from it
 * (torch.var_mean). Throws DTypeError for integers, as PyTorch does.
 */
export const varMean = (
  x: Tensor,
  axes?: Axes,
  { correction = 1, keepDims = false }: VarianceOptions = {},
): [variance: Tensor, mean: Tensor] =>
  scope(() => {
    const list = normalizeAxes(axes, x.rank, "varMean");
    const shape = reducedShape(x.shape, list, keepDims);
    const [spread, average] = moments(x, list, correction, "varMean");
    return [reshape(spread, shape), reshape(average, shape)];
  });

/**
 * log Σ exp(x) over axes (all where none are given), without overflow: the largest x is taken out of the sum. −∞ where all x are,
 * and over nothing.
 *
 * @example
 * ```ts
 * console.log(logSumExp(tensor([1000, 1000])).item() - 1000); // 0.693115234375
 * ```
 */
export function logSumExp(x: Tensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor {
  const list = normalizeAxes(axes, x.rank, "logSumExp");
  return scope(() => {
    const floats = isFloat(x.dtype) ? x : cast(x, "float32");
    if (list.some((axis) => x.shape[axis] === 0)) return log(sum(exp(floats), list, { keepDims }));
    const largest = max(floats.detach(), list, keep);
    const shift = where(equal(abs(largest), Number.POSITIVE_INFINITY), 0, largest);
    const y = add(log(sum(exp(sub(floats, shift)), list, keep)), shift);
    return reshape(y, reducedShape(x.shape, list, keepDims));
  });
}

const methods = { any, all, norm, variance, std, varMean, logSumExp };
installMethods(methods);

declare module "../../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./statistics.js"), keyof typeof methods>> {}
}
