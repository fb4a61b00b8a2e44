/**
 * Average and maximum pooling with their gradients, window by window.
 */
import type { Pool2dAttrs } from "../../ops/spec/index.js";
import type { Shape } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";

/** Calls `visit` for each output with the input indices inside its window, in row-major order. */
function forEachWindow(
  xShape: Shape,
  yShape: Shape,
  { kernelSize, stride, padding }: Pool2dAttrs,
  visit: (yi: number, window: readonly number[]) => void,
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
              const iy = oy * stride[0] + ky - padding[0];
              const ix = ox * stride[1] + kx - padding[1];
              if (iy >= 0 && iy < h && ix >= 0 && ix < w) window.push(((b * h + iy) * w + ix) * c + ch);
            }
          visit(((b * oh + oy) * ow + ox) * c + ch, window);
        }
}

const windowSize = ({ kernelSize }: Pool2dAttrs): number => kernelSize[0] * kernelSize[1];

export function avgPool2d([x]: readonly [ArrayView], attrs: Pool2dAttrs, [y]: readonly [ArrayView]): void {
  forEachWindow(x.shape, y.shape, attrs, (yi, window) => {
    let total = 0;
    for (const xi of window) total += x.data[xi]!;
    y.data[yi] = total / windowSize(attrs);
  });
}

export function avgPool2dGrad([dy]: readonly [ArrayView], attrs: Pool2dAttrs, [dx]: readonly [ArrayView]): void {
  const totals = new Float64Array(dx.data.length);
  forEachWindow(dx.shape, dy.shape, attrs, (yi, window) => {
    for (const xi of window) totals[xi]! += dy.data[yi]! / windowSize(attrs);
  });
  dx.data.set(totals);
}

/** The last NaN of a window, as in PyTorch, or the first largest. */
function largest(x: ArrayView, window: readonly number[]): number {
  return window.reduce((best, xi) => (x.data[xi]! > x.data[best]! || Number.isNaN(x.data[xi]!) ? xi : best));
}

export function maxPool2d([x]: readonly [ArrayView], attrs: Pool2dAttrs, [y]: readonly [ArrayView]): void {
  forEachWindow(x.shape, y.shape, attrs, (yi, window) => {
    y.data[yi] = x.data[largest(x, window)]!;
  });
}

export function maxPool2dGrad(
  [dy, x]: readonly [ArrayView, ArrayView],
  attrs: Pool2dAttrs,
  [dx]: readonly [ArrayView],
): void {
  const totals = new Float64Array(dx.data.length);
  forEachWindow(x.shape, dy.shape, attrs, (yi, window) => {
    totals[largest(x, window)]! += dy.data[yi]!;
  });
  dx.data.set(totals);
}
