/**
 * Ops that move numbers about: shapes, slices, joins, indices.
 */
import type { DType } from "../../tensor/dtype.js";
import type { Shape } from "../../tensor/shape.js";
import type { AxisAttrs, Spec } from "./kinds.js";

export interface MovementOps {
  broadcastTo: Spec<["x"], { readonly shape: Shape }>;
  reshape: Spec<["x"], { readonly shape: Shape }>;
  transpose: Spec<["x"], { readonly perm: readonly number[] }>;
  slice: Spec<["x"], { readonly begin: readonly number[]; readonly size: readonly number[] }>;
  pad: Spec<["x"], { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number }>;
  concat: Spec<["x", ...string[]], AxisAttrs>;
  /** Rows of table [R, ...rest] by int32 indices [...i] -> [...i, ...rest]. */
  gather: Spec<["table", "indices"]>;
  /** The gradient of gather: dy [...i, ...rest] added into zeros [rows, ...rest]. */
  scatterAdd: Spec<["dy", "indices"], { readonly rows: number }>;
  /** int32 [...i] -> [...i, depth], 1 at the index. */
  oneHot: Spec<["indices"], { readonly depth: number; readonly dtype: DType }>;
}
