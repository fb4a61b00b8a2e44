/**
 * Resizing along one axis by weights that a table gives (chapters/resize).
 */
import type { AxisAttrs, Spec } from "./kinds.js";

export interface ResizeOps {
  /**
   * y[o] = Σ over t < count of weights[o, t] · x[first + t] along the axis, with starts int32 [size, 2]: first and count;
   * weights [size, taps]. `backStarts` [x's size, 2] and `backWeights` are the transposed table, by which the gradient is the same op.
   */
  resample: Spec<["x", "starts", "weights", "backStarts", "backWeights"], AxisAttrs>;
}
