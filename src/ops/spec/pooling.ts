/**
 * Windows without weights.
 */
import type { InputShape, Pair, Spec } from "./kinds.js";

export interface Pool2dAttrs {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}
export interface PoolingOps {
  avgPool2d: Spec<["x"], Pool2dAttrs>;
  avgPool2dGrad: Spec<["dy"], Pool2dAttrs & InputShape>;
  maxPool2d: Spec<["x"], Pool2dAttrs>;
  /** dy goes to the last NaN of each window, as in PyTorch, or to the first largest value. */
  maxPool2dGrad: Spec<["dy", "x"], Pool2dAttrs>;
}
