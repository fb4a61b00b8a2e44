/**
 * Windows of an image as rows of a matrix ("im2col"), written block by block into scratch and never as a whole: row
 * (image, oy, ox) holds, tap after tap, the channels of one group that a convolution's window at (oy, ox) sees.
 *
 * One rule covers the forward pass and the input gradient, which is a convolution over dy with zeros between its pixels:
 * tap (ky, kx) reads the pixel ((oy·stride + ky·dilation − padding) / spread, the same in x), and 0 where that is no whole
 * number or lies outside.
 */

import type { Pair } from "../../../ops/spec.js";
import { sizeOf } from "../../../tensor/shape.js";
import type { FunctionBuilder, FunctionRef, Int, IntVar, WasmModule } from "../assembler/index.js";

export interface WindowSpec {
  /** Height and width of the images read, of the grid of windows, of a window. */
  readonly source: Pair;
  readonly windows: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  /** Pixels of the source lie this far apart: 1, or the forward pass's stride for the input gradient. */
  readonly spread: Pair;
  /** Channels of the source, and how many of them (from its pointer on) a row takes. */
  readonly channels: number;
  readonly taken: number;
}

/** Floats of a row. */
export const windowFloats = ({ kernel, taken }: WindowSpec): number => sizeOf(kernel) * taken;

/** Runs up to this many floats are copied by unrolled vectors, longer ones by memory.copy. */
const UNROLLED_FLOATS = 64;

/** (to, from): copies `floats` floats; or with from absent (to): zeros. */
function writeRun(f: FunctionBuilder, to: Int, from: Int | null, floats: number): void {
  if (floats > UNROLLED_FLOATS) {
    if (from) f.copy(to, from, 4 * floats);
    else f.fill(to, 0, 4 * floats);
    return;
  }
  const zero = f.splat(0, 1);
  for (let at = 0; at < floats; at += 4) {
    // the last vector overlaps the one before it instead of being cut
    const start = floats >= 4 ? Math.min(at, floats - 4) : at;
    const count = Math.min(4, floats);
    f.storePartial(to, 4 * start, from ? f.loadPartial(from, 4 * start, count, 1) : zero, count);
  }
}

const defineRun = (m: WasmModule, floats: number): { copy: FunctionRef; zero: FunctionRef } => ({
  copy: m.function(`run ${floats}`, ["i32", "i32"], (f, to, from) => writeRun(f, to, from, floats)),
  zero: m.function(`zeros ${floats}`, ["i32"], (f, to) => writeRun(f, to, null, floats)),
});

/** The function (source, to, firstRow, count): writes `count` rows of windowFloats floats. */
export function defineWindowRows(m: WasmModule, spec: WindowSpec): FunctionRef {
  const { source, windows, kernel, stride, padding, dilation, spread, channels, taken } = spec;
  const pixel = 4 * channels;
  const line = pixel * source[1];
  const image = line * source[0];
  const isJoined = dilation[1] === 1 && spread[1] === 1 && taken === channels && kernel[1] > 1;

  /** Calls body with the source coordinate of a tap along one axis, or outside() where there is none. */
  const locate = (
    f: FunctionBuilder,
    axis: 0 | 1,
    window: IntVar,
    tap: number,
    inside: (at: IntVar) => void,
    outside: () => void,
  ): void => {
    const at = f.int(window.mul(stride[axis]).add(tap * dilation[axis] - padding[axis]));
    // negative positions are large unsigned ones
    const isInside = at.below(source[axis] * spread[axis]);
    const isWhole = spread[axis] === 1 ? isInside : isInside.and(at.rem(spread[axis]).isZero());
    f.if(
      isWhole,
      () => {
        if (spread[axis] > 1) at.set(at.div(spread[axis]));
        inside(at);
      },
      outside,
    );
  };

  return m.function(`window rows ${JSON.stringify(spec)}`, ["i32", "i32", "i32", "i32"], (f, from, to, row, count) => {
    const whole = defineRun(m, kernel[1] * taken);
    const single = defineRun(m, taken);
    const ox = f.int(row.rem(windows[1]));
    const t = f.int(row.div(windows[1]));
    const oy = f.int(t.rem(windows[0]));
    const base = f.int(from.add(t.div(windows[0]).mul(image)));

    const tapsOfLine = (pointer: IntVar) => {
      for (let kx = 0; kx < kernel[1]; kx++)
        locate(
          f,
          1,
          ox,
          kx,
          (ix) => f.call(single.copy, to.add(4 * kx * taken), pointer.add(ix.mul(pixel))),
          () => f.call(single.zero, to.add(4 * kx * taken)),
        );
    };
    f.for(0, count, 1, () => {
      for (let ky = 0; ky < kernel[0]; ky++) {
        locate(
          f,
          0,
          oy,
          ky,
          (iy) => {
            const pointer = f.int(base.add(iy.mul(line)));
            if (!isJoined || source[1] < kernel[1]) {
              tapsOfLine(pointer);
              return;
            }
            // a window whose taps all lie inside is one run of floats
            const left = f.int(ox.mul(stride[1]).sub(padding[1]));
            f.if(
              left.below(source[1] - kernel[1] + 1),
              () => f.call(whole.copy, to, pointer.add(left.mul(pixel))),
              () => tapsOfLine(pointer),
            );
          },
          () => f.call(whole.zero, to),
        );
        to.inc(4 * kernel[1] * taken);
      }
      ox.inc(1);
      f.if(ox.equal(windows[1]), () => {
        ox.set(0);
        oy.inc(1);
        f.if(oy.equal(windows[0]), () => {
          oy.set(0);
          base.inc(image);
        });
      });
    });
  });
}
