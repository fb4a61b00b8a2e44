/**
 * Moments of the patches that a convolution sees, and their gradient: patch by patch, in float64, two passes.
 */
import type { PatchAttrs } from "../../ops/spec/index.js";
import type { Shape } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";

/** Places of a window along an axis, torch.nn.Conv2d's formula; not that of ops/shapes, whose results this backend judges. */
const placesOf = (length: number, kernel: number, stride: number, padding: number, dilation: number): number =>
  1 + Math.floor((length + 2 * padding - (1 + dilation * (kernel - 1))) / stride);

/** How many patches each group has. */
const patchCount = ([n, h, w]: Shape, { kernelSize, stride, padding, dilation }: PatchAttrs): number =>
  n! *
  placesOf(h!, kernelSize[0], stride[0], padding[0], dilation[0]) *
  placesOf(w!, kernelSize[1], stride[1], padding[1], dilation[1]);

/** Calls `visit` for every patch of every group with the flat indices of its numbers in x, −1 in the padding. */
function forEachPatch(xShape: Shape, attrs: PatchAttrs, visit: (group: number, indices: Int32Array) => void): void {
  const [n, h, width, cIn] = xShape as [number, number, number, number];
  const { kernelSize, stride, padding, dilation, groups } = attrs;
  const [kh, kw] = kernelSize;
  const oh = placesOf(h, kh, stride[0], padding[0], dilation[0]);
  const ow = placesOf(width, kw, stride[1], padding[1], dilation[1]);
  const perGroup = cIn / groups;
  const indices = new Int32Array(kh * kw * perGroup);
  for (let b = 0; b < n; b++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++)
        for (let group = 0; group < groups; group++) {
          let i = 0;
          for (let ky = 0; ky < kh; ky++)
            for (let kx = 0; kx < kw; kx++) {
              const iy = oy * stride[0] + ky * dilation[0] - padding[0];
              const ix = ox * stride[1] + kx * dilation[1] - padding[1];
              const isInside = iy >= 0 && iy < h && ix >= 0 && ix < width;
              const first = ((b * h + iy) * width + ix) * cIn + group * perGroup;
              for (let c = 0; c < perGroup; c++) indices[i++] = isInside ? first + c : -1;
            }
          visit(group, indices);
        }
}

/** mean = Σp / M, covariance = Σ(p − mean)(p − mean)ᵀ / M over the M patches of a group. */
export function patchMoments(
  [x]: readonly [ArrayView],
  attrs: PatchAttrs,
  [mean, covariance]: readonly [ArrayView, ArrayView],
): void {
  const k = mean.shape[1]!;
  const count = patchCount(x.shape, attrs);
  mean.data.fill(0);
  covariance.data.fill(0);
  forEachPatch(x.shape, attrs, (group, indices) => {
    for (let i = 0; i < k; i++) if (indices[i]! >= 0) mean.data[group * k + i]! += x.data[indices[i]!]! / count;
  });
  const centred = new Float64Array(k);
  forEachPatch(x.shape, attrs, (group, indices) => {
    for (let i = 0; i < k; i++) {
      const value = indices[i]! >= 0 ? x.data[indices[i]!]! : 0;
      centred[i] = value - mean.data[group * k + i]!;
    }
    for (let i = 0; i < k; i++)
      for (let j = 0; j <= i; j++) covariance.data[(group * k + i) * k + j]! += (centred[i]! * centred[j]!) / count;
  });
  // symmetric: the other half is the same sums
  for (let row = 0; row < attrs.groups * k; row++)
    for (let j = (row % k) + 1; j < k; j++)
      covariance.data[row * k + j] = covariance.data[(row - (row % k) + j) * k + (row % k)]!;
}

/** dx = Σ over the patches that hold it of (dmean + (dΣ + dΣᵀ)(p − mean)) / M. */
export function patchMomentsGrad(
  [x, mean, dmean, dcovariance]: readonly [ArrayView, ArrayView, ArrayView, ArrayView],
  attrs: PatchAttrs,
  [dx]: readonly [ArrayView],
): void {
  const k = mean.shape[1]!;
  const count = patchCount(x.shape, attrs);
  const totals = new Float64Array(dx.data.length);
  const symmetric = Float64Array.from(dcovariance.data, (value, at) => {
    const [row, column] = [Math.floor(at / k), at % k];
    const transposed = (Math.floor(row / k) * k + column) * k + (row % k);
    return value + dcovariance.data[transposed]!;
  });
  const centred = new Float64Array(k);
  forEachPatch(x.shape, attrs, (group, indices) => {
    for (let i = 0; i < k; i++) {
      const value = indices[i]! >= 0 ? x.data[indices[i]!]! : 0;
      centred[i] = value - mean.data[group * k + i]!;
    }
    for (let i = 0; i < k; i++) {
      if (indices[i]! < 0) continue;
      let total = dmean.data[group * k + i]!;
      for (let j = 0; j < k; j++) total += symmetric[(group * k + i) * k + j]! * centred[j]!;
      totals[indices[i]!]! += total / count;
    }
  });
  dx.data.set(totals);
}
