/**
 * Values between pixels: resizing, sampling at given points, regions. A value is a sum over taps: where along an axis, with
 * which weight, both computed on the backend.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { along, channelsFirst, channelsLast, upTo } from "./steps.js";
import { take } from "./take.js";

/** Whole positions, in floats, and their weights, of one shape. */
interface Tap {
  readonly at: Tensor;
  readonly weight: Tensor;
}
type Filter = (x: Tensor) => Tap[];

const ones = (x: Tensor): Tensor => t.ones(x.shape, { dtype: x.dtype });
const nearest =
  (round: (x: Tensor) => Tensor): Filter =>
  (x) => [{ at: round(x), weight: ones(x) }];

const linear: Filter = (x) => {
  const at = t.floor(x);
  const part = t.sub(x, at);
  return [
    { at, weight: t.sub(1, part) },
    { at: t.add(at, 1), weight: part },
  ];
};

/** Keys' cubic convolution with parameter a, at a distance d of 0 to 1, and of 1 to 2. */
const near = (d: Tensor, a: number): Tensor => t.add(t.mul(t.mul(t.sub(t.mul(d, a + 2), a + 3), d), d), 1);
const far = (d: Tensor, a: number): Tensor => t.mul(t.sub(t.mul(t.add(t.mul(t.sub(d, 5), d), 8), d), 4), a);

const cubic =
  (a: number): Filter =>
  (x) => {
    const at = t.floor(x);
    const part = t.sub(x, at);
    return [
      { at: t.sub(at, 1), weight: far(t.add(part, 1), a) },
      { at, weight: near(part, a) },
      { at: t.add(at, 1), weight: near(t.sub(1, part), a) },
      { at: t.add(at, 2), weight: far(t.sub(2, part), a) },
    ];
  };

const inside = (at: Tensor, size: number): Tensor => t.logicalAnd(t.greaterEqual(at, 0), t.lessEqual(at, size - 1));
const toEdge = (at: Tensor, size: number): Tensor => t.cast(t.clamp(at, 0, size - 1), "int32");

/** ONNX's words, and ours. */
const coordinateModes: { readonly [mode: string]: t.CoordinateMode } = {
  half_pixel: "halfPixel",
  pytorch_half_pixel: "pytorchHalfPixel",
  align_corners: "alignCorners",
  asymmetric: "asymmetric",
};
const nearestModes: { readonly [mode: string]: t.NearestMode } = {
  round_prefer_floor: "roundPreferFloor",
  round_prefer_ceil: "roundPreferCeil",
  floor: "floor",
  ceil: "ceil",
};

/** How an axis of `input` pixels is resampled to `input * scale`. */
function resampling(call: Call, input: number, scale: number): t.ResampleOptions {
  const mode = call.text("mode", "nearest");
  const options: t.ResampleOptions = {
    mode: mode as "nearest" | "linear" | "cubic",
    nearest: nearestModes[call.text("nearest_mode", "round_prefer_floor")]!,
    cubicCoeff: call.float("cubic_coeff_a", -0.75),
    excludeOutside: call.int("exclude_outside", 0) === 1,
    scale,
  };
  const place = call.text("coordinate_transformation_mode", "half_pixel");
  // half a pixel further on, rounded down on halves, is the next whole one
  if (place === "tf_half_pixel_for_nn") return { ...options, coordinates: "halfPixel", nearest: "ceil" };
  // the length before it is cut to whole pixels, as ONNX's reference has it
  if (place === "align_corners" && input * scale > 1)
    return { ...options, coordinates: "asymmetric", scale: (input * scale - 1) / (input - 1) };
  return { ...options, coordinates: coordinateModes[place]! };
}

/** A part of the axis, from one share of it to another, with `outside` for what lies beyond. */
function cropAxis(x: Tensor, axis: number, output: number, [start, end]: readonly [number, number], outside: number) {
  const last = x.shape[axis]! - 1;
  const centre = t.linspace(start * last, end * last, output, { dtype: "float64" });
  const rowsOf = (values: Tensor) => along(t.cast(values, x.dtype), axis, x.rank);
  const y = linear(centre)
    .map((tap) => t.mul(take(x, toEdge(tap.at, last + 1), axis), rowsOf(tap.weight)))
    .reduce((a, b) => t.add(a, b));
  return t.where(rowsOf(inside(centre, last + 1)), y, outside);
}

/** `scales` or `sizes` of every axis. */
function resize(call: Call, scales: readonly number[], sizes: readonly number[]): Tensor {
  const x = call.x(0);
  const isCrop = call.text("coordinate_transformation_mode", "") === "tf_crop_and_resize";
  const roi = isCrop ? call.value(1).numbers : [];
  return upTo(x.rank).reduce((y, i) => {
    const input = x.shape[i]!;
    const output = sizes[i] ?? Math.floor(input * scales[i]!);
    const scale = scales[i] ?? output / input;
    if (isCrop && (scale !== 1 || roi[i] !== 0 || roi[i + x.rank] !== 1))
      return cropAxis(y, i, output, [roi[i]!, roi[i + x.rank]!], call.float("extrapolation_value", 0));
    return scale === 1 ? y : t.resample(y, i, output, resampling(call, input, scale));
  }, x);
}

/** Positions outside come back in: about the edges of the pixels, or about their centres. */
function reflected(at: Tensor, size: number, isAboutCentres: boolean): Tensor {
  const period = isAboutCentres ? Math.max(1, 2 * (size - 1)) : 2 * size;
  const rest = t.sub(at, t.mul(t.floor(t.div(at, period)), period));
  return t.minimum(rest, t.sub(isAboutCentres ? period : period - 1, rest));
}

