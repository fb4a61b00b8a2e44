/**
 * Convolution and its two gradients, in gather form: one thread per output that walks its window. Pointwise ones are
 * matrix products. Images are seen as [n · H + row][column][channel].
 */

import type { Conv2dAttrs } from "../../../ops/spec/index.js";
import { sizeOf } from "../../../tensor/shape.js";
import { allOf, defineKernel, type GpuKernel, splitPair } from "../kernel.js";
import {
  type BufferOperand,
  flat,
  type GivenArgs,
  type Lowering,
  type Plan,
  part,
  type View,
  viewOf,
} from "../plan.js";
import { multiply, product } from "./products.js";
import { sumRun } from "./reduce.js";

/** Positions that one thread of a weight gradient sums over, at least; partial results, at most. */
const POSITIONS = 256;
const MAX_PARTIALS = 1 << 20;

const geometry = allOf("integer", [
  "h",
  "w",
  "oh",
  "ow",
  "kh",
  "kw",
  "perGroup",
  "outPerGroup",
  "strideY",
  "strideX",
  "padY",
  "padX",
  "stepY",
  "stepX",
]);

const forwardKernel = defineKernel(
  {
    name: "conv2d",
    rank: 3,
    args: { x: "array", weight: "array", bias: "array", ...geometry, hasBias: "float", isRelu: "float" },
  },
  `${splitPair("n", "oy", "this.thread.z", "oh")}
  const channel = Math.floor((this.thread.x + 0.5) / outPerGroup) * perGroup;
  let total = 0;
  for (let ky = 0; ky < kh; ky++) {
    const iy = oy * strideY + ky * stepY - padY;
    if (iy >= 0 && iy < h) {
      for (let kx = 0; kx < kw; kx++) {
        const ix = this.thread.y * strideX + kx * stepX - padX;
        if (ix >= 0 && ix < w) {
          for (let c = 0; c < perGroup; c++) {
            total += x[n * h + iy][ix][channel + c] * weight[ky * kw + kx][c][this.thread.x];
          }
        }
      }
    }
  }
  if (hasBias > 0.5) { total += bias[this.thread.x]; }
  if (isRelu > 0.5) { return reluOf(total); }
  return total;`,
);

const inputGradKernel = defineKernel(
  { name: "conv2dInputGrad", rank: 3, args: { dy: "array", weight: "array", ...geometry } },
  `${splitPair("n", "iy", "this.thread.z", "h")}
  const group = Math.floor((this.thread.x + 0.5) / perGroup);
  const c = this.thread.x - group * perGroup;
  let total = 0;
  for (let ky = 0; ky < kh; ky++) {
    const up = iy + padY - ky * stepY;
    const oy = Math.floor((up + 0.5) / strideY);
    if (up >= 0 && oy * strideY === up && oy < oh) {
      for (let kx = 0; kx < kw; kx++) {
        const left = this.thread.y + padX - kx * stepX;
        const ox = Math.floor((left + 0.5) / strideX);
        if (left >= 0 && ox * strideX === left && ox < ow) {
          for (let o = 0; o < outPerGroup; o++) {
            total += dy[n * oh + oy][ox][group * outPerGroup + o] * weight[ky * kw + kx][c][group * outPerGroup + o];
          }
        }
      }
    }
  }
  return total;`,
);

/** [parts of the output rows][tap · perGroup + c][output channel] */
const weightGradKernel = defineKernel(
  {
    name: "conv2dWeightGrad",
    rank: 3,
    args: { x: "array", dy: "array", ...geometry, rows: "integer", length: "integer" },
  },
  `${splitPair("tap", "c", "this.thread.y", "perGroup")}
  ${splitPair("ky", "kx", "tap", "kw")}
  const channel = Math.floor((this.thread.x + 0.5) / outPerGroup) * perGroup + c;
  const from = this.thread.z * length;
  let total = 0;
  for (let r = 0; r < length; r++) {
    const row = from + r;
    if (row < rows) {
      ${splitPair("n", "oy", "row", "oh")}
      const iy = oy * strideY + ky * stepY - padY;
      if (iy >= 0 && iy < h) {
        for (let ox = 0; ox < ow; ox++) {
          const ix = ox * strideX + kx * stepX - padX;
          if (ix >= 0 && ix < w) {
            total += x[n * h + iy][ix][channel] * dy[row][ox][this.thread.x];
          }
        }
      }
    }
  }
  return total;`,
);

interface Geometry {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly cIn: number;
  readonly oh: number;
  readonly ow: number;
  readonly cOut: number;
  readonly kh: number;
  readonly kw: number;
  readonly perGroup: number;
  readonly integers: GivenArgs<typeof geometry>;
  /** 1×1, every position, every channel: a matrix product. */
  readonly isPointwise: boolean;
}

