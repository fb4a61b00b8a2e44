/**
 * Convolution and its two gradients: one walk over all (output, tap, channel) triples, three things done with it.
 */
import type { Attrs, Conv2dAttrs } from "../../ops/spec/index.js";
import type { Shape } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";
import { reluOf } from "./elementwise.js";
import { productOf, totalsOf } from "./integers.js";

/**
 * Visits every product of a convolution: index of x [N,H,W,Cin], of w [KH,KW,Cin/groups,Cout], of y [N,OH,OW,Cout].
 */
function forEachProduct(
  xShape: Shape,
  wShape: Shape,
  yShape: Shape,
  { stride, padding, dilation, groups }: Conv2dAttrs,
  visit: (xi: number, wi: number, yi: number) => void,
): void {
  const [, h, width, cIn] = xShape as [number, number, number, number];
  const [kh, kw, cPerGroup, cOut] = wShape as [number, number, number, number];
  const [n, oh, ow] = yShape as [number, number, number, number];
  const outPerGroup = cOut / groups;
  for (let b = 0; b < n; b++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++)
        for (let ky = 0; ky < kh; ky++) {
          const iy = oy * stride[0] + ky * dilation[0] - padding[0];
          if (iy < 0 || iy >= h) continue;
          for (let kx = 0; kx < kw; kx++) {
            const ix = ox * stride[1] + kx * dilation[1] - padding[1];
            if (ix < 0 || ix >= width) continue;
            for (let co = 0; co < cOut; co++) {
              const firstChannel = Math.floor(co / outPerGroup) * cPerGroup;
              for (let ci = 0; ci < cPerGroup; ci++)
                visit(
                  ((b * h + iy) * width + ix) * cIn + firstChannel + ci,
                  ((ky * kw + kx) * cPerGroup + ci) * cOut + co,
                  ((b * oh + oy) * ow + ox) * cOut + co,
                );
            }
          }
        }
}

export function conv2d([x, w]: readonly [ArrayView, ArrayView], attrs: Conv2dAttrs, [y]: readonly [ArrayView]): void {
  const totals = totalsOf(y.dtype, y.data.length);
  const product = productOf(y.dtype);
  forEachProduct(x.shape, w.shape, y.shape, attrs, (xi, wi, yi) => {
    totals[yi]! += product(x.data[xi]!, w.data[wi]!);
  });
  y.data.set(totals);
}

export function conv2dBias(
  [x, w, bias]: readonly [ArrayView, ArrayView, ArrayView],
  { activation, ...attrs }: Attrs<"conv2dBias">,
  [y]: readonly [ArrayView],
): void {
  conv2d([x, w], attrs, [y]);
  for (let i = 0; i < y.data.length; i++) {
    // stored first: integers wrap before the activation sees them
    y.data[i]! += bias.data[i % bias.data.length]!;
    if (activation === "relu") y.data[i] = reluOf(y.data[i]!);
  }
}

export function conv2dInputGrad(
  [dy, w]: readonly [ArrayView, ArrayView],
  attrs: Conv2dAttrs,
  [dx]: readonly [ArrayView],
): void {
  const totals = totalsOf(dx.dtype, dx.data.length);
  const product = productOf(dx.dtype);
  forEachProduct(dx.shape, w.shape, dy.shape, attrs, (xi, wi, yi) => {
    totals[xi]! += product(dy.data[yi]!, w.data[wi]!);
  });
  dx.data.set(totals);
}

export function conv2dWeightGrad(
  [x, dy]: readonly [ArrayView, ArrayView],
  attrs: Conv2dAttrs,
  [dw]: readonly [ArrayView],
): void {
  const totals = totalsOf(dw.dtype, dw.data.length);
  const product = productOf(dw.dtype);
  forEachProduct(x.shape, dw.shape, dy.shape, attrs, (xi, wi, yi) => {
    totals[wi]! += product(x.data[xi]!, dy.data[yi]!);
  });
  dw.data.set(totals);
}
