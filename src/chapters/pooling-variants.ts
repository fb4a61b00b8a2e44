/**
 * Pools made of others: to a given size, of sequences, of powers.
 */

import { abs, mul, pow, relu, sign } from "../ops/functional/elementwise.js";
import { concat, reshape } from "../ops/functional/movement.js";
import { slice } from "../ops/functional/slicing.js";
import { pair } from "../ops/functional/window.js";
import type { Pair } from "../ops/spec/index.js";
import { zeros } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import { showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError } from "../util/errors.js";
import { scatter } from "./indexing.js";
import { type AvgPool2dOptions, avgPool2d, maxPool2d, type Pool2dOptions } from "./pooling.js";

type Pool = (x: Tensor, kernelSize: Pair) => Tensor;

/** First pixel and number of pixels of window `i` of `count` over `size` (torch.nn.AdaptiveAvgPool2d). */
function adaptiveWindow(size: number, count: number, i: number): { begin: number; length: number } {
  const begin = Math.floor((i * size) / count);
  return { begin, length: Math.ceil(((i + 1) * size) / count) - begin };
}

/** `count` windows along an axis of the image, each pooled as a whole, beside each other. */
function alongAxis(x: Tensor, axis: 0 | 1, count: number, pool: Pool): Tensor {
  const at = 1 + axis;
  const size = x.shape[at]!;
  const kernel = (length: number): Pair => (axis === 0 ? [length, 1] : [1, length]);
  if (size === count) return x;
  if (size % count === 0) return pool(x, kernel(size / count));
  const strips = Array.from({ length: count }, (_, i) => {
    const { begin, length } = adaptiveWindow(size, count, i);
    const from = x.shape.map((_, j) => (j === at ? begin : 0));
    return pool(
      slice(
        x,
        from,
        x.shape.map((dim, j) => (j === at ? length : dim)),
      ),
      kernel(length),
    );
  });
  return concat(strips, at);
}

/** Columns first: of equal values in a window the first by rows is then taken, and the last NaN, as by a window as a whole. */
function adaptive(where: string, x: Tensor, outputSize: number | readonly (number | null)[], pool: Pool): Tensor {
  if (x.rank !== 4)
    throw new ShapeError(`${where}: input ${showShape(x.shape)} has ${x.rank} axes, expected 4: [N, H, W, C]`);
  const wanted = typeof outputSize === "number" ? [outputSize, outputSize] : outputSize;
  const [oh, ow] = [0, 1].map((axis) => wanted[axis] ?? x.shape[1 + axis]!) as [number, number];
  if (wanted.length !== 2 || ![oh, ow].every((size) => Number.isInteger(size) && size >= 1))
    throw new ShapeError(
      `${where}: outputSize ${JSON.stringify(outputSize)}, expected one size or [height, width], from 1, or null to keep it`,
    );
  if (x.shape[1] === 0 || x.shape[2] === 0)
    throw new ShapeError(`${where}: input ${showShape(x.shape)} has no pixels, expected some`);
  return scope(() => {
    const [, h, w] = x.shape as [number, number, number, number];
    // one pass over the image where windows are alike
    if (h % oh === 0 && w % ow === 0) return pool(x, [h / oh, w / ow]);
    return alongAxis(alongAxis(x, 1, ow, pool), 0, oh, pool);
  });
}

/**
 * Means of OH·OW windows that cover the image, overlapping by a pixel where sizes do not divide: [N, H, W, C] -> [N, OH, OW, C]
 * (torch.nn.functional.adaptive_avg_pool2d). `outputSize` is one size, or [height, width] with null for as it is.
 *
 * @example
 * ```ts
 * console.log(adaptiveAvgPool2d(rand([1, 13, 10, 8]), 7).shape); // [1, 7, 7, 8]
 * ```
 */
export const adaptiveAvgPool2d = (x: Tensor, outputSize: number | readonly (number | null)[]): Tensor =>
  adaptive("adaptiveAvgPool2d", x, outputSize, (image, kernelSize) => avgPool2d(image, kernelSize));

/** The same with the largest value of each window, NaN where it holds one (torch.nn.functional.adaptive_max_pool2d). */
export const adaptiveMaxPool2d = (x: Tensor, outputSize: number | readonly (number | null)[]): Tensor =>
  adaptive("adaptiveMaxPool2d", x, outputSize, (image, kernelSize) => maxPool2d(image, kernelSize));

/** The window of the pool that an unpool turns round, and the size of the image that it had. */
export interface MaxUnpool2dOptions {
  /** Default: kernelSize. */
  readonly stride?: number | Pair;
  readonly padding?: number | Pair;
  /** [height, width]. Default: the least that the window leaves x of. */
  readonly outputSize?: Pair;
}

