/**
 * What kernels of maximum pooling share: how windows meet an image. Along the width this is known when code is written, as
 * runs of windows with the same taps on the image; along the height it is found row by row.
 */
import type { Pool2dAttrs } from "../../../../ops/spec/index.js";
import type { Shape } from "../../../../tensor/shape.js";
import type { FunctionBuilder, IntVar } from "../../../../wasm/index.js";

type Sizes = readonly [height: number, width: number];

/** What shapes the code. */
export interface Windows {
  readonly source: Sizes;
  readonly output: Sizes;
  readonly kernel: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
  readonly channels: number;
}

export function windowsOf(
  [, h, w, channels]: Shape,
  [, oh, ow]: Shape,
  { kernelSize, stride, padding, dilation = [1, 1] }: Pool2dAttrs,
): Windows {
  return { source: [h!, w!], output: [oh!, ow!], kernel: kernelSize, stride, padding, dilation, channels: channels! };
}

/** Windows side by side whose taps on the image are the same: `count` from `output` on, the first from column `source`. */
export interface Run {
  /** The first tap that lies on the image. */
  readonly tap: number;
  readonly taps: number;
  readonly output: number;
  readonly count: number;
  readonly source: number;
}

/** The taps of window `output` on the image: the first of them, and how many. */
function tapsAt(output: number, axis: 0 | 1, { source, kernel, stride, padding, dilation }: Windows) {
  const start = output * stride[axis] - padding[axis];
  const at = Array.from({ length: kernel[axis] }, (_, tap) => start + tap * dilation[axis]);
  const isInside = (position: number): boolean => position >= 0 && position < source[axis];
  const tap = Math.max(0, at.findIndex(isInside));
  return { tap, taps: at.filter(isInside).length, source: isInside(at[tap]!) ? at[tap]! : 0 };
}

/** The windows along the width, left to right. */
export function runsOf(windows: Windows): Run[] {
  const runs: Run[] = [];
  for (let output = 0; output < windows.output[1]; output++) {
    const { tap, taps, source } = tapsAt(output, 1, windows);
    const last = runs.at(-1);
    if (last?.tap === tap && last.taps === taps && source === last.source + last.count * windows.stride[1])
      runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ tap, taps, output, count: 1, source });
  }
  return runs;
}

/** The first row of the image under the windows of output row `oy`, the tap that it lies under, and how many rows there are. */
export function rowsUnder(
  f: FunctionBuilder,
  { source: [height], kernel: [kernel], stride: [stride], padding: [padding], dilation: [dilation] }: Windows,
  oy: IntVar,
): { first: IntVar; tap: IntVar; count: IntVar } {
  const first = f.int(0);
  const tap = f.int(0);
  const count = f.int(0);
  const row = f.int(oy.mul(stride).sub(padding));
  f.for(0, kernel, 1, (ky) => {
    f.if(row.below(height), () => {
      f.if(count.equal(0), () => {
        first.set(row);
        tap.set(ky);
      });
      count.inc(1);
    });
    row.inc(dilation);
  });
  return { first, tap, count };
}

/** Taps of a row up to here are written out one by one. */
const UNROLLED_TAPS = 8;

/** Does `body` for each tap of a row, `step` bytes apart, with a pointer and a constant offset from it. */
export function eachTap(
  f: FunctionBuilder,
  row: IntVar,
  taps: number,
  step: number,
  body: (pointer: IntVar, offset: number) => void,
): void {
  if (taps <= UNROLLED_TAPS) {
    for (let tap = 0; tap < taps; tap++) body(row, tap * step);
    return;
  }
  const pointer = f.int(row);
  f.for(0, taps, 1, () => {
    body(pointer, 0);
    pointer.inc(step);
  });
}
