/**
 * Resizing pictures, as functions: one axis after the other, and pixels that become channels or come from them.
 */

import { cast } from "../ops/functional/elementwise.js";
import { reshape, transpose } from "../ops/functional/movement.js";
import { allocate } from "../tensor/create.js";
import { type DType, isFloat, newArray } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import { normalizeAxis, showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { DTypeError, ShapeError } from "../util/errors.js";
import { apply } from "./resize-ops.js";
import { type ResampleOptions, type ResizeTable, resizeTables } from "./resize-table.js";

export type { CoordinateMode, NearestMode, ResampleOptions } from "./resize-table.js";

function tableLike(x: Tensor, { starts, weights, taps }: ResizeTable): readonly [starts: Tensor, weights: Tensor] {
  const { backend } = x.storage;
  const values = newArray(x.dtype, weights.length);
  values.set(weights);
  return [
    allocate([starts.length / 2, 2], "int32", backend).write(starts),
    allocate([starts.length / 2, taps], x.dtype, backend).write(values),
  ];
}

/** Integers that float32 holds, moved without arithmetic. */
const isMovable = (dtype: DType, { mode }: ResampleOptions): boolean =>
  mode === "nearest" && dtype !== "int32" && !isFloat(dtype);

/**
 * x with `size` numbers along an axis, interpolated as the options say: PyTorch's and ONNX's ways in one table. Throws ShapeError
 * for an empty axis, DTypeError for integers, but for bytes that keep their nearest neighbours.
 *
 * @example
 * ```ts
 * console.log(resample(tensor([0, 1]), 0, 4).toArray()); // [0, 0.25, 0.75, 1]
 * ```
 */
export function resample(x: Tensor, axis: number, size: number, options: ResampleOptions = {}): Tensor {
  const at = normalizeAxis(axis, x.rank, "resample");
  const from = x.shape[at]!;
  if (!Number.isInteger(size) || size < 1 || from < 1)
    throw new ShapeError(`resample: from ${from} to ${size} numbers along axis ${at}, expected integers from 1`);
  if (options.scale !== undefined && !(options.scale > 0))
    throw new ShapeError(`resample: scale is ${options.scale}, expected a number above 0`);
  if (isMovable(x.dtype, options)) return scope(() => cast(resample(cast(x, "float32"), at, size, options), x.dtype));
  if (!isFloat(x.dtype))
    throw new DTypeError(
      `resample: ${x.dtype} with mode "${options.mode ?? "linear"}", expected float32 or float64`,
      'cast first: x.cast("float32")',
    );
  return scope(() => {
    const { forward, back } = resizeTables(from, size, options);
    return apply("resample", [x, ...tableLike(x, forward), ...tableLike(x, back)], { axis: at })[0];
  });
}

/** torch.nn.functional.interpolate's modes. */
export type InterpolateMode = "nearest" | "nearest-exact" | "linear" | "bilinear" | "trilinear" | "bicubic" | "area";

/** The options of torch.nn.functional.interpolate. */
export interface InterpolateOptions {
  /** The new sizes of the axes between N and C, or one for all; either these or the factors. */
  readonly size?: number | readonly number[];
  readonly scaleFactor?: number | readonly number[];
  /** Default "nearest". */
  readonly mode?: InterpolateMode;
  /** Whether the middles of the corner pixels stay where they are, for filters. Default false. */
  readonly alignCorners?: boolean;
  /** Whether coordinates follow from the sizes instead of scaleFactor. Default false. */
  readonly recomputeScaleFactor?: boolean;
  /** Whether bilinear and bicubic cover all pixels on the way to fewer. Default false. */
  readonly antialias?: boolean;
}

/** How many axes a mode resizes, where it is not for any number, and what it is along one. */
const modes: { readonly [M in InterpolateMode]: { readonly axes?: number; readonly along: ResampleOptions } } = {
  nearest: { along: { mode: "nearest", coordinates: "asymmetric", isSingle: true } },
  "nearest-exact": { along: { mode: "nearest", coordinates: "halfPixel", isSingle: true } },
  linear: { axes: 1, along: { mode: "linear" } },
  bilinear: { axes: 2, along: { mode: "linear" } },
  trilinear: { axes: 3, along: { mode: "linear" } },
  bicubic: { axes: 2, along: { mode: "cubic" } },
  area: { along: { mode: "area" } },
};
/** Keys' parameter of PyTorch's antialiased bicubic, which is Pillow's. */
const ANTIALIAS_CUBIC = -0.5;

function perAxis(where: string, given: number | readonly number[], axes: number): readonly number[] {
  const all = typeof given === "number" ? new Array<number>(axes).fill(given) : given;
  if (all.length !== axes || !all.every((value) => value > 0))
    throw new ShapeError(`interpolate: ${where} is ${showShape(all)}, expected ${axes} numbers above 0`);
  return all;
}

function expectInterpolate(x: Tensor, options: InterpolateOptions): void {
  const { size, scaleFactor, mode = "nearest", alignCorners, antialias, recomputeScaleFactor } = options;
  const row = modes[mode] as (typeof modes)[InterpolateMode] | undefined;
  if (!row) throw new ShapeError(`interpolate: mode "${mode}", expected one of ${Object.keys(modes).join(", ")}`);
  const { axes, along } = row;
  if (x.rank < 3 || (axes !== undefined && x.rank !== axes + 2))
    throw new ShapeError(
      `interpolate: mode "${mode}" of ${showShape(x.shape)}, expected ${axes === undefined ? "[N, ..., C]" : `${axes + 2} axes, N first and C last`}`,
      x.rank === 3 && axes === 2 ? "one picture: x.reshape([1, ...x.shape])" : undefined,
    );
  if ((size === undefined) === (scaleFactor === undefined))
    throw new ShapeError("interpolate: expected either size or scaleFactor");
  if (recomputeScaleFactor && scaleFactor === undefined)
    throw new ShapeError("interpolate: recomputeScaleFactor with size, expected it with scaleFactor");
  if (alignCorners && along.mode !== "linear" && along.mode !== "cubic")
    throw new ShapeError(
      `interpolate: alignCorners with mode "${mode}", expected linear, bilinear, trilinear or bicubic`,
    );
  if (antialias && mode !== "bilinear" && mode !== "bicubic")
    throw new ShapeError(`interpolate: antialias with mode "${mode}", expected bilinear or bicubic`);
}

/** The options along one axis. */
function alongAxis(options: InterpolateOptions, scale: number | undefined): ResampleOptions {
  const { mode = "nearest", alignCorners = false, antialias = false } = options;
  const { along } = modes[mode];
  if (along.mode === "area") return along;
  if (along.mode === "nearest") return { ...along, scale };
  // PyTorch's corners stay in place whatever the factor is
  if (!antialias) return alignCorners ? { ...along, coordinates: "alignCorners" } : { ...along, scale };
  return { ...along, scale, antialias, excludeOutside: true, cubicCoeff: ANTIALIAS_CUBIC };
}

/**
 * Resizes the axes between the first and the last of x [N, ..., C], pictures as a rule (torch.nn.functional.interpolate, over NHWC).
 * Throws ShapeError for options that do not go together or do not fit x.
 *
 * @example
 * ```ts
 * const x = rand([1, 8, 8, 3]);
 * console.log(interpolate(x, { scaleFactor: 2 }).shape); // [1, 16, 16, 3]
 * console.log(interpolate(x, { size: [5, 7], mode: "bilinear", antialias: true }).shape); // [1, 5, 7, 3]
 * ```
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  expectInterpolate(x, options);
  const { size, scaleFactor, recomputeScaleFactor = false } = options;
  const axes = x.rank - 2;
  const scales = scaleFactor === undefined ? null : perAxis("scaleFactor", scaleFactor, axes);
  const sizes = scales ? scales.map((scale, i) => Math.floor(x.shape[i + 1]! * scale)) : perAxis("size", size!, axes);
  const aligned = options.alignCorners && options.antialias;
  const steps = sizes.map((to, i) => {
    const from = x.shape[i + 1]!;
    const given = recomputeScaleFactor ? undefined : scales?.[i];
    // of aligned corners PyTorch's antialiasing takes the ratio alone; a single pixel is that of the first corner
    const ratio = to > 1 ? (to - 1) / (from - 1) : Number.POSITIVE_INFINITY;
    const scale = aligned && from > 1 ? ratio : given;
    return { axis: i + 1, from, to, along: alongAxis(options, scale) };
  });
  // the axis that shrinks most goes first, so that the others have less to do
  steps.sort((a, b) => a.to / a.from - b.to / b.from);
  return scope(() =>
    steps.reduce(
      (y, { axis, to, along, from }) => (from === to && along.scale === undefined ? y : resample(y, axis, to, along)),
      reshape(x, x.shape),
    ),
  );
}

function expectFactor(where: string, x: Tensor, factor: number, isFit: boolean, wanted: string): void {
  if (x.rank !== 4 || !Number.isInteger(factor) || factor < 1 || !isFit)
    throw new ShapeError(`${where}: input ${showShape(x.shape)} with a factor of ${factor}, expected ${wanted}`);
}

/**
 * Channels become pixels: [N, H, W, C·r²] -> [N, H·r, W·r, C], in PyTorch's order of channels (Shi et al. 2016;
 * torch.nn.functional.pixel_shuffle).
 *
 * @example
 * ```ts
 * console.log(pixelShuffle(rand([1, 4, 4, 12]), 2).shape); // [1, 8, 8, 3]
 * ```
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  const r = upscaleFactor;
  expectFactor("pixelShuffle", x, r, x.shape.at(-1)! % (r * r) === 0, "[N, H, W, C] with C a multiple of its square");
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const own = c / (r * r);
  return scope(() => reshape(transpose(reshape(x, [n, h, w, own, r, r]), [0, 1, 4, 2, 5, 3]), [n, h * r, w * r, own]));
}

/** Pixels become channels, the inverse of pixelShuffle: [N, H·r, W·r, C] -> [N, H, W, C·r²] (torch.nn.functional.pixel_unshuffle). */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  const r = downscaleFactor;
  const isFit = x.shape[1]! % r === 0 && x.shape[2]! % r === 0;
  expectFactor("pixelUnshuffle", x, r, isFit, "[N, H, W, C] with H and W multiples of it");
  const [n, h, w, c] = x.shape as [number, number, number, number];
  return scope(() =>
    reshape(transpose(reshape(x, [n, h / r, r, w / r, r, c]), [0, 1, 3, 5, 2, 4]), [n, h / r, w / r, c * r * r]),
  );
}
