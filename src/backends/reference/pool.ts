/**
 * Average and maximum pooling with their gradients, window by window.
 */
import type { AvgPool2dAttrs, Pool2dAttrs } from "../../ops/spec/index.js";
import { type DType, dtypes } from "../../tensor/dtype.js";
import type { Shape } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";

/** Calls `visit` for each output with the input indices inside its window, in row-major order. */
function forEachWindow(
  xShape: Shape,
  yShape: Shape,
  { kernelSize, stride, padding, dilation = [1, 1] }: Pool2dAttrs,
  visit: (yi: number, window: readonly number[], oy: number, ox: number) => void,
): void {
  const [, h, w, c] = xShape as [number, number, number, number];
  const [n, oh, ow] = yShape as [number, number, number, number];
  for (let b = 0; b < n; b++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++)
        for (let ch = 0; ch < c; ch++) {
          const window: number[] = [];
          for (let ky = 0; ky < kernelSize[0]; ky++)
            for (let kx = 0; kx < kernelSize[1]; kx++) {
              const iy = oy * stride[0] + ky * dilation[0] - padding[0];
              const ix = ox * stride[1] + kx * dilation[1] - padding[1];
              if (iy >= 0 && iy < h && ix >= 0 && ix < w) window.push(((b * h + iy) * w + ix) * c + ch);
            }
          visit(((b * oh + oy) * ow + ox) * c + ch, window, oy, ox);
        }
}

/** Taps of window `output` along an axis that count: those on the padded image, or on the image alone. */
function countedTaps(
  size: number,
  output: number,
  axis: 0 | 1,
  { kernelSize, stride, padding, paddingEnd = padding, dilation = [1, 1], countIncludePad = true }: AvgPool2dAttrs,
): number {
  let count = 0;
  for (let tap = 0; tap < kernelSize[axis]; tap++) {
    const at = output * stride[axis] + tap * dilation[axis] - padding[axis];
    if (countIncludePad ? at < size + paddingEnd[axis] : at >= 0 && at < size) count++;
  }
  return count;
}

/** What the sum over a window is divided by; 1 where nothing is summed. */
function divisorOf([, h, w]: Shape, oy: number, ox: number, attrs: AvgPool2dAttrs): number {
  const { divisorOverride = null } = attrs;
  return divisorOverride ?? Math.max(1, countedTaps(h!, oy, 0, attrs) * countedTaps(w!, ox, 1, attrs));
}

export function avgPool2d([x]: readonly [ArrayView], attrs: AvgPool2dAttrs, [y]: readonly [ArrayView]): void {
  forEachWindow(x.shape, y.shape, attrs, (yi, window, oy, ox) => {
    let total = 0;
    for (const xi of window) total += x.data[xi]!;
    y.data[yi] = total / divisorOf(x.shape, oy, ox, attrs);
  });
}

export function avgPool2dGrad([dy]: readonly [ArrayView], attrs: AvgPool2dAttrs, [dx]: readonly [ArrayView]): void {
  const totals = new Float64Array(dx.data.length);
  forEachWindow(dx.shape, dy.shape, attrs, (yi, window, oy, ox) => {
    for (const xi of window) totals[xi]! += dy.data[yi]! / divisorOf(dx.shape, oy, ox, attrs);
  });
  dx.data.set(totals);
}

/** The last NaN of a window, as in PyTorch, or the first largest; -1 of a window without numbers. */
function largest(x: ArrayView, window: readonly number[]): number {
  return window.reduce(
    (best, xi) => (best < 0 || x.data[xi]! > x.data[best]! || Number.isNaN(x.data[xi]!) ? xi : best),
    -1,
  );
}

/** What no number of a dtype is below: the maximum of none. */
const lowestOf = (dtype: DType): number => dtypes[dtype].range?.[0] ?? Number.NEGATIVE_INFINITY;

export function maxPool2d([x]: readonly [ArrayView], attrs: Pool2dAttrs, [y]: readonly [ArrayView]): void {
  forEachWindow(x.shape, y.shape, attrs, (yi, window) => {
    const best = largest(x, window);
    y.data[yi] = best < 0 ? lowestOf(x.dtype) : x.data[best]!;
  });
}

export function maxPool2dIndices([x]: readonly [ArrayView], attrs: Pool2dAttrs, [y]: readonly [ArrayView]): void {
  const [, h, w, c] = x.shape as [number, number, number, number];
  forEachWindow(x.shape, y.shape, attrs, (yi, window) => {
    const best = largest(x, window);
    y.data[yi] = best < 0 ? -1 : Math.floor(best / c) % (h * w);
  });
}

export function maxPool2dGrad(
  [dy, x]: readonly [ArrayView, ArrayView],
  attrs: Pool2dAttrs,
  [dx]: readonly [ArrayView],
): void {
  const totals = new Float64Array(dx.data.length);
  forEachWindow(x.shape, dy.shape, attrs, (yi, window) => {
    const best = largest(x, window);
    if (best >= 0) totals[best]! += dy.data[yi]!;
  });
  dx.data.set(totals);
}
