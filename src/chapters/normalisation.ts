/**
 * Normalisations, as functions: by the batch, by rows, by groups of channels, by neighbouring channels.
 */

import { add, exp, log, mul, rsqrt, square } from "../ops/functional/elementwise.js";
import { reshape, transpose } from "../ops/functional/movement.js";
import { pad } from "../ops/functional/padding.js";
import { mean } from "../ops/functional/reductions.js";
import { slice } from "../ops/functional/slicing.js";
import { allocate } from "../tensor/create.js";
import { newArray } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import { type Shape, showShape, sizeOf } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError } from "../util/errors.js";
import { apply } from "./normalisation-ops.js";

/** The numbers of a batch normalisation. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}

/**
 * Normalises x [..., C] by its own batch -> y, mean [C], biased variance [C].
 *
 * @example
 * ```ts
 * const [y, mean, variance] = batchNorm(rand([4, 5, 5, 8]), ones([8]), zeros([8]));
 * console.log(y.shape, mean.shape, variance.shape); // [4, 5, 5, 8] [8] [8]
 * ```
 */
export const batchNorm = (x: Tensor, gamma: Tensor, beta: Tensor, { eps = 1e-5 }: BatchNormOptions = {}) =>
  apply("batchNorm", [x, gamma, beta], { eps });

/** Normalises x [..., C] by given statistics [C]. */
export const batchNormEval = (
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  runningMean: Tensor,
  runningVar: Tensor,
  { eps = 1e-5 }: BatchNormOptions = {},
): Tensor => apply("batchNormEval", [x, gamma, beta, runningMean, runningVar], { eps })[0];

/** The numbers of a normalisation over rows or groups. */
export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}

const constantLike = (x: Tensor, size: number, value: number): Tensor =>
  allocate([size], x.dtype, x.storage.backend).write(newArray(x.dtype, size).fill(value));

/** Throws ShapeError unless the last axes of x are those of `normalizedShape`, and so is each parameter. */
function lastAxes(
  where: string,
  x: Tensor,
  normalizedShape: number | Shape,
  parameters: readonly (Tensor | null)[],
): Shape {
  const axes = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
  const own = x.shape.slice(x.rank - axes.length);
  if (axes.length === 0 || axes.length > x.rank || axes.some((dim, i) => dim !== own[i]))
    throw new ShapeError(
      `${where}: input ${showShape(x.shape)}, expected [..., ${axes.join(", ")}] as normalizedShape says`,
      x.rank === 4 && axes.length === 1 && x.shape[1] === axes[0]
        ? "images are [N, H, W, C]: transpose(x, [0, 2, 3, 1])"
        : undefined,
    );
  for (const given of parameters)
    if (given && !given.hasShape(axes))
      throw new ShapeError(`${where}: a parameter is ${showShape(given.shape)}, expected ${showShape(axes)}`);
  return axes;
}

/** Normalises rows: x is seen as [..., width], γ and β as [width], each absent one as 1 or 0. */
function normalizeRows(x: Tensor, width: number, gamma: Tensor | null, beta: Tensor | null, eps: number): Tensor {
  const rows = reshape(x, [width === 0 ? 0 : x.size / width, width]);
  const vector = (given: Tensor | null, value: number): Tensor =>
    given ? reshape(given, [width]) : constantLike(x, width, value);
  return apply("layerNorm", [rows, vector(gamma, 1), vector(beta, 0)], { eps })[0];
}

/**
 * Normalises x over its last axes, `normalizedShape`, by their mean and biased variance, then y·weight + bias (Ba, Kiros and
 * Hinton 2016; torch.nn.functional.layer_norm). Throws ShapeError where x does not end in those axes.
 *
 * @example
 * ```ts
 * const y = layerNorm(rand([2, 197, 192]), 192, ones([192]), zeros([192]), { eps: 1e-6 });
 * console.log(y.shape); // [2, 197, 192]
 * ```
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  { eps = 1e-5 }: LayerNormOptions = {},
): Tensor {
  const axes = lastAxes("layerNorm", x, normalizedShape, [weight, bias]);
  return scope(() => reshape(normalizeRows(x, sizeOf(axes), weight, bias, eps), x.shape));
}

/** y·weight + bias over the channels, each where there is one. */
function affine(y: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  const scaled = weight ? mul(y, weight) : y;
  return bias ? add(scaled, bias) : scaled;
}

/**
 * Normalises each of `numGroups` runs of channels of every picture, x [N, ..., C], then y·weight + bias with vectors [C] (Wu
 * and He 2018; torch.nn.functional.group_norm). Throws ShapeError where the groups do not divide the channels.
 *
 * @example
 * ```ts
 * console.log(groupNorm(rand([2, 7, 7, 32]), 8).shape); // [2, 7, 7, 32]
 * ```
 */
