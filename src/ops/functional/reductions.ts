/**
 * Reductions over axes and softmax, as functions.
 */
import { isFloat } from "../../tensor/dtype.js";
import { scope } from "../../tensor/scope.js";
import { normalizeAxes, normalizeAxis, reducedShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { DTypeError } from "../../util/errors.js";
import { apply } from "../apply.js";
import { neg, sub } from "./elementwise.js";
import { reshape } from "./movement.js";
import { flip } from "./slicing.js";

/** Whether a reduction keeps the axes that it sums over, as 1. */
export interface ReduceOptions {
  /** Default false: reduced axes are dropped. */
  readonly keepDims?: boolean;
}

/** One axis or several; negative ones count from the end. */
export type Axes = number | readonly number[];

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

/** Of argmax and argmin. */
export interface ArgOptions extends ReduceOptions {
  /** Of equal ones the last, as ONNX's select_last_index has it. Default false: the first. */
  readonly selectLastIndex?: boolean;
}

function positionOf(
  x: Tensor,
  axis: number,
  { keepDims = false, selectLastIndex = false }: ArgOptions,
  where: string,
  ordered: (x: Tensor) => Tensor,
): Tensor {
  if (x.dtype === "bool")
    throw new DTypeError(`${where}: x is bool, expected numbers`, 'cast it first: x.cast("int32")');
  const line = x.rank === 0 ? reshape(x, [1]) : x;
  const at = normalizeAxis(axis, line.rank, where);
  const shape = reducedShape(x.shape, [at], keepDims);
  return scope(() => {
    const plain = line.detach();
    const first = apply("argmax", [ordered(selectLastIndex ? flip(plain, at) : plain)], { axis: at })[0];
    return reshape(selectLastIndex ? sub(line.shape[at]! - 1, first) : first, shape);
  });
}

/**
 * int32 index of the first NaN, or of the first largest value, along an axis, which is dropped.
 *
 * @example
 * ```ts
 * console.log(argmax(tensor([[1, 9], [7, 2]])).toArray()); // [1, 0]
 * ```
 */
export const argmax = (x: Tensor, axis = -1, options: ArgOptions = {}): Tensor =>
  positionOf(x, axis, options, "argmax", (y) => y);

/**
 * int32 index of the first NaN, or of the first smallest value, along an axis, which is dropped.
 *
 * @example
 * ```ts
 * console.log(argmin(tensor([[1, 9], [7, 2]])).toArray()); // [0, 1]
 * ```
 */
export const argmin = (x: Tensor, axis = -1, options: ArgOptions = {}): Tensor =>
  // complements turn the order of integers round without overflow
  positionOf(x, axis, options, "argmin", (y) => (isFloat(y.dtype) ? neg(y) : sub(y.dtype === "uint8" ? 255 : -1, y)));

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

/** softmax(−x) along an axis: the smallest get the most (torch.nn.functional.softmin). */
export const softmin = (x: Tensor, axis = -1): Tensor => scope(() => softmax(neg(x), axis));

/** log(softmax(x)) along an axis, without overflow. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor =>
  apply("logSoftmax", [x], { axis: normalizeAxis(axis, x.rank, "logSoftmax") })[0];
