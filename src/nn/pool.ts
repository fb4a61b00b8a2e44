/**
 * Pooling as a layer.
 */
import * as F from "../ops/functional/index.js";
import type { Pair } from "../ops/spec/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";

/** Mean over the image: [N, H, W, C] -> [N, C]. */
export class GlobalAvgPool extends Module {
  forward(x: Tensor): Tensor {
    return F.globalAvgPool(x);
  }
}

/** The window of a pooling layer, in pixels. */
export interface MaxPool2dOptions extends F.Pool2dOptions {
  readonly kernelSize: number | Pair;
}

/** Largest value of each window (torch.nn.MaxPool2d): [N, H, W, C] -> [N, OH, OW, C]. */
export class MaxPool2d extends Module {
  readonly options: MaxPool2dOptions;

  constructor(options: MaxPool2dOptions) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, ...window } = this.options;
    return F.maxPool2d(x, kernelSize, window);
  }
}
