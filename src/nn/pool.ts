/**
 * Pooling as layers.
 */
import * as F from "../chapters/index.js";
import type { Pair } from "../ops/spec/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { Module } from "./module.js";
import { showNumbers } from "./repr.js";

/** Mean over the image: [N, H, W, C] -> [N, C]. */
export class GlobalAvgPool extends Module {
  forward(x: Tensor): Tensor {
    return F.globalAvgPool(x);
  }
}

/** Largest value of the image: [N, H, W, C] -> [N, C]. */
export class GlobalMaxPool extends Module {
  forward(x: Tensor): Tensor {
    return F.globalMaxPool(x);
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

  override extraRepr(): string {
    return showNumbers({ ...this.options });
  }
}

/** The window of a layer that takes means, in pixels. */
export interface AvgPool2dLayerOptions extends F.AvgPool2dOptions {
  readonly kernelSize: number | Pair;
}

/** Mean of each window; zero padding counts (torch.nn.AvgPool2d): [N, H, W, C] -> [N, OH, OW, C]. */
export class AvgPool2d extends Module {
  readonly options: AvgPool2dLayerOptions;

  constructor(options: AvgPool2dLayerOptions) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, ...window } = this.options;
    return F.avgPool2d(x, kernelSize, window);
  }

  override extraRepr(): string {
    return showNumbers({ ...this.options });
  }
}

/** The window of a layer that takes roots of sums of powers, in pixels. */
export interface LPPool2dOptions extends Pick<F.Pool2dOptions, "stride" | "ceilMode"> {
  readonly normType: number;
  readonly kernelSize: number | Pair;
}

/** (Σ x^normType)^(1/normType) over each window (torch.nn.LPPool2d): [N, H, W, C] -> [N, OH, OW, C]. */
export class LPPool2d extends Module {
  readonly options: LPPool2dOptions;

  constructor(options: LPPool2dOptions) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    const { normType, kernelSize, ...window } = this.options;
    return F.lpPool2d(x, normType, kernelSize, window);
  }

  override extraRepr(): string {
    return showNumbers({ ...this.options });
  }
}

/** The size that an adaptive pool leaves: one for both axes, or [height, width] with null for as it is. */
export type OutputSize = number | readonly (number | null)[];

/**
 * Means of windows that cover the image and leave a given size (torch.nn.AdaptiveAvgPool2d): [N, H, W, C] -> [N, OH, OW, C].
 *
 * @example
 * ```ts
 * console.log(new nn.AdaptiveAvgPool2d(7).forward(rand([1, 13, 10, 8])).shape); // [1, 7, 7, 8]
 * ```
 */
export class AdaptiveAvgPool2d extends Module {
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    super();
    this.outputSize = outputSize;
  }

  forward(x: Tensor): Tensor {
    return F.adaptiveAvgPool2d(x, this.outputSize);
  }

  override extraRepr(): string {
    return showNumbers({ outputSize: this.outputSize });
  }
}

/** The same with largest values (torch.nn.AdaptiveMaxPool2d). */
export class AdaptiveMaxPool2d extends Module {
  readonly outputSize: OutputSize;

  constructor(outputSize: OutputSize) {
    super();
    this.outputSize = outputSize;
  }

  forward(x: Tensor): Tensor {
    return F.adaptiveMaxPool2d(x, this.outputSize);
  }

  override extraRepr(): string {
    return showNumbers({ outputSize: this.outputSize });
  }
}

/** The window of a layer over sequences, in steps. */
export interface MaxPool1dOptions extends F.Pool1dOptions {
  readonly kernelSize: number;
}

/** Largest value of each window (torch.nn.MaxPool1d): [N, L, C] -> [N, OL, C]. */
export class MaxPool1d extends Module {
  readonly options: MaxPool1dOptions;

  constructor(options: MaxPool1dOptions) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, ...window } = this.options;
    return F.maxPool1d(x, kernelSize, window);
  }

  override extraRepr(): string {
    return showNumbers({ ...this.options });
  }
}

/** The window of a layer over sequences that takes means, in steps. */
export interface AvgPool1dLayerOptions extends F.AvgPool1dOptions {
  readonly kernelSize: number;
}

/** Mean of each window; zero padding counts (torch.nn.AvgPool1d): [N, L, C] -> [N, OL, C]. */
export class AvgPool1d extends Module {
  readonly options: AvgPool1dLayerOptions;

  constructor(options: AvgPool1dLayerOptions) {
    super();
    this.options = options;
  }

  forward(x: Tensor): Tensor {
    const { kernelSize, ...window } = this.options;
    return F.avgPool1d(x, kernelSize, window);
  }

  override extraRepr(): string {
    return showNumbers({ ...this.options });
  }
}
