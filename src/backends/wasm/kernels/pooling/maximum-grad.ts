/**
 * The gradient of maximum pooling, in gather form: the taps that hold the maxima are found as maxima are (maximum.ts), and
 * every pixel then adds the gradients of the windows whose tap over it is that one. Which windows lie over a pixel, and by
 * which tap, is what the input gradient of a depthwise convolution asks (convolution/depthwise).
 */
import type { FunctionRef, IntVar, WasmModule } from "../../../../wasm/index.js";
import { gradientRule, sweptChannels, type Tap, type Tile, tileRuns } from "../convolution/depthwise/axis.js";
import {
  forEachOutputRow,
  forEachTile,
  type Geometry,
  type ImageGeometry,
  ofImage,
  outputRow,
  sourceImage,
  taskCount,
  taskRows,
  zeroRow,
} from "../convolution/depthwise/rows.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Lowering } from "../plan.js";
import { callMaximum } from "./maximum.js";
import { windowsOf } from "./windows.js";

/** Pixels of a tile, whose sums stay in registers. */
const TILE = 4;

/** (...rows of dy, ...rows of winning taps, dx): one tile of pixels, for `lanes` channels or for all whole vectors of them. */
function defineTile(
  m: WasmModule,
  { channels, kernel }: ImageGeometry,
  name: string,
  tile: Tile,
  taps: readonly Tap[],
  lanes: number,
): FunctionRef {
  const pixel = 4 * channels;
  const params = new Array<"i32">(2 * taps.length + 1).fill("i32");
  return m.function(`tile ${name} ${taps.map(({ k }) => k)} ${lanes}`, params, (f, ...args) => {
    const [dy, winners] = [args.slice(0, taps.length), args.slice(taps.length, 2 * taps.length)];
    const dx = args.at(-1)!;
    const parts = Math.ceil(lanes / 4);
    const load = (pointer: IntVar, at: number) => f.vec(f.loadPartial(pointer, at, lanes, parts));
    const end = f.int(dx.add(4 * sweptChannels(channels, lanes, m.lanes)));
    f.doWhile(
      () => {
        const totals = Array.from({ length: tile.outputs }, () => f.vec(0, parts));
        taps.forEach((tap, i) => {
          for (const { column, uses } of tile.columns) {
            const gradient = load(dy[i]!, column * pixel);
            const winner = load(winners[i]!, column * pixel);
            for (const { output, k } of uses) {
              const isMine = winner.equal(tap.k * kernel[1] + k);
              totals[output]!.set(totals[output]!.add(gradient.and(isMine)));
            }
          }
        });
        totals.forEach((total, output) => {
          f.storePartial(dx, output * pixel, total, lanes);
        });
        for (const pointer of args) pointer.inc(4 * lanes);
      },
      () => dx.below(end),
    );
  });
}

const gradientKernel = defineKernel(
  {
    name: "maximum pool gradient",
    spec: specOf<ImageGeometry>(),
    args: { dy: "pointer", winners: "pointer", dx: "pointer", zeros: "pointer" },
  },
  ({ m, f, spec: geometry }, task, { dy, winners, dx, zeros }) => {
    const { channels, source, output, rules } = geometry;
    const pixel = 4 * channels;
    const runs = tileRuns(rules[1], output[1], source[1], TILE);
    const place = taskRows(f, geometry, task);
    const image = sourceImage(f, geometry, place, dy);
    const toWinners = f.int(winners.sub(dy));
    const out = outputRow(f, geometry, place, dx);
    forEachOutputRow(f, geometry, place, image, zeros, (taps, rows) => {
      // a window beside the image has no gradient, whichever tap is read there
      const winning = rows.map((row) => f.int(row.equal(zeros).select(zeros, row.add(toWinners))));
      forEachTile(f, m, channels, runs, out, ({ run, index, from, to, lanes, at }) =>
        f.call(
          defineTile(m, geometry, `${index}`, run.tile, taps, lanes),
          ...[...rows, ...winning].map((row) => row.add(from).add(at)),
          to.add(at),
        ),
      );
      out.inc(output[1] * pixel);
    });
  },
);

export const maxPool2dGrad: Lowering<"maxPool2dGrad"> = ([dy, x], attrs, [dx], plan) => {
  if (x.dtype !== "float32") return false;
  const windows = windowsOf(x.shape, dy.shape, attrs);
  const { source, output, kernel, stride, padding, dilation, channels } = windows;
  const winners = plan.scratch(4 * dy.size);
  callMaximum(plan, "tap", x, windows, winners);
  const rule = (axis: 0 | 1) =>
    gradientRule({ kernel: kernel[axis], stride: stride[axis], padding: padding[axis], dilation: dilation[axis] });
  const geometry: Geometry = {
    images: x.shape[0]!,
    channels,
    source: output,
    output: source,
    kernel,
    rules: [rule(0), rule(1)],
  };
  gradientKernel.call(plan, {
    spec: ofImage(geometry),
    tasks: taskCount(geometry),
    args: { dy: dy.pointer, winners, dx: dx.pointer, zeros: zeroRow(plan, geometry) },
  });
  return true;
};
