/**
 * The gradient of maximum pooling: each window is searched again for its largest value, a strip of channels at a time, and
 * its gradient is added there. Windows overlap, so a task owns some channels of an image and takes all windows over them.
 */
import type { FunctionRef, IntVar, Vec, VecVar, WasmModule } from "../../../../wasm/index.js";
import { atStrip, piecesOf, STRIP_LANES } from "../blocks/channels.js";
import { callFill } from "../blocks/copy.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Lowering } from "../plan.js";
import { eachTap, type Run, rowsUnder, runsOf, type Windows, windowsOf } from "./windows.js";

/** (x, dx, dy, rows): the windows of a run over `rows` rows, for one strip of channels. */
function defineRun(m: WasmModule, windows: Windows, { taps, count }: Run, lanes: number): FunctionRef {
  const { channels, source, stride, dilation } = windows;
  const pixel = 4 * channels;
  const line = dilation[0] * source[1] * pixel;
  return m.function(`run ${taps} ${count} ${lanes}`, ["i32", "i32", "i32", "i32"], (f, x, dx, dy, rows) => {
    f.for(0, count, 1, () => {
      for (const { at, lanes: own, parts } of piecesOf(lanes)) {
        // taps are numbered in floats, which hold them exactly and compare like the values
        const visitAll = (from: IntVar, visit: (tap: VecVar, pointer: IntVar, offset: number) => void): void => {
          const number = f.vec(0, parts);
          const row = f.int(from);
          f.for(0, rows!, 1, () => {
            eachTap(f, row, taps, dilation[1] * pixel, (pointer, offset) => {
              visit(number, pointer, offset + at);
              number.set(number.add(1));
            });
            row.inc(line);
          });
        };
        const best = f.vec(Number.NEGATIVE_INFINITY, parts);
        const winner = f.vec(0, parts);
        visitAll(x!, (number, pointer, offset) => {
          const v = f.vec(f.loadPartial(pointer, offset, own, parts));
          const isTaken: Vec = f.vec(v.greater(best).or(v.notEqual(v)));
          best.set(isTaken.select(v, best));
          winner.set(isTaken.select(number, winner));
        });
        const gradient = f.vec(f.loadPartial(dy!, at, own, parts));
        visitAll(dx!, (number, pointer, offset) => {
          const sum = f.loadPartial(pointer, offset, own, parts).add(gradient.and(winner.equal(number)));
          f.storePartial(pointer, offset, f.vec(sum), own);
        });
      }
      for (const pointer of [x!, dx!]) pointer.inc(stride[1] * pixel);
      dy!.inc(pixel);
    });
  });
}

const gradientKernel = defineKernel(
  { name: "maximum pool gradient", spec: specOf<Windows>(), args: { dy: "pointer", x: "pointer", dx: "pointer" } },
  ({ m, f, spec: windows }, task, { dy, x, dx }) => {
    const { channels, source, output } = windows;
    const pixel = 4 * channels;
    const strips = blocksOf(channels, STRIP_LANES);
    const image = f.int(task.div(strips));
    const strip = f.int(task.sub(image.mul(strips)));
    const at = f.int(strip.mul(4 * STRIP_LANES));
    const start = f.int(image.mul(source[0] * source[1] * pixel).add(at));
    const from = f.int(dy.add(image.mul(output[0] * output[1] * pixel)).add(at));
    f.for(0, output[0], 1, (oy) => {
      const { first, count } = rowsUnder(f, windows, oy);
      const line = f.int(start.add(first.mul(source[1] * pixel)));
      atStrip(f, channels, strip, (lanes) => {
        for (const run of runsOf(windows))
          f.call(
            defineRun(m, windows, run, lanes),
            x.add(line).add(run.source * pixel),
            dx.add(line).add(run.source * pixel),
            from.add(run.output * pixel),
            count,
          );
      });
      from.inc(output[1] * pixel);
    });
  },
);

export const maxPool2dGrad: Lowering<"maxPool2dGrad"> = ([dy, x], attrs, [dx], plan) => {
  if (x.dtype !== "float32") return false;
  callFill(plan, dx, 0);
  const windows = windowsOf(x.shape, dy.shape, attrs);
  gradientKernel.call(plan, {
    spec: windows,
    tasks: x.shape[0]! * blocksOf(windows.channels, STRIP_LANES),
    args: { dy: dy.pointer, x: x.pointer, dx: dx.pointer },
  });
  return true;
};
