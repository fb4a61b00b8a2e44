/**
 * Pools, as functions.
 */

import { max, mean } from "../ops/functional/reductions.js";
import { type Padding, pair, resolvePadding } from "../ops/functional/window.js";
import type { Attrs, Pair } from "../ops/spec/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { apply } from "./pooling-ops.js";

/** A pooling window's stride and padding, in pixels. */
export interface Pool2dOptions {
  /** Default: kernelSize. */
  readonly stride?: number | Pair;
  /** At most half of the window on each side. Default 0. */
  readonly padding?: Padding;
  /** Default 1: pixels of a window are neighbours. */
  readonly dilation?: number | Pair;
  /** Whether a last window may reach beyond the padding, if it starts before it (torch.nn.MaxPool2d). Default false. */
  readonly ceilMode?: boolean;
}

/** A window whose mean is taken, and what it is divided by. */
export interface AvgPool2dOptions extends Pool2dOptions {
  /** Whether the padding counts among the pixels of a window. Default true, as in torch.nn.AvgPool2d. */
  readonly countIncludePad?: boolean;
  /** Divides the sum of each window in place of its number of pixels. */
  readonly divisorOverride?: number;
}

/** The attributes of a pool; all of them, so that compiled functions tell calls with an option from those without it. */
function window(where: string, x: Tensor, kernelSize: number | Pair, options: Pool2dOptions): Attrs<"maxPool2d"> {
  const { dilation = 1, ceilMode = false } = options;
  const geometry = {
    kernelSize: pair(kernelSize),
    stride: pair(options.stride ?? kernelSize),
    dilation: pair(dilation),
  };
  const { padding, paddingEnd = padding } = resolvePadding(where, options.padding ?? 0, x.shape, geometry);
  return { ...geometry, padding, paddingEnd, ceilMode };
}

/** Mean of each window; zero padding counts, as in torch.nn.AvgPool2d. */
export const avgPool2d = (x: Tensor, kernelSize: number | Pair, options: AvgPool2dOptions = {}): Tensor => {
  const { countIncludePad = true, divisorOverride = null } = options;
  return apply("avgPool2d", [x], {
    ...window("avgPool2d", x, kernelSize, options),
    countIncludePad,
    divisorOverride,
  })[0];
};

/**
 * Largest value of each window, NaN where it holds one; padding never wins.
 *
 * @example
 * ```ts
 * console.log(maxPool2d(rand([1, 8, 8, 3]), 2).shape); // [1, 4, 4, 3]
 * ```
 */
export const maxPool2d = (x: Tensor, kernelSize: number | Pair, options: Pool2dOptions = {}): Tensor =>
  apply("maxPool2d", [x], window("maxPool2d", x, kernelSize, options))[0];

/**
 * Where maxPool2d finds its values: int32 positions row · W + column in the image of each, the last of several NaN and the
 * first of several largest, as in PyTorch; -1 for a window without pixels. Takes no part in gradients.
 *
 * @example
 * ```ts
 * const x = tensor([1, 4, 3, 2], [1, 2, 2, 1]);
 * console.log(maxPool2dIndices(x, 2).item()); // 1
 * ```
 */
export const maxPool2dIndices = (x: Tensor, kernelSize: number | Pair, options: Pool2dOptions = {}): Tensor =>
  apply("maxPool2dIndices", [x], window("maxPool2dIndices", x, kernelSize, options))[0];

/** maxPool2d with its maxPool2dIndices (torch.nn.functional.max_pool2d with return_indices). */
export const maxPool2dWithIndices = (
  x: Tensor,
  kernelSize: number | Pair,
  options: Pool2dOptions = {},
): readonly [values: Tensor, indices: Tensor] => [
  maxPool2d(x, kernelSize, options),
  maxPool2dIndices(x, kernelSize, options),
];

/** Mean over the image: [N, H, W, C] -> [N, C]. */
export const globalAvgPool = (x: Tensor): Tensor => mean(x, [1, 2]);

/** Largest value of the image: [N, H, W, C] -> [N, C]; its gradient is shared equally among ties. */
export const globalMaxPool = (x: Tensor): Tensor => max(x, [1, 2]);
