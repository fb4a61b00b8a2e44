/**
 * How a sliding window meets an image, counted and not visited: the two axes are independent, so that what is counted along
 * each of them is multiplied.
 */
import type { Shape } from "../tensor/shape.js";
import type { Pair } from "./spec/index.js";

export interface WindowGeometry {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  /** Default [1, 1]. */
  readonly dilation?: Pair;
}

/** Of all images together; none of it lies in the padding. */
export interface Meetings {
  /** Pairs of an output position and a tap. */
  readonly pairs: number;
  /** Positions of x under some tap: strides may leave gaps, and a rest at the end. */
  readonly inputs: number;
  /** Output positions with some tap on the image. */
  readonly outputs: number;
  /** Taps of the window that lie on the image at some position. */
  readonly taps: number;
}

function along(axis: 0 | 1, x: Shape, y: Shape, { kernelSize, stride, padding, dilation = [1, 1] }: WindowGeometry) {
  const size = x[1 + axis]!;
  const met = { pairs: 0, inputs: new Set<number>(), outputs: new Set<number>(), taps: new Set<number>() };
  for (let output = 0; output < y[1 + axis]!; output++)
    for (let tap = 0; tap < kernelSize[axis]; tap++) {
      const at = output * stride[axis] + tap * dilation[axis] - padding[axis];
      if (at < 0 || at >= size) continue;
      met.pairs++;
      met.inputs.add(at);
      met.outputs.add(output);
      met.taps.add(tap);
    }
  return { pairs: met.pairs, inputs: met.inputs.size, outputs: met.outputs.size, taps: met.taps.size };
}

/** Counts where the windows of y [N, OH, OW, …] meet x [N, H, W, …]. */
export function countMeetings(x: Shape, y: Shape, geometry: WindowGeometry): Meetings {
  const images = y[0]!;
  const [down, across] = [along(0, x, y, geometry), along(1, x, y, geometry)];
  return {
    pairs: images * down.pairs * across.pairs,
    inputs: images * down.inputs * across.inputs,
    outputs: images * down.outputs * across.outputs,
    taps: down.taps * across.taps,
  };
}