/**
 * x [N, OH, OW, C] at the positions that maxPool2dIndices named, zeros between them: [N, H, W, C]
 * (torch.nn.functional.max_unpool2d). Throws IndexError for a position outside the image.
 *
 * @example
 * ```ts
 * const [y, indices] = maxPool2dWithIndices(tensor([1, 4, 3, 2], [1, 2, 2, 1]), 2);
 * console.log(maxUnpool2d(y, indices, 2).reshape([-1]).toArray()); // [0, 4, 0, 0]
 * ```
 */
export function maxUnpool2d(
  x: Tensor,
  indices: Tensor,
  kernelSize: number | Pair,
  options: MaxUnpool2dOptions = {},
): Tensor {
  if (x.rank !== 4 || !indices.hasShape(x.shape))
    throw new ShapeError(
      `maxUnpool2d: input ${showShape(x.shape)} and indices ${showShape(indices.shape)}, expected one shape [N, H, W, C]`,
    );
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [kernel, padding] = [pair(kernelSize), pair(options.padding ?? 0)];
  const stride = pair(options.stride ?? kernelSize);
  const least = ([0, 1] as const).map((i) => ([h, w][i]! - 1) * stride[i] - 2 * padding[i] + kernel[i]);
  const [oh, ow] = (options.outputSize ?? least) as Pair;
  return scope(() => {
    const image = zeros([n, oh * ow, c], { dtype: x.dtype });
    const flat = (given: Tensor): Tensor => reshape(given, [n, h * w, c]);
    return reshape(scatter(image, 1, flat(indices), flat(x)), [n, oh, ow, c]);
  });
}

/** A window over sequences, in steps; padding [before, after] where the two differ. */
export interface Pool1dOptions {
  /** Default: kernelSize. */
  readonly stride?: number;
  readonly padding?: number | Pair;
  readonly dilation?: number;
  readonly ceilMode?: boolean;
}

/** A window over sequences whose mean is taken. */
export interface AvgPool1dOptions extends Pool1dOptions {
  /** Default true. */
  readonly countIncludePad?: boolean;
}

function overSequences(
  where: string,
  x: Tensor,
  options: Pool1dOptions,
  pool: (rows: Tensor, window: Pool2dOptions) => Tensor,
): Tensor {
  if (x.rank !== 3)
    throw new ShapeError(`${where}: input ${showShape(x.shape)} has ${x.rank} axes, expected 3: [N, L, C]`);
  const { stride, padding = 0, dilation = 1, ceilMode = false } = options;
  const window: Pool2dOptions = {
    ...(stride !== undefined && { stride: [1, stride] as const }),
    padding: [[0, 0], pair(padding)],
    dilation: [1, dilation],
    ceilMode,
  };
  return scope(() => {
    const [n, l, c] = x.shape as [number, number, number];
    const y = pool(reshape(x, [n, 1, l, c]), window);
    return reshape(y, [n, y.shape[2]!, c]);
  });
}

/** Largest value of each window, [N, L, C] -> [N, OL, C] (torch.nn.functional.max_pool1d). */
export const maxPool1d = (x: Tensor, kernelSize: number, options: Pool1dOptions = {}): Tensor =>
  overSequences("maxPool1d", x, options, (rows, window) => maxPool2d(rows, [1, kernelSize], window));

/** Mean of each window, [N, L, C] -> [N, OL, C]; zero padding counts (torch.nn.functional.avg_pool1d). */
export const avgPool1d = (x: Tensor, kernelSize: number, options: AvgPool1dOptions = {}): Tensor => {
  const { countIncludePad = true, ...geometry } = options;
  return overSequences("avgPool1d", x, geometry, (rows, window) =>
    avgPool2d(rows, [1, kernelSize], { ...window, countIncludePad } satisfies AvgPool2dOptions),
  );
};

/**
 * (Σ x^normType)^(1/normType) over each window (torch.nn.functional.lp_pool2d; without absolute values, as there: an odd power of
 * negative numbers may leave 0). A window that ceilMode cuts is scaled up to a whole one.
 *
 * @example
 * ```ts
 * console.log(lpPool2d(tensor([3, 4, 0, 0], [1, 2, 2, 1]), 2, 2).item()); // 5
 * ```
 */
export function lpPool2d(
  x: Tensor,
  normType: number,
  kernelSize: number | Pair,
  options: Pick<Pool2dOptions, "stride" | "ceilMode"> = {},
): Tensor {
  if (!(normType > 0 && Number.isFinite(normType)))
    throw new ShapeError(`lpPool2d: normType ${normType}, expected a number above 0`, "maxPool2d is that of infinity");
  const [kh, kw] = pair(kernelSize);
  return scope(() => {
    const means = avgPool2d(pow(x, normType), kernelSize, options);
    // below 0 nothing has a root
    const sums = mul(mul(sign(means), relu(abs(means))), kh * kw);
    return pow(sums, 1 / normType);
  });
}
