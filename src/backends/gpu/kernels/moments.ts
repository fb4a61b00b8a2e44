/**
 * Moments of convolution patches (docs/folded-training.md 1) and their gradient. Patches of a pointwise convolution are the
 * rows of x, so products do the work; other patches are read where they lie. Centred before they are multiplied: float32.
 */

import type { PatchAttrs } from "../../../ops/spec/index.js";
import { windowOutput } from "../../../ops/window-output.js";
import { allOf, defineKernel, type GpuKernel, splitPair } from "../kernel.js";
import {
  type BufferOperand,
  flat,
  type GivenArgs,
  type Lowering,
  type Place,
  type Plan,
  rowsOf,
  type View,
  viewOf,
} from "../plan.js";
import { batchNorms } from "./batch-norm.js";
import { convolutions } from "./conv2d.js";
import { elementwise } from "./elementwise.js";
import { multiply, product } from "./products.js";
import { sumRun } from "./reduce.js";

const POSITIONS = 256;
const MAX_PARTIALS = 1 << 20;

const geometry = allOf("integer", [
  "h",
  "w",
  "oh",
  "ow",
  "kw",
  "perGroup",
  "strideY",
  "strideX",
  "padY",
  "padX",
  "stepY",
  "stepX",
]);

/** What number `i` of a patch is: its tap and channel, as ky, kx and c, each with a suffix. */
const patchNumber = (i: string, suffix: string): string => `${splitPair(`tap${suffix}`, `c${suffix}`, i, "perGroup")}
  ${splitPair(`ky${suffix}`, `kx${suffix}`, `tap${suffix}`, "kw")}`;

/** Loops over the positions of part `this.thread.z` of the output rows; `take` sees n, oy and ox. */
const overPositions = (take: string): string =>
  `const from = this.thread.z * length;
  let total = 0;
  for (let r = 0; r < length; r++) {
    const row = from + r;
    if (row < rows) {
      ${splitPair("n", "oy", "row", "oh")}
      for (let ox = 0; ox < ow; ox++) {
        ${take}
      }
    }
  }
  return total;`;

/** Declares `value`: number (ky, kx, channel) of the patch at n, oy, ox; zero in the padding. */
const patchValue = (value: string, suffix: string, channel: string): string =>
  `let ${value} = 0;
        const iy${suffix} = oy * strideY + ky${suffix} * stepY - padY;
        const ix${suffix} = ox * strideX + kx${suffix} * stepX - padX;
        if (iy${suffix} >= 0 && iy${suffix} < h && ix${suffix} >= 0 && ix${suffix} < w) {
          ${value} = x[n * h + iy${suffix}][ix${suffix}][${channel}];
        }`;

/** [parts][group][i] */
const meanKernel = defineKernel(
  { name: "patch sums", rank: 3, args: { x: "array", ...geometry, rows: "integer", length: "integer" } },
  `${patchNumber("this.thread.x", "A")}
  ${overPositions(`${patchValue("value", "A", "this.thread.y * perGroup + cA")}
        total += value;`)}`,
);

/** [parts][group · K + i][j] */
const covarianceKernel = defineKernel(
  {
    name: "patch covariances",
    rank: 3,
    args: { x: "array", mean: "array", ...geometry, ...allOf("integer", ["rows", "length", "size"]) },
  },
  `${splitPair("group", "i", "this.thread.y", "size")}
  ${patchNumber("i", "A")}
  ${patchNumber("this.thread.x", "B")}
  const meanA = mean[0][group][i];
  const meanB = mean[0][group][this.thread.x];
  ${overPositions(`${patchValue("valueA", "A", "group * perGroup + cA")}
        ${patchValue("valueB", "B", "group * perGroup + cB")}
        total += (valueA - meanA) * (valueB - meanB);`)}`,
);

