/**
 * Ops that move numbers about: shapes, slices, joins, indices.
 */
import type { DType } from "../../tensor/dtype.js";
import type { Shape } from "../../tensor/shape.js";
import type { AxisAttrs, InputShape, Spec } from "./kinds.js";

export interface StridedAttrs {
  readonly begin: readonly number[];
  readonly step: readonly number[];
}

export interface MovementOps {
  broadcastTo: Spec<["x"], { readonly shape: Shape }>;
  reshape: Spec<["x"], { readonly shape: Shape }>;
  transpose: Spec<["x"], { readonly perm: readonly number[] }>;
  slice: Spec<["x"], { readonly begin: readonly number[]; readonly size: readonly number[] }>;
  /** Every step-th element from `begin` on, `size` of them; steps may be negative. */
  stridedSlice: Spec<["x"], StridedAttrs & { readonly size: readonly number[] }>;
  /** The gradient of stridedSlice: dy set into zeros of the input's shape. */
  stridedSliceGrad: Spec<["dy"], StridedAttrs & InputShape>;
  pad: Spec<["x"], { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number }>;
  concat: Spec<["x", ...string[]], AxisAttrs>;
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
  /** int32 [...i] -> [...i, depth], 1 at the index. */
  oneHot: Spec<["indices"], { readonly depth: number; readonly dtype: DType }>;
}
