/**
 * Pooling as a layer.
 */
import * as F from "../ops/functional.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";

/** Mean over the image: [N, H, W, C] -> [N, C]. */
export class GlobalAvgPool extends Module {
  forward(x: Tensor): Tensor {
    return F.globalAvgPool(x);
  }
}
