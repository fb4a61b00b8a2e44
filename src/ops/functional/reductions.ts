/**
 * Reductions over axes and softmax, as functions.
 */
import { normalizeAxes, normalizeAxis } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { apply } from "../apply.js";

/** Whether a reduction keeps the axes that it sums over, as 1. */
export interface ReduceOptions {
  /** Default false: reduced axes are dropped. */
  readonly keepDims?: boolean;
}

type Axes = number | readonly number[];

const reduction =
  (op: "sum" | "mean" | "max" | "min") =>
  (x: Tensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor =>
    apply(op, [x], { axes: normalizeAxes(axes, x.rank, op), keepDims })[0];

/**
 * Sum over axes (all where none are given). Sums of integers and of bool are int64, and wrap there.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * console.log(sum(x).item(), sum(x, 0).toArray()); // 10 [4, 6]
 * ```
 */
export const sum = reduction("sum");

/** Mean over axes (all where none are given). Throws DTypeError for integers, as PyTorch does. */
export const mean = reduction("mean");

/** Largest value over axes; its gradient is shared equally among ties. */
export const max = reduction("max");

/** Smallest value over axes; its gradient is shared equally among ties. */
export const min = reduction("min");

/**
 * int32 index of the first NaN, or of the first largest value, along an axis, which is dropped.
 *
 * @example
 * ```ts
 * console.log(argmax(tensor([[1, 9], [7, 2]])).toArray()); // [1, 0]
 * ```
 */
export const argmax = (x: Tensor, axis = -1): Tensor =>
  apply("argmax", [x], { axis: normalizeAxis(axis, x.rank, "argmax") })[0];

/**
 * exp(x) / sum(exp(x)) along an axis.
 *
 * @example
 * ```ts
 * console.log(softmax(tensor([0, 0])).toArray()); // [0.5, 0.5]
 * ```
 */
export const softmax = (x: Tensor, axis = -1): Tensor =>
  apply("softmax", [x], { axis: normalizeAxis(axis, x.rank, "softmax") })[0];

/** log(softmax(x)) along an axis, without overflow. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor =>
  apply("logSoftmax", [x], { axis: normalizeAxis(axis, x.rank, "logSoftmax") })[0];