/** dx: every patch that holds this input gives dmean + Σ_j (dΣ + dΣᵀ)(i, j) · (p_j − mean_j). */
const gradientKernel = defineKernel(
  {
    name: "patchMomentsGrad",
    rank: 3,
    args: {
      ...allOf("array", ["x", "mean", "dmean", "sums"]),
      ...geometry,
      ...allOf("integer", ["kh", "size"]),
      ...allOf("float", ["scale"]),
    },
  },
  `${splitPair("n", "row", "this.thread.z", "h")}
  const group = Math.floor((this.thread.x + 0.5) / perGroup);
  const c = this.thread.x - group * perGroup;
  let total = 0;
  for (let ky = 0; ky < kh; ky++) {
    const up = row + padY - ky * stepY;
    const oy = Math.floor((up + 0.5) / strideY);
    if (up >= 0 && oy * strideY === up && oy < oh) {
      for (let kx = 0; kx < kw; kx++) {
        const left = this.thread.y + padX - kx * stepX;
        const ox = Math.floor((left + 0.5) / strideX);
        if (left >= 0 && ox * strideX === left && ox < ow) {
          const i = (ky * kw + kx) * perGroup + c;
          total += dmean[0][group][i];
          for (let qy = 0; qy < kh; qy++) {
            const iy = oy * strideY + qy * stepY - padY;
            for (let qx = 0; qx < kw; qx++) {
              const ix = ox * strideX + qx * stepX - padX;
              for (let q = 0; q < perGroup; q++) {
                const j = (qy * kw + qx) * perGroup + q;
                let value = 0;
                if (iy >= 0 && iy < h && ix >= 0 && ix < w) { value = x[n * h + iy][ix][group * perGroup + q]; }
                total += sums[group][i][j] * (value - mean[0][group][j]);
              }
            }
          }
        }
      }
    }
  }
  return total * scale;`,
);

const addTransposeKernel = defineKernel(
  { name: "matrix + its transpose", rank: 3, args: { x: "array", scale: "float" } },
  "return scale * (x[this.thread.z][this.thread.y][this.thread.x] + x[this.thread.z][this.thread.x][this.thread.y]);",
);
const centreKernel = defineKernel(
  { name: "x − mean", rank: 3, args: { x: "array", mean: "array" } },
  "return x[this.thread.z][this.thread.y][this.thread.x] - mean[this.thread.x];",
);
const scaleKernel = defineKernel(
  { name: "scaled", rank: 1, args: { x: "array", scale: "float" } },
  "return x[this.thread.x] * scale;",
);

interface Patches {
  readonly k: number;
  readonly rows: number;
  readonly count: number;
  readonly integers: GivenArgs<typeof geometry>;
  readonly isPointwise: boolean;
}

function patchesOf(x: BufferOperand, { kernelSize, stride, padding, dilation, groups }: PatchAttrs): Patches {
  const [n, h, w, cIn] = x.shape as readonly [number, number, number, number];
  const [kh, kw] = kernelSize;
  const oh = windowOutput(h, kh, stride[0], padding[0], dilation[0]);
  const ow = windowOutput(w, kw, stride[1], padding[1], dilation[1]);
  const perGroup = cIn / groups;
  const [[strideY, strideX], [padY, padX], [stepY, stepX]] = [stride, padding, dilation];
  const integers = { h, w, oh, ow, kw, perGroup, strideY, strideX, padY, padX, stepY, stepX };
  const isPlain = stride[0] * stride[1] === 1 && padding[0] + padding[1] === 0;
  return {
    k: kh * kw * perGroup,
    rows: n * oh,
    count: n * oh * ow,
    integers,
    isPointwise: kh * kw * groups === 1 && isPlain,
  };
}

const images = (x: BufferOperand): View => viewOf(x.place, x.shape[0]! * x.shape[1]!, x.shape[2]!, x.shape[3]!);

/** How many output rows a thread takes, and how many parts that makes. */
function split(rows: number, count: number, outputs: number): { readonly length: number; readonly parts: number } {
  const length = Math.max(Math.ceil((POSITIONS * rows) / count), Math.ceil((rows * outputs) / MAX_PARTIALS));
  return { length, parts: Math.ceil(rows / length) };
}

function centred(x: BufferOperand, mean: Place, plan: Plan): Place {
  const channels = x.shape[3]!;
  const { z, y } = rowsOf(x.shape);
  const place = plan.scratch(x.size);
  plan.call(centreKernel, place, [channels, y, z], { x: viewOf(x.place, z, y, channels), mean: flat(mean) });
  return place;
}

