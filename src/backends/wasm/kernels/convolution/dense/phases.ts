/**
 * The input gradient of a convolution as products without zeros. Pixels of dx at equal remainders of their position by the
 * stride, one phase, see the same taps at the same distances: dx[s·q + r] = Σ_k dy[(s·q + r + padding − k·dilation) / s] w[k]
 * over those k whose division has no rest. A phase is a convolution of dy with stride 1 and every s-th tap (every
 * s / gcd(s, dilation)-th), in reverse order; with stride 1 there is one phase, the whole of dx.
 */
import type { Conv2dAttrs, Pair } from "../../../../../ops/spec/index.js";
import type { PackSource } from "../../products/pack.js";
import type { Geometry } from "./geometry.js";
import type { WindowSpec } from "./window-rows.js";

export interface Phase {
  /** Over dy, one per pixel of the phase; null where no tap reaches the phase and dx is 0. */
  readonly windows: WindowSpec | null;
  /** Pixels of the phase, by lines and columns. */
  readonly grid: Pair;
  /** The phase's first pixel. */
  readonly first: Pair;
  /** W of one group as B [taps · outPerGroup, inPerGroup], and the bytes to its first tap. */
  readonly weights: PackSource;
  readonly weightAt: number;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** Taps of one axis that reach the pixels at remainder `r`. */
interface AxisTaps {
  readonly count: number;
  readonly last: number;
  /** From tap to tap. */
  readonly step: number;
  /** Of the convolution over dy. */
  readonly padding: number;
  readonly dilation: number;
}

function tapsOf(r: number, kernelSize: number, stride: number, padding: number, dilation: number): AxisTaps {
  const reaching = Array.from({ length: kernelSize }, (_, k) => k).filter(
    (k) => (r + padding - k * dilation) % stride === 0,
  );
  const common = gcd(stride, dilation);
  const last = reaching.at(-1) ?? 0;
  return {
    count: reaching.length,
    last,
    step: stride / common,
    padding: (last * dilation - r - padding) / stride,
    dilation: dilation / common,
  };
}

/** The phases that hold pixels. */
export function phasesOf(g: Geometry, { stride, padding, dilation }: Conv2dAttrs): Phase[] {
  const phases: Phase[] = [];
  const tapBytes = 4 * g.inPerGroup * g.cOut;
  for (let ry = 0; ry < Math.min(stride[0], g.image[0]); ry++)
    for (let rx = 0; rx < Math.min(stride[1], g.image[1]); rx++) {
      const y = tapsOf(ry, g.kernel[0], stride[0], padding[0], dilation[0]);
      const x = tapsOf(rx, g.kernel[1], stride[1], padding[1], dilation[1]);
      const grid: Pair = [Math.ceil((g.image[0] - ry) / stride[0]), Math.ceil((g.image[1] - rx) / stride[1])];
      const windows: WindowSpec = {
        source: g.out,
        windows: grid,
        kernel: [y.count, x.count],
        stride: [1, 1],
        padding: [y.padding, x.padding],
        dilation: [y.dilation, x.dilation],
        channels: g.cOut,
        taken: g.outPerGroup,
      };
      phases.push({
        windows: y.count * x.count === 0 ? null : windows,
        grid,
        first: [ry, rx],
        weights: {
          taps: y.count * x.count,
          depth: g.outPerGroup,
          n: g.inPerGroup,
          tapStep: -x.step * tapBytes,
          lines: { taps: x.count, step: -y.step * g.kernel[1] * tapBytes },
          depthStep: 4,
          columnStep: 4 * g.cOut,
        },
        weightAt: (y.last * g.kernel[1] + x.last) * tapBytes,
      });
    }
  return phases;
}
