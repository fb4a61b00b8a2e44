/**
 * What convolutions with bias and activation in one pass want beside themselves.
 */
import type { NoAttrs, Spec } from "./kinds.js";

export interface EpilogueOps {
  /** [..., C] both -> dy, but 0 where y <= 0, and the sum of that over all rows [C]: the gradient behind bias and relu. */
  biasReluGrad: Spec<["dy", "y"], NoAttrs, ["dx", "dbias"]>;
}
