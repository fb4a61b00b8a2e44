/**
 * Windows of an image as rows of a matrix ("im2col"), written block by block into scratch and never as a whole: row
 * (image, oy, ox) holds, tap after tap, the channels of one group that a convolution's window at (oy, ox) sees.
 *
 * Tap (ky, kx) reads the pixel (oy·stride + ky·dilation − padding, the same in x), and 0 where that lies outside. Padding may
 * be negative: a window then begins inside the image.
 */

import type { Pair } from "../../../../../ops/spec/index.js";
import { sizeOf } from "../../../../../tensor/shape.js";
import type { FunctionBuilder, FunctionRef, Int, IntVar, WasmModule } from "../../../../../wasm/index.js";

export interface WindowSpec {
  /** Height and width of the images read, of the grid of windows, of a window. */
  readonly source: Pair;
  readonly windows: Pair;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  /** Channels of the source, and how many of them (from its pointer on) a row takes. */
  readonly channels: number;
  readonly taken: number;
}

/** Floats of a row. */
export const windowFloats = ({ kernel, taken }: WindowSpec): number => sizeOf(kernel) * taken;

/** The same windows one tap at a time, in the order of their floats. */
export function windowTaps(windows: WindowSpec): WindowSpec[] {
  const { kernel, padding, dilation } = windows;
  return Array.from({ length: sizeOf(kernel) }, (_, tap) => {
    const [ky, kx] = [Math.floor(tap / kernel[1]), tap % kernel[1]];
    return {
      ...windows,
      kernel: [1, 1],
      padding: [padding[0] - ky * dilation[0], padding[1] - kx * dilation[1]],
    };
  });
}

/** Runs up to this many floats are copied by unrolled vectors, longer ones by memory.copy. */
const UNROLLED_FLOATS = 64;

/** Windows up to this many floats are copied without calls. */
const INLINE_FLOATS = 256;

/** Copies `floats` floats from `from + fromAt` to `to + toAt`; zeros where from is null. */
function writeRun(f: FunctionBuilder, to: Int, toAt: number, from: Int | null, fromAt: number, floats: number): void {
  if (floats > UNROLLED_FLOATS) {
    if (from) f.copy(to.add(toAt), from.add(fromAt), 4 * floats);
    else f.fill(to.add(toAt), 0, 4 * floats);
    return;
  }
  const zero = f.splat(0, 1);
  for (let at = 0; at < floats; at += 4) {
    // the last vector overlaps the one before it instead of being cut
    const start = floats >= 4 ? Math.min(at, floats - 4) : at;
    const count = Math.min(4, floats);
    f.storePartial(to, toAt + 4 * start, from ? f.loadPartial(from, fromAt + 4 * start, count, 1) : zero, count);
  }
}

const defineRun = (m: WasmModule, floats: number): { copy: FunctionRef; zero: FunctionRef } => ({
  copy: m.function(`run ${floats}`, ["i32", "i32"], (f, to, from) => writeRun(f, to, 0, from, 0, floats)),
  zero: m.function(`zeros ${floats}`, ["i32"], (f, to) => writeRun(f, to, 0, null, 0, floats)),
});

/** The function (to, from): copies `floats` floats. */
export const defineCopyRun = (m: WasmModule, floats: number): FunctionRef => defineRun(m, floats).copy;

/** The function (source, to, firstRow, count): writes `count` rows of windowFloats floats. */
export function defineWindowRows(m: WasmModule, spec: WindowSpec): FunctionRef {
  const { source, windows, kernel, stride, padding, dilation, channels, taken } = spec;
  const pixel = 4 * channels;
  const line = pixel * source[1];
  const image = line * source[0];
  /** Pixels from the first to the last tap of a window. */
  const reach = kernel.map((size, axis) => (size - 1) * dilation[axis]! + 1) as [number, number];
  // where channels are all taken, the taps of a line are one run
  const isJoined = dilation[1] === 1 && taken === channels;
  const runFloats = isJoined ? kernel[1] * taken : taken;
  const runs = Array.from({ length: kernel[0] * (isJoined ? 1 : kernel[1]) }, (_, run) => {
    const ky = isJoined ? run : Math.floor(run / kernel[1]);
    const kx = isJoined ? 0 : run % kernel[1];
    return { from: ky * dilation[0] * line + kx * dilation[1] * pixel, to: 4 * run * runFloats };
  });

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
    f.if(at.below(source[axis]), () => inside(at), outside);
  };

  return m.function(`window rows ${JSON.stringify(spec)}`, ["i32", "i32", "i32", "i32"], (f, from, to, row, count) => {
    const whole = defineRun(m, kernel[1] * taken);
    const single = defineRun(m, taken);
    const ox = f.int(row.rem(windows[1]));
    const t = f.int(row.div(windows[1]));
    const oy = f.int(t.rem(windows[0]));
    const base = f.int(from.add(t.div(windows[0]).mul(image)));

    const tapsOfLine = (pointer: IntVar, start: number) => {
      for (let kx = 0; kx < kernel[1]; kx++)
        locate(
          f,
          1,
          ox,
          kx,
          (ix) => f.call(single.copy, to.add(4 * (start + kx * taken)), pointer.add(ix.mul(pixel))),
          () => f.call(single.zero, to.add(4 * (start + kx * taken))),
        );
    };
    const lineByLine = () => {
      for (let ky = 0; ky < kernel[0]; ky++) {
        const start = ky * kernel[1] * taken;
        locate(
          f,
          0,
          oy,
          ky,
          (iy) => tapsOfLine(f.int(base.add(iy.mul(line))), start),
          () => f.call(whole.zero, to.add(4 * start)),
        );
      }
    };
    f.for(0, count, 1, () => {
      if (reach[0] > source[0] || reach[1] > source[1]) lineByLine();
      else {
        // most windows lie inside the image: every run of floats is then at a constant distance
        const top = f.int(oy.mul(stride[0]).sub(padding[0]));
        const left = f.int(ox.mul(stride[1]).sub(padding[1]));
        const isInside = top.below(source[0] - reach[0] + 1).and(left.below(source[1] - reach[1] + 1));
        f.if(
          isInside,
          () => {
            const pointer = f.int(base.add(top.mul(line)).add(left.mul(pixel)));
            for (const { from: at, to: start } of runs)
              if (sizeOf(kernel) * taken <= INLINE_FLOATS) writeRun(f, to, start, pointer, at, runFloats);
              else f.call(defineRun(m, runFloats).copy, to.add(start), pointer.add(at));
          },
          lineByLine,
        );
      }
      to.inc(4 * windowFloats(spec));
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
