/**
 * Ops that move numbers about: shapes, slices, joins.
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
  /** int32 [...i] -> [...i, depth], 1 at the index. */
  oneHot: Spec<["indices"], { readonly depth: number; readonly dtype: DType }>;
}
