/**
 * Ops that take the numbers along an axis in an order: running sums, sorting.
 */
import type { AxisAttrs, Spec } from "./kinds.js";

export interface CumsumAttrs extends AxisAttrs {
  /** Sums run from the last element to the first. */
  readonly reverse: boolean;
  /** Sums of what comes before an element, without itself. */
  readonly exclusive: boolean;
}
export interface ArgsortAttrs {
  readonly descending: boolean;
}
export interface OrderOps {
  /** Running sums along one axis; int32 for integers of any size. */
  cumsum: Spec<["x"], CumsumAttrs>;
  /** int32 indices that sort the last axis; equal numbers keep their order, and NaN is the largest. */
  argsort: Spec<["x"], ArgsortAttrs>;
}
