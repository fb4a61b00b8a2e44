/**
 * Maximum pooling: a window's rows and columns are walked for a strip of channels at a time, whose largest values stay in
 * registers. NaN wins, as `pmax` alone would not have it: where a window holds one is noted beside.
 */
import { type FunctionRef, type IntVar, Vec, type WasmModule } from "../../../../wasm/index.js";
import { type Piece, piecesOf, STRIP_LANES } from "../blocks/channels.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Lowering } from "../plan.js";
import { eachTap, type Run, rowsUnder, runsOf, type Windows, windowsOf } from "./windows.js";

/** Elements of the output of a task: about 20 µs for a 3x3 window. */
const TASK_ELEMENTS = 32768;

const rowsPerTask = ({ output: [height, width], channels }: Windows): number =>
  Math.min(height, Math.max(1, Math.floor(TASK_ELEMENTS / (width * channels))));

/** (x, y, rows): the windows of a run over `rows` rows, for all whole strips of channels or for the last, narrower one. */
function defineRun(m: WasmModule, windows: Windows, { taps, count }: Run, lanes: number): FunctionRef {
  const { channels, source, stride, dilation } = windows;
  const pixel = 4 * channels;
  const strips = lanes === STRIP_LANES ? Math.floor(channels / STRIP_LANES) : 1;
  return m.function(`run ${taps} ${count} ${lanes}`, ["i32", "i32", "i32"], (f, x, y, rows) => {
    const strip = (from: IntVar, to: IntVar): void => {
      const pieces = piecesOf(lanes).map((piece: Piece) => ({
        ...piece,
        best: f.vec(Number.NEGATIVE_INFINITY, piece.parts),
        nan: f.vec(0, piece.parts),
      }));
      const row = f.int(from);
      f.for(0, rows!, 1, () => {
        eachTap(f, row, taps, dilation[1] * pixel, (pointer, offset) => {
          for (const { best, nan, at, lanes: own, parts } of pieces) {
            const v = f.vec(f.loadPartial(pointer, offset + at, own, parts));
            best.set(best.pmax(v));
            nan.set(nan.or(v.notEqual(v)));
          }
        });
        row.inc(dilation[0] * source[1] * pixel);
      });
      for (const { best, nan, at, lanes: own, parts } of pieces)
        f.storePartial(to, at, nan.select(Vec.constant(Number.NaN, parts), best), own);
    };
    f.for(0, count, 1, () => {
      const [from, to] = [f.int(x!), f.int(y!)];
      f.for(0, strips, 1, () => {
        strip(from, to);
        from.inc(4 * STRIP_LANES);
        to.inc(4 * STRIP_LANES);
      });
      x!.inc(stride[1] * pixel);
      y!.inc(pixel);
    });
  });
}

const maximumKernel = defineKernel(
  { name: "maximum pool", spec: specOf<Windows>(), args: { x: "pointer", y: "pointer" } },
  ({ m, f, spec: windows }, task, { x, y }) => {
    const { channels, source, output } = windows;
    const pixel = 4 * channels;
    const rest = channels % STRIP_LANES;
    const perTask = rowsPerTask(windows);
    const blocks = blocksOf(output[0], perTask);
    const image = f.int(task.div(blocks));
    const begin = f.int(task.sub(image.mul(blocks)).mul(perTask));
    const from = f.int(x.add(image.mul(source[0] * source[1] * pixel)));
    const to = f.int(
      y.add(
        image
          .mul(output[0])
          .add(begin)
          .mul(output[1] * pixel),
      ),
    );
    f.for(begin, f.int(begin.add(perTask).min(output[0])), 1, (oy) => {
      const { first, count } = rowsUnder(f, windows, oy);
      const line = f.int(from.add(first.mul(source[1] * pixel)));
      for (const run of runsOf(windows)) {
        const call = (lanes: number, at: number) =>
          f.call(
            defineRun(m, windows, run, lanes),
            line.add(run.source * pixel + at),
            to.add(run.output * pixel + at),
            count,
          );
        if (rest < channels) call(STRIP_LANES, 0);
        if (rest > 0) call(rest, 4 * (channels - rest));
      }
      to.inc(output[1] * pixel);
    });
  },
);

export const maxPool2d: Lowering<"maxPool2d"> = ([x], attrs, [y], plan) => {
  if (x.dtype !== "float32") return false;
  const windows = windowsOf(x.shape, y.shape, attrs);
  maximumKernel.call(plan, {
    spec: windows,
    tasks: x.shape[0]! * blocksOf(windows.output[0], rowsPerTask(windows)),
    args: { x: x.pointer, y: y.pointer },
  });
  return true;
};
