/**
 * Sums of products: matrices and convolutions.
 */
import type { Shape } from "../../tensor/shape.js";
import type { EndPadding, InputShape, Pair, Spec } from "./kinds.js";

export interface Conv2dAttrs extends EndPadding {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
}
export interface ActivationAttrs {
  readonly activation: "none" | "relu";
}
export interface WeightShape {
  readonly weightShape: Shape;
}
export interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}
export interface ProductOps {
  /** [...batch, m, k] x [...batch, k, n] -> [...batch, m, n]; the transposes say how a and b are stored; batches broadcast. */
  matmul: Spec<["a", "b"], MatmulAttrs>;
  /** x [N, H, W, Cin], w [KH, KW, Cin/groups, Cout] -> [N, OH, OW, Cout]. */
  conv2d: Spec<["x", "w"], Conv2dAttrs>;
  /** conv2d, then a bias [Cout], then the activation: one pass over y instead of three. */
  conv2dBias: Spec<["x", "w", "bias"], Conv2dAttrs & ActivationAttrs>;
  conv2dInputGrad: Spec<["dy", "w"], Conv2dAttrs & InputShape>;
  conv2dWeightGrad: Spec<["x", "dy"], Conv2dAttrs & WeightShape>;
}