/** rows [N * H * W, C], items [...], taps of both axes [...] -> [..., C]. */
function sample(rows: Tensor, items: Tensor, [h, w]: readonly [number, number], ys: Tap[], xs: Tap[]): Tensor {
  const values = ys.flatMap((y) =>
    xs.map((x) => {
      const places = t.add(t.mul(t.add(t.mul(items, h), toEdge(y.at, h)), w), toEdge(x.at, w));
      const weight = t.mul(y.weight, x.weight);
      return t.mul(t.gather(rows, places), t.reshape(weight, [...weight.shape, 1]));
    }),
  );
  return values.reduce((a, b) => t.add(a, b));
}

/** x [N, C, H, W], grid [N, OH, OW, 2] of x and y from -1 to 1 -> [N, C, OH, OW]. */
function gridSample(call: Call): Tensor {
  const [n, c, h, w] = call.x(0).shape as [number, number, number, number];
  const grid = call.x(1);
  const isAligned = call.int("align_corners", 0) === 1;
  const padding = call.text("padding_mode", "zeros");
  const filters: { readonly [mode: string]: Filter } = {
    nearest: nearest(t.round),
    bilinear: linear,
    bicubic: cubic(-0.75),
  };
  const filter = filters[call.text("mode", "bilinear")]!;
  const tapsOf = (k: number, size: number): Tap[] => {
    const unit = t.reshape(t.slice(grid, [0, 0, 0, k], [-1, -1, -1, 1]), grid.shape.slice(0, 3));
    const half = t.div(t.add(unit, 1), 2);
    const taps = filter(isAligned ? t.mul(half, size - 1) : t.sub(t.mul(half, size), 0.5));
    if (padding === "border") return taps;
    if (padding === "reflection") return taps.map(({ at, weight }) => ({ at: reflected(at, size, isAligned), weight }));
    return taps.map(({ at, weight }) => ({ at, weight: t.mul(weight, inside(at, size)) }));
  };
  const items = t.broadcastTo(t.reshape(t.arange(n), [n, 1, 1]), grid.shape.slice(0, 3));
  const rows = t.reshape(channelsLast(call.x(0)), [-1, c]);
  return channelsFirst(sample(rows, items, [h, w], tapsOf(1, h), tapsOf(0, w)));
}

/** x [N, C, H, W], regions [R, 4] of x1, y1, x2, y2, items [R] -> means of samples [R, C, OH, OW]. */
function roiAlign(call: Call): Tensor {
  const [, c, h, w] = call.x(0).shape as [number, number, number, number];
  const regions = call.x(1);
  const count = regions.shape[0]!;
  const ratio = call.int("sampling_ratio", 0);
  const isHalfPixel = call.text("coordinate_transformation_mode", "half_pixel") === "half_pixel";
  const corner = (k: number) => {
    const scaled = t.mul(t.slice(regions, [0, k], [-1, 1]), call.float("spatial_scale", 1));
    return isHalfPixel ? t.sub(scaled, 0.5) : scaled;
  };
  /** [R, points], along one axis. */
  const points = (k: number, cells: number): Tensor => {
    const extent = t.sub(corner(k + 2), corner(k));
    const size = isHalfPixel ? extent : t.maximum(extent, 1);
    const steps = t.div(t.add(t.arange(cells * ratio, { dtype: "float32" }), 0.5), cells * ratio);
    return t.add(corner(k), t.mul(size, steps));
  };
  const [oh, ow] = [call.int("output_height", 1), call.int("output_width", 1)];
  const grid = [count, oh * ratio, ow * ratio];
  // a sample within a pixel of the border counts as one on it, beyond as 0
  const tapsOf = (at: Tensor, size: number, shape: readonly number[]): Tap[] => {
    const isNear = t.logicalAnd(t.greaterEqual(at, -1), t.lessEqual(at, size));
    return linear(t.clamp(at, 0, size - 1)).map((tap) => ({
      at: t.broadcastTo(t.reshape(tap.at, shape), grid),
      weight: t.broadcastTo(t.reshape(t.mul(tap.weight, isNear), shape), grid),
    }));
  };
  const ys = tapsOf(points(1, oh), h, [count, oh * ratio, 1]);
  const xs = tapsOf(points(0, ow), w, [count, 1, ow * ratio]);
  const items = t.broadcastTo(t.reshape(t.cast(call.x(2), "int32"), [count, 1, 1]), grid);
  const samples = sample(t.reshape(channelsLast(call.x(0)), [-1, c]), items, [h, w], ys, xs);
  return channelsFirst(t.mean(t.reshape(samples, [count, oh, ratio, ow, ratio, c]), [2, 4]));
}

export const sampling: OperatorTable = {
  Resize: (call) => {
    const sizes = call.has(3) ? call.value(3).numbers : [];
    return resize(call, call.has(2) && sizes.length === 0 ? call.value(2).numbers : [], sizes);
  },
  // of version 9: the pixel that begins before
  Upsample: (call) =>
    call.value(1).numbers.reduce(
      (x, scale, axis) =>
        scale === 1
          ? x
          : t.resample(x, axis, Math.floor(x.shape[axis]! * scale), {
              mode: call.text("mode", "nearest") as "nearest" | "linear",
              coordinates: "asymmetric",
              nearest: "floor",
              scale,
            }),
      call.x(0),
    ),
  GridSample: gridSample,
  RoiAlign: roiAlign,
};
