/**
 * Ops that make one number of many along axes, and softmax.
 */
import type { AxisAttrs, Spec } from "./kinds.js";

export interface ReduceAttrs {
  /** Sorted, distinct, counted from the front. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}
export interface ReductionOps {
  /** int64 for integers of any size, and for bool. */
  sum: Spec<["x"], ReduceAttrs>;
  mean: Spec<["x"], ReduceAttrs>;
  max: Spec<["x"], ReduceAttrs>;
  min: Spec<["x"], ReduceAttrs>;
  /** int32 index of the first NaN, or of the first largest value, along one axis, which is dropped. */
  argmax: Spec<["x"], AxisAttrs>;
  softmax: Spec<["x"], AxisAttrs>;
  logSoftmax: Spec<["x"], AxisAttrs>;
}