type Shape4 = readonly [number, number, number, number];

function geometryOf(
  x: readonly number[],
  weight: readonly number[],
  y: readonly number[],
  attrs: Conv2dAttrs,
): Geometry {
  const [n, h, w, cIn] = x as unknown as Shape4;
  const [kh, kw, perGroup, cOut] = weight as unknown as Shape4;
  const [, oh, ow] = y as unknown as Shape4;
  const { stride, padding, dilation, groups } = attrs;
  const [[strideY, strideX], [padY, padX], [stepY, stepX]] = [stride, padding, dilation];
  const windows = { strideY, strideX, padY, padX, stepY, stepX };
  const integers = { h, w, oh, ow, kh, kw, perGroup, outPerGroup: cOut / groups, ...windows };
  const isPadded = padding[0] + padding[1] > 0 || oh !== h || ow !== w;
  const isPointwise = kh * kw === 1 && groups === 1 && sizeOf(stride) === 1 && !isPadded;
  return { n, h, w, cIn, oh, ow, cOut, kh, kw, perGroup, integers, isPointwise };
}

const images = (x: BufferOperand): View => viewOf(x.place, x.shape[0]! * x.shape[1]!, x.shape[2]!, x.shape[3]!);
const taps = (weight: BufferOperand): View =>
  viewOf(weight.place, weight.shape[0]! * weight.shape[1]!, weight.shape[2]!, weight.shape[3]!);

function forward(
  x: BufferOperand,
  weight: BufferOperand,
  bias: BufferOperand | null,
  relu: boolean,
  attrs: Conv2dAttrs,
  y: BufferOperand,
  plan: Plan,
): void {
  const { n, h, w, cIn, oh, ow, cOut, integers, isPointwise } = geometryOf(x.shape, weight.shape, y.shape, attrs);
  if (isPointwise) {
    const places = { a: x.place, b: weight.place, y: y.place, bias: bias?.place ?? null };
    multiply(product({ ...places, m: n * h * w, n: cOut, k: cIn, relu }), plan);
    return;
  }
  plan.call(forwardKernel, y.place, [cOut, ow, n * oh], {
    x: images(x),
    weight: taps(weight),
    // an array must be bound even where none is read
    bias: flat(bias ? bias.place : part(weight.place, 0, 1)),
    ...integers,
    hasBias: Number(bias !== null),
    isRelu: Number(relu),
  });
}

export const convolutions = {
  conv2d: (([x, w], attrs, [y], plan) => forward(x, w, null, false, attrs, y, plan)) as Lowering<"conv2d">,
  conv2dBias: (([x, w, bias], attrs, [y], plan) =>
    forward(x, w, bias, attrs.activation === "relu", attrs, y, plan)) as Lowering<"conv2dBias">,
  conv2dInputGrad: (([dy, weight], attrs, [dx], plan) => {
    const { n, h, w, cIn, cOut, integers, isPointwise } = geometryOf(dx.shape, weight.shape, dy.shape, attrs);
    if (isPointwise) {
      const places = { a: dy.place, b: weight.place, y: dx.place };
      multiply(product({ ...places, m: n * h * w, n: cIn, k: cOut, transposeB: true }), plan);
    } else plan.call(inputGradKernel, dx.place, [cIn, w, n * h], { dy: images(dy), weight: taps(weight), ...integers });
  }) as Lowering<"conv2dInputGrad">,
  conv2dWeightGrad: (([x, dy], attrs, [dw], plan) => {
    const g = geometryOf(x.shape, dw.shape, dy.shape, attrs);
    if (g.isPointwise) {
      const places = { a: x.place, b: dy.place, y: dw.place };
      multiply(product({ ...places, m: g.cIn, n: g.cOut, k: g.n * g.h * g.w, transposeA: true }), plan);
      return;
    }
    const rows = g.n * g.oh;
    const length = Math.max(Math.ceil(POSITIONS / g.ow), Math.ceil((rows * dw.size) / MAX_PARTIALS));
    const parts = Math.ceil(rows / length);
    const partial = plan.scratch(parts * dw.size);
    const dims = [g.cOut, g.kh * g.kw * g.perGroup, parts] as const;
    plan.call(weightGradKernel, partial, dims, { x: images(x), dy: images(dy), ...g.integers, rows, length });
    sumRun(partial, { outer: 1, count: parts, inner: dw.size }, dw.place, plan);
  }) as Lowering<"conv2dWeightGrad">,
};

export const convolutionKernels: readonly GpuKernel[] = [forwardKernel, inputGradKernel, weightGradKernel];
