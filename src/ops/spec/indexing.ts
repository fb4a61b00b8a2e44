/**
 * Ops that read and write numbers at indices.
 */
import type { AxisAttrs, Spec } from "./kinds.js";

export interface IndexingOps {
  /** Rows of table [R, ...rest] by int32 indices [...i] -> [...i, ...rest]. */
  gather: Spec<["table", "indices"]>;
  /** The gradient of gather: dy [...i, ...rest] added into zeros [rows, ...rest]. */
  scatterAdd: Spec<["dy", "indices"], { readonly rows: number }>;
  /** x by int32 indices along one axis, element by element; the other axes are alike -> the shape of the indices. */
  takeAlongAxis: Spec<["x", "indices"], AxisAttrs>;
  /** The gradient of takeAlongAxis: dy added into zeros with `rows` positions along the axis. */
  takeAlongAxisGrad: Spec<["dy", "indices"], AxisAttrs & { readonly rows: number }>;
  /** x with numbers of src written over it at int32 indices along one axis; of several for one place the last stays. */
  scatter: Spec<["x", "indices", "src"], AxisAttrs>;
}
