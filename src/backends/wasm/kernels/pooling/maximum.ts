/**
 * Maximum pooling, in one of two forms: the largest value of each window, or the number of the tap that holds it, which the
 * gradient asks for. A window's rows and columns are walked for a strip of channels at a time, whose best values stay in
 * registers. NaN wins, as `pmax` alone would not have it: where a window holds one is noted beside.
 */
import { type FunctionBuilder, type FunctionRef, type IntVar, Vec, type WasmModule } from "../../../../wasm/index.js";
import { piecesOf, STRIP_LANES } from "../blocks/channels.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { HeapOperand, Lowering, Plan } from "../plan.js";
import { eachTap, type Run, rowsUnder, runsOf, type Windows, windowsOf } from "./windows.js";

/** Elements of the output of a task: about 20 µs for a 3x3 window. */
const TASK_ELEMENTS = 32768;

/** value: the maximum. tap: its place in the window, ky · KW + kx, as a float: the first of equal ones, the last of NaN. */
type Form = "value" | "tap";

interface Spec {
  readonly form: Form;
  readonly windows: Windows;
}

const rowsPerTask = ({ output: [height, width], channels }: Windows): number =>
  Math.min(height, Math.max(1, Math.floor(TASK_ELEMENTS / (width * channels))));

/** Does `body` for every row of a window. */
function eachRow(f: FunctionBuilder, from: IntVar, rows: IntVar, windows: Windows, body: (row: IntVar) => void): void {
  const { channels, source, dilation } = windows;
  const row = f.int(from);
  f.for(0, rows, 1, () => {
    body(row);
    row.inc(4 * dilation[0] * source[1] * channels);
  });
}

/** Writes the largest values of one window, for `lanes` channels. */
function writeValues(f: FunctionBuilder, windows: Windows, taps: number, lanes: number, [x, y, rows]: IntVar[]): void {
  const step = 4 * windows.channels * windows.dilation[1];
  const pieces = piecesOf(lanes).map((piece) => ({
    ...piece,
    best: f.vec(Number.NEGATIVE_INFINITY, piece.parts),
    nan: f.vec(0, piece.parts),
  }));
  eachRow(f, x!, rows!, windows, (row) =>
    eachTap(f, row, taps, step, (pointer, offset) => {
      for (const { best, nan, at, lanes: own, parts } of pieces) {
        const v = f.vec(f.loadPartial(pointer, offset + at, own, parts));
        best.set(best.pmax(v));
        nan.set(nan.or(v.notEqual(v)));
      }
    }),
  );
  for (const { best, nan, at, lanes: own, parts } of pieces)
    f.storePartial(y!, at, nan.select(Vec.constant(Number.NaN, parts), best), own);
}

/** Writes the taps that hold them; `first` is the number of the first tap on the image. */
function writeTaps(
  f: FunctionBuilder,
  windows: Windows,
  taps: number,
  lanes: number,
  [x, y, rows, first]: IntVar[],
): void {
  const step = 4 * windows.channels * windows.dilation[1];
  for (const { at, lanes: own, parts } of piecesOf(lanes)) {
    const best = f.vec(Number.NEGATIVE_INFINITY, parts);
    const number = f.vec(f.splat(first!.toFloat("f32"), parts));
    const winner = f.vec(number);
    eachRow(f, x!, rows!, windows, (row) => {
      eachTap(f, row, taps, step, (pointer, offset) => {
        const v = f.vec(f.loadPartial(pointer, offset + at, own, parts));
        const isTaken = f.vec(v.greater(best).or(v.notEqual(v)));
        best.set(isTaken.select(v, best));
        winner.set(isTaken.select(number, winner));
        number.set(number.add(1));
      });
      number.set(number.add(windows.kernel[1] - taps));
    });
    f.storePartial(y!, at, winner, own);
  }
}

/** (x, y, rows, first tap): the windows of a run over `rows` rows, for all whole strips of channels or the last, narrower one. */
function defineRun(m: WasmModule, { form, windows }: Spec, { tap, taps, count }: Run, lanes: number): FunctionRef {
  const { channels, stride } = windows;
  const strips = lanes === STRIP_LANES ? Math.floor(channels / STRIP_LANES) : 1;
  const write = form === "value" ? writeValues : writeTaps;
  return m.function(`run ${tap} ${taps} ${count} ${lanes}`, ["i32", "i32", "i32", "i32"], (f, x, y, rows, first) => {
    f.for(0, count, 1, () => {
      const [from, to] = [f.int(x!), f.int(y!)];
      f.for(0, strips, 1, () => {
        write(f, windows, taps, lanes, [from, to, rows!, first!]);
        from.inc(4 * STRIP_LANES);
        to.inc(4 * STRIP_LANES);
      });
      x!.inc(4 * stride[1] * channels);
      y!.inc(4 * channels);
    });
  });
}

const maximumKernel = defineKernel(
  { name: "maximum pool", spec: specOf<Spec>(), args: { x: "pointer", y: "pointer" } },
  ({ m, f, spec }, task, { x, y }) => {
    const { channels, source, output, kernel } = spec.windows;
    const pixel = 4 * channels;
    const rest = channels % STRIP_LANES;
    const perTask = rowsPerTask(spec.windows);
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
      const { first, tap, count } = rowsUnder(f, spec.windows, oy);
      const line = f.int(from.add(first.mul(source[1] * pixel)));
      for (const run of runsOf(spec.windows)) {
        const call = (lanes: number, at: number) =>
          f.call(
            defineRun(m, spec, run, lanes),
            line.add(run.source * pixel + at),
            to.add(run.output * pixel + at),
            count,
            tap.mul(kernel[1]).add(run.tap),
          );
        if (rest < channels) call(STRIP_LANES, 0);
        if (rest > 0) call(rest, 4 * (channels - rest));
      }
      to.inc(output[1] * pixel);
    });
  },
);

/** Writes what `form` says of every window on x, float32. */
export function callMaximum(plan: Plan, form: Form, x: HeapOperand, windows: Windows, y: number): void {
  maximumKernel.call(plan, {
    spec: { form, windows },
    tasks: x.shape[0]! * blocksOf(windows.output[0], rowsPerTask(windows)),
    args: { x: x.pointer, y },
  });
}

export const maxPool2d: Lowering<"maxPool2d"> = ([x], attrs, [y], plan) => {
  if (x.dtype !== "float32") return false;
  callMaximum(plan, "value", x, windowsOf(x.shape, y.shape, attrs), y.pointer);
  return true;
};
