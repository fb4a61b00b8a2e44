/**
 * Windows without weights.
 */
import type { EndPadding, InputShape, Pair, Spec } from "./kinds.js";

export interface Pool2dAttrs extends EndPadding {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  /** Default [1, 1]. */
  readonly dilation?: Pair;
  /** Default false: a last window that reaches beyond the padding is left out. */
  readonly ceilMode?: boolean;
}
export interface AvgPool2dAttrs extends Pool2dAttrs {
  /** Default true: the padding counts among the numbers of a window. What ceilMode adds beyond it never does. */
  readonly countIncludePad?: boolean;
  /** What a sum is divided by in place of the numbers of its window; null as if not given. */
  readonly divisorOverride?: number | null;
}
export interface PoolingOps {
  avgPool2d: Spec<["x"], AvgPool2dAttrs>;
  avgPool2dGrad: Spec<["dy"], AvgPool2dAttrs & InputShape>;
  maxPool2d: Spec<["x"], Pool2dAttrs>;
  /** dy goes to the last NaN of each window, as in PyTorch, or to the first largest value. */
  maxPool2dGrad: Spec<["dy", "x"], Pool2dAttrs>;
  /** int32: where in its image (row · W + column) maxPool2d found its value; -1 where a window holds no number. */
  maxPool2dIndices: Spec<["x"], Pool2dAttrs>;
}
