/**
 * Squeeze-and-excitation (Hu et al. 2018, figure 2): channels weighed by a gate that sees the whole image.
 * As mmpretrain's SELayer: two biased 1×1 convolutions, ReLU between, a true sigmoid at the end. Key names are its own.
 */
import * as F from "../ops/functional/index.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { Conv2d } from "./conv.js";
import { Module } from "./module.js";
import type { LayerOptions } from "./parameter.js";

/** mmcv's make_divisible: squeezed widths are multiples of this, at least one of it. */
const WIDTH_MULTIPLE = 8;
/** Rounding may not take away more than a tenth of the width. */
const LEAST_SHARE = 0.9;

/** The number of channels between the two convolutions. */
export function squeezedWidth(channels: number, ratio: number): number {
  const wanted = Math.floor(channels / ratio);
  const rounded = Math.max(WIDTH_MULTIPLE, Math.floor((wanted + WIDTH_MULTIPLE / 2) / WIDTH_MULTIPLE) * WIDTH_MULTIPLE);
  return rounded < LEAST_SHARE * wanted ? rounded + WIDTH_MULTIPLE : rounded;
}

/** How far the squeezed layer is narrower. */
export interface SqueezeExciteOptions extends LayerOptions {
  /** How many times fewer channels inside. Default 16. */
  readonly ratio?: number;
}

/**
 * Squeeze-and-excitation (Hu et al. 2018), [N, H, W, channels] -> the same shape: channels weighed by a gate that sees the
 * whole image.
 *
 * @example
 * ```ts
 * const gate = new nn.SqueezeExcite(64);
 * console.log(gate.forward(rand([2, 7, 7, 64])).shape); // [2, 7, 7, 64]
 * ```
 */
export class SqueezeExcite extends Module {
  readonly reduce: Conv2d;
  readonly expand: Conv2d;

  /** [N, H, W, channels] -> the same shape. */
  constructor(channels: number, { ratio = 16, ...layer }: SqueezeExciteOptions = {}) {
    super();
    const width = squeezedWidth(channels, ratio);
    this.reduce = this.child("conv1.conv", new Conv2d(channels, width, { kernelSize: 1, ...layer }));
    this.expand = this.child("conv2.conv", new Conv2d(width, channels, { kernelSize: 1, ...layer }));
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      // [N, H, W, C] -> [N, 1, 1, C]
      const squeezed = F.mean(x, [1, 2], { keepDims: true });
      const gate = F.sigmoid(this.expand.forward(F.relu(this.reduce.forward(squeezed))));
      return F.mul(x, gate);
    });
  }
}
