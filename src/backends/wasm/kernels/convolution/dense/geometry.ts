/** The sizes of one dense convolution, and its windows and weights as the two operands of a matrix product. */
import type { Conv2dAttrs, Pair } from "../../../../../ops/spec/index.js";
import type { Shape } from "../../../../../tensor/shape.js";
import type { PackSource } from "../../products/pack.js";
import type { WindowSpec } from "./window-rows.js";

export interface Geometry {
  readonly image: Pair;
  readonly out: Pair;
  readonly kernel: Pair;
  readonly images: number;
  readonly rows: { readonly image: number; readonly out: number };
  readonly cIn: number;
  readonly cOut: number;
  readonly inPerGroup: number;
  readonly outPerGroup: number;
  readonly taps: number;
  /** 1x1, stride 1, no padding on any side: windows are pixels. */
  readonly isPointwise: boolean;
}

export function geometryOf(x: Shape, w: Shape, y: Shape, { stride, padding, groups }: Conv2dAttrs): Geometry {
  const [n, h, width, cIn] = x as [number, number, number, number];
  const [kh, kw, inPerGroup, cOut] = w as [number, number, number, number];
  const [, oh, ow] = y as [number, number, number, number];
  return {
    image: [h, width],
    out: [oh, ow],
    kernel: [kh, kw],
    images: n,
    rows: { image: n * h * width, out: n * oh * ow },
    cIn,
    cOut,
    inPerGroup,
    outPerGroup: cOut / groups,
    taps: kh * kw,
    isPointwise: [kh, kw, ...stride].every((v) => v === 1) && padding.every((v) => v === 0) && oh === h && ow === width,
  };
}

export const forwardWindows = (g: Geometry, { stride, padding, dilation }: Conv2dAttrs): WindowSpec => ({
  source: g.image,
  windows: g.out,
  kernel: g.kernel,
  stride,
  padding,
  dilation,
  channels: g.cIn,
  taken: g.inPerGroup,
});

/** W of one group as B [taps · inPerGroup, outPerGroup]. */
export const forwardWeights = (g: Geometry): PackSource => ({
  taps: g.taps,
  depth: g.inPerGroup,
  n: g.outPerGroup,
  tapStep: 4 * g.inPerGroup * g.cOut,
  depthStep: 4 * g.cOut,
  columnStep: 4,
});