const patchMoments: Lowering<"patchMoments"> = ([x], attrs, [mean, covariance], plan) => {
  const { k, rows, count, integers, isPointwise } = patchesOf(x, attrs);
  const { groups } = attrs;
  if (isPointwise) {
    sumRun(x.place, { outer: 1, count, inner: k }, mean.place, plan, 1 / count);
    const a = centred(x, mean.place, plan);
    const gram = { a, b: a, y: covariance.place, m: k, n: k, k: count, transposeA: true, scale: 1 / count };
    multiply(product(gram), plan);
    return;
  }
  const means = split(rows, count, groups * k);
  const sums = plan.scratch(means.parts * groups * k);
  const meanArgs = { x: images(x), ...integers, rows, length: means.length };
  plan.call(meanKernel, sums, [k, groups, means.parts], meanArgs);
  sumRun(sums, { outer: 1, count: means.parts, inner: groups * k }, mean.place, plan, 1 / count);
  const { length, parts } = split(rows, count, covariance.size);
  const products = plan.scratch(parts * covariance.size);
  const args = { x: images(x), mean: viewOf(mean.place, 1, groups, k), ...integers, rows, length, size: k };
  plan.call(covarianceKernel, products, [k, groups * k, parts], args);
  sumRun(products, { outer: 1, count: parts, inner: covariance.size }, covariance.place, plan, 1 / count);
};

const patchMomentsGrad: Lowering<"patchMomentsGrad"> = ([x, mean, dmean, dcovariance], attrs, [dx], plan) => {
  const { k, count, integers, isPointwise } = patchesOf(x, attrs);
  const { groups, kernelSize } = attrs;
  const sums = plan.scratch(dcovariance.size);
  const scale = 1 / count;
  const matrices = viewOf(dcovariance.place, groups, k, k);
  plan.call(addTransposeKernel, sums, [k, k, groups], { x: matrices, scale: isPointwise ? scale : 1 });
  if (isPointwise) {
    const bias = plan.scratch(k);
    plan.call(scaleKernel, bias, [k, 1, 1], { x: flat(dmean.place), scale });
    const a = centred(x, mean.place, plan);
    multiply(product({ a, b: sums, y: dx.place, m: count, n: k, k, bias }), plan);
    return;
  }
  const [n, h, w, cIn] = x.shape as readonly [number, number, number, number];
  plan.call(gradientKernel, dx.place, [cIn, w, n * h], {
    x: images(x),
    mean: viewOf(mean.place, 1, groups, k),
    dmean: viewOf(dmean.place, 1, groups, k),
    sums: viewOf(sums, groups, k, k),
    ...integers,
    kh: kernelSize[0],
    size: k,
    scale,
  });
};

/** The parts one after the other: both gradients, their sum, and what a relu before them lets through. */
const foldedInputGrad: Lowering<"foldedInputGrad"> = (
  [dy, w, x, mean, dmean, dcovariance],
  { behind, ...attrs },
  [dx, dbias],
  plan,
) => {
  const part = (): BufferOperand => ({ ...x, place: plan.scratch(x.size) });
  const [through, ofMoments] = [part(), part()];
  convolutions.conv2dInputGrad([dy, w], { ...attrs, inputShape: x.shape }, [through], plan);
  patchMomentsGrad([x, mean, dmean, dcovariance], attrs, [ofMoments], plan);
  const sum = behind === "none" ? dx : part();
  elementwise.add([through, ofMoments], {}, [sum], plan);
  if (behind === "relu") elementwise.reluGrad([sum, x], {}, [dx], plan);
  if (behind === "biasRelu") batchNorms.biasReluGrad([sum, x], {}, [dx, dbias!], plan);
};

export const moments = { patchMoments, patchMomentsGrad, foldedInputGrad };

export const momentKernels: readonly GpuKernel[] = [
  meanKernel,
  covarianceKernel,
  gradientKernel,
  addTransposeKernel,
  centreKernel,
  scaleKernel,
];
