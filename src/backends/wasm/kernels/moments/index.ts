/**
 * Lowerings of the moments of patches and of what flows back through them, for folded training. Moments are float64,
 * activations float32.
 */

import type { Pair, PatchAttrs } from "../../../../ops/spec/index.js";
import { windowOutput } from "../../../../ops/window-output.js";
import { type Shape, sizeOf } from "../../../../tensor/shape.js";
import { callReluRows } from "../blocks/relu-rows.js";
import type { WindowSpec } from "../convolution/dense/window-rows.js";
import { depthwiseInputGrad } from "../convolution/depthwise/index.js";
import type { Lowering, WasmKernels } from "../plan.js";
import { callDepthwiseMoments } from "./depthwise.js";
import { callDepthwiseGrad } from "./depthwise-grad.js";
import { callGram } from "./gram.js";
import type { PatchRows } from "./patch-rows.js";
import type { DepthwiseGeometry } from "./planes.js";
import { callRowsGrad } from "./rows-grad.js";

const isPointwise = ({ kernelSize, stride, padding }: PatchAttrs): boolean =>
  [...kernelSize, ...stride].every((v) => v === 1) && padding.every((v) => v === 0);

/** The patches of one group as rows. */
function patchRowsOf([n, h, w, channels]: Shape, attrs: PatchAttrs): PatchRows {
  const { kernelSize, stride, padding, dilation, groups } = attrs;
  const out = (size: number, axis: 0 | 1): number =>
    windowOutput(size, kernelSize[axis], stride[axis], padding[axis], dilation[axis]);
  const taken = channels! / groups;
  const grid: Pair = [out(h!, 0), out(w!, 1)];
  const windows: WindowSpec = {
    source: [h!, w!],
    windows: grid,
    kernel: kernelSize,
    stride,
    padding,
    dilation,
    channels: channels!,
    taken,
  };
  return {
    rows: n! * sizeOf(grid),
    k: kernelSize[0] * kernelSize[1] * taken,
    rowBytes: 4 * channels!,
    windows: isPointwise(attrs) ? null : windows,
  };
}

/** What the kernels for depthwise patches take: one channel per group, windows up to 3×3 without holes. */
function depthwiseOf([n, h, w, channels]: Shape, attrs: PatchAttrs): DepthwiseGeometry | null {
  const { kernelSize: kernel, stride, padding, dilation, groups } = attrs;
  const isSmall = kernel.every((size) => size <= 3) && sizeOf(kernel) > 1 && dilation.every((d) => d === 1);
  if (groups !== channels || !isSmall) return null;
  const out = [0, 1].map((i) => windowOutput([h!, w!][i]!, kernel[i]!, stride[i]!, padding[i]!, 1)) as [number, number];
  return { images: n!, channels, image: [h!, w!], out, kernel, stride, padding };
}

const foldedInputGrad: Lowering<"foldedInputGrad"> = ([dy, w, x, ...moments], { behind, ...attrs }, outputs, plan) => {
  const [dx, dbias] = outputs;
  if (x.dtype !== "float32" || x.size === 0) return false;
  const c = x.shape[3]!;
  const pointers = [x, ...moments].map(({ pointer }) => pointer) as [number, number, number, number];
  const sums = dbias?.pointer ?? null;
  const depthwise = depthwiseOf(x.shape, attrs);
  if (depthwise && w.shape[3] === c) {
    if (!depthwiseInputGrad([dy, w], { ...attrs, inputShape: x.shape }, [dx], plan)) return false;
    callDepthwiseGrad(plan, depthwise, pointers, dx.pointer, behind === "none" ? "add" : "addBehindRelu");
    if (sums !== null)
      callReluRows(
        plan,
        { channels: c, rows: x.size / c, hasMask: false },
        { dy: dx.pointer, y: 0, dx: 0, dbias: sums },
      );
    return true;
  }
  if (!isPointwise(attrs) || attrs.groups > 1) return false;
  const through = { dy: dy.pointer, w: w.pointer, cOut: w.shape[3]!, behind, dbias: sums };
  callRowsGrad(plan, x.size / c, c, pointers, dx.pointer, through);
  return true;
};

export const momentKernels = {
  patchMoments([x], attrs, [mean, covariance], plan) {
    if (x.dtype !== "float32" || x.size === 0) return false;
    const depthwise = depthwiseOf(x.shape, attrs);
    if (depthwise) {
      callDepthwiseMoments(plan, depthwise, x.pointer, mean.pointer, covariance.pointer);
      return true;
    }
    const patches = patchRowsOf(x.shape, attrs);
    const { k } = patches;
    for (let group = 0; group < attrs.groups; group++)
      callGram(
        plan,
        patches,
        x.pointer + 4 * group * (x.shape[3]! / attrs.groups),
        mean.pointer + 8 * group * k,
        covariance.pointer + 8 * group * k * k,
      );
    return true;
  },
  patchMomentsGrad([x, mean, dmean, dcovariance], attrs, [dx], plan) {
    if (x.dtype !== "float32" || x.size === 0) return false;
    const pointers = [x.pointer, mean.pointer, dmean.pointer, dcovariance.pointer] as const;
    const depthwise = depthwiseOf(x.shape, attrs);
    if (depthwise) {
      callDepthwiseGrad(plan, depthwise, pointers, dx.pointer);
      return true;
    }
    if (!isPointwise(attrs) || attrs.groups > 1) return false;
    const c = x.shape[3]!;
    callRowsGrad(plan, x.size / c, c, pointers, dx.pointer);
    return true;
  },
  foldedInputGrad,
} satisfies WasmKernels;