export function groupNorm(
  x: Tensor,
  numGroups: number,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  { eps = 1e-5 }: LayerNormOptions = {},
): Tensor {
  const channels = x.shape.at(-1) ?? 0;
  if (x.rank < 2 || !(numGroups >= 1) || channels % numGroups !== 0)
    throw new ShapeError(
      `groupNorm: input ${showShape(x.shape)} with numGroups=${numGroups}, expected [N, ..., C] with C a multiple of the groups`,
      x.rank === 4 && x.shape[1]! % numGroups === 0 ? "images are [N, H, W, C]: transpose(x, [0, 2, 3, 1])" : undefined,
    );
  for (const given of [weight, bias])
    if (given && !given.hasShape([channels]))
      throw new ShapeError(`groupNorm: a parameter is ${showShape(given.shape)}, expected [${channels}]`);
  const [n, pixels] = [x.shape[0]!, sizeOf(x.shape.slice(1, -1))];
  const width = channels / numGroups;
  return scope(() => {
    // [N, P, G, C/G] -> [N, G, P, C/G], where a group is a row; with one group, or one pixel, it is one already
    const isRow = numGroups === 1 || pixels === 1;
    const rows = isRow ? x : transpose(reshape(x, [n, pixels, numGroups, width]), [0, 2, 1, 3]);
    const y = normalizeRows(rows, pixels * width, null, null, eps);
    const back = isRow ? y : transpose(reshape(y, [n, numGroups, pixels, width]), [0, 2, 1, 3]);
    return affine(reshape(back, x.shape), weight, bias);
  });
}

/**
 * Normalises each channel of every picture, x [N, ..., C], then y·weight + bias with vectors [C] (Ulyanov et al. 2016;
 * torch.nn.functional.instance_norm with the input's statistics).
 */
export function instanceNorm(
  x: Tensor,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  options: LayerNormOptions = {},
): Tensor {
  if (x.rank < 3 || sizeOf(x.shape.slice(1, -1)) === 1)
    throw new ShapeError(`instanceNorm: input ${showShape(x.shape)}, expected [N, ..., C] with more than one pixel`);
  return groupNorm(x, x.shape.at(-1)!, weight, bias, options);
}

/** The number of a root mean square normalisation. */
export interface RmsNormOptions {
  /** Added to the mean of the squares. Default: the distance from 1 to the next number of x's dtype. */
  readonly eps?: number;
}

const EPSILON: Readonly<Record<string, number>> = { float32: 2 ** -23, float64: 2 ** -52 };

/** x / √(mean of x² over the last axes + eps) · weight (Zhang and Sennrich 2019; torch.nn.functional.rms_norm). */
export function rmsNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  weight: Tensor | null = null,
  { eps = EPSILON[x.dtype] ?? 2 ** -23 }: RmsNormOptions = {},
): Tensor {
  const axes = lastAxes("rmsNorm", x, normalizedShape, [weight]);
  const over = axes.map((_, i) => x.rank - axes.length + i);
  return scope(() => affine(mul(x, rsqrt(add(mean(square(x), over, { keepDims: true }), eps))), weight, null));
}

/** The numbers of a local response normalisation; defaults are PyTorch's. */
export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  readonly alpha?: number;
  /** Default 0.75. */
  readonly beta?: number;
  /** Default 1. */
  readonly k?: number;
}

/**
 * x / (k + alpha · mean of x² over `size` neighbouring channels)^beta, x [..., C]; what lies outside counts as 0
 * (torch.nn.functional.local_response_norm).
 */
export function localResponseNorm(
  x: Tensor,
  size: number,
  { alpha = 1e-4, beta = 0.75, k = 1 }: LocalResponseNormOptions = {},
): Tensor {
  if (x.rank < 2 || !(size >= 1) || !Number.isInteger(size))
    throw new ShapeError(
      `localResponseNorm: input ${showShape(x.shape)} with size=${size}, expected [..., C] and a size from 1`,
    );
  const begin = x.shape.map(() => 0);
  const lead = x.shape.slice(0, -1).map((): [number, number] => [0, 0]);
  return scope(() => {
    const padded = pad(square(x), [...lead, [Math.floor(size / 2), Math.floor((size - 1) / 2)]]);
    const window = (from: number): Tensor => slice(padded, [...begin.slice(1), from], x.shape);
    let sum = window(0);
    for (let from = 1; from < size; from++) sum = add(sum, window(from));
    const base = add(mul(sum, alpha / size), k);
    // base^−beta
    return mul(x, exp(mul(log(base), -beta)));
  });
}
