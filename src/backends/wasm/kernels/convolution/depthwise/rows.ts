/**
 * What the depthwise kernels share: cutting images into tasks of output rows, and finding the source rows of a window.
 * Rows outside the image are read from a row of zeros.
 */
import type { FunctionBuilder, Int, IntVar, WasmModule } from "../../../../../wasm/index.js";
import { blocksOf } from "../../blocks/tasks.js";
import { defineKernel } from "../../define-kernel.js";
import type { Plan } from "../../plan.js";
import { type AxisRule, reachesOutside, type Tap, type TileRun } from "./axis.js";

/** Elements of the output of a task, 20-40 µs for a 3x3 window. */
const TASK_ELEMENTS = 65536;

/** One depthwise pass over an image, which shapes the code: how each axis of the output reads the source. */
export interface ImageGeometry {
  readonly channels: number;
  readonly source: readonly [height: number, width: number];
  readonly output: readonly [height: number, width: number];
  readonly kernel: readonly [height: number, width: number];
  readonly rules: readonly [vertical: AxisRule, horizontal: AxisRule];
}

/** One depthwise pass. */
export interface Geometry extends ImageGeometry {
  readonly images: number;
}

/** The part of a geometry that shapes the code. */
export const ofImage = ({ images: _, ...rest }: Geometry): ImageGeometry => rest;

const rowsPerTask = ({ output: [height, width], channels }: ImageGeometry): number =>
  Math.min(height, Math.max(1, Math.round(TASK_ELEMENTS / (width * channels))));

export const taskCount = (geometry: Geometry): number =>
  geometry.images * blocksOf(geometry.output[0], rowsPerTask(geometry));

/** The part of the output that a task makes: rows [first, last) of an image. */
interface Place {
  readonly image: IntVar;
  readonly first: IntVar;
  readonly last: Int;
}

/** Splits a task into its image and its output rows. */
export function taskRows(f: FunctionBuilder, geometry: ImageGeometry, task: IntVar): Place {
  const rows = rowsPerTask(geometry);
  const blocks = blocksOf(geometry.output[0], rows);
  const image = f.int(task.div(blocks));
  const first = f.int(task.sub(image.mul(blocks)).mul(rows));
  return { image, first, last: f.int(first.add(rows).min(geometry.output[0])) };
}

/** Where the task's image begins in the operand of the source's size. */
export const sourceImage = (
  f: FunctionBuilder,
  { source, channels }: ImageGeometry,
  { image }: Place,
  operand: IntVar,
): IntVar => f.int(operand.add(image.mul(source[0] * source[1] * 4 * channels)));

/** Where the task's first row begins in the operand of the output's size. */
export const outputRow = (
  f: FunctionBuilder,
  { output, channels }: ImageGeometry,
  { image, first }: Place,
  operand: IntVar,
): IntVar =>
  f.int(
    operand.add(
      image
        .mul(output[0])
        .add(first)
        .mul(output[1] * 4 * channels),
    ),
  );

/** A tile of a row: its run and the number of that, where its source and its output begin, for `lanes` channels from byte `at`. */
export interface TileCall {
  readonly run: TileRun;
  readonly index: number;
  readonly from: IntVar;
  readonly to: IntVar;
  readonly lanes: number;
  readonly at: number;
}

/** Calls `tile` along a row of the output, which begins at `row`: for all whole vectors of channels, then for the rest. */
export function forEachTile(
  f: FunctionBuilder,
  { lanes }: WasmModule,
  channels: number,
  runs: readonly TileRun[],
  row: IntVar,
  tile: (call: TileCall) => void,
): void {
  const pixel = 4 * channels;
  const rest = channels % lanes;
  const whole = channels - rest;
  for (const [index, run] of runs.entries()) {
    const from = f.int(run.source * pixel);
    const to = f.int(row.add(run.output * pixel));
    f.for(0, run.count, 1, () => {
      if (whole > 0) tile({ run, index, from, to, lanes, at: 0 });
      if (rest > 0) tile({ run, index, from, to, lanes: rest, at: 4 * whole });
      from.inc(run.sourceStep * pixel);
      to.inc(run.outputStep * pixel);
    });
  }
}

/** For each row oy of a task, calls `body` with its taps and their source rows; one copy of the code per remainder of oy. */
export function forEachOutputRow(
  f: FunctionBuilder,
  { source: [height, width], channels, rules: [rule] }: ImageGeometry,
  { first, last }: Place,
  image: IntVar,
  zeros: IntVar,
  body: (taps: readonly Tap[], rows: readonly IntVar[]) => void,
): void {
  f.for(first, last, 1, (oy) => {
    const q = f.int(oy.div(rule.period));
    const remainder = oy.sub(q.mul(rule.period));
    rule.taps.forEach((taps, r) => {
      const visit = () => {
        const rows = taps.map(({ offset }) => {
          const iy = f.int(q.mul(rule.step).add(offset));
          return f.int(iy.below(height).select(image.add(iy.mul(4 * width * channels)), zeros));
        });
        body(taps, rows);
      };
      if (rule.period === 1) visit();
      else f.if(remainder.equal(r), visit);
    });
  });
}

const clearKernel = defineKernel({ name: "clear", args: { to: "pointer", bytes: "int" } }, ({ f }, _, { to, bytes }) =>
  f.fill(to, 0, bytes),
);

/** A row of zeros, or 0 where no window reaches outside. */
export function zeroRow(plan: Plan, { source: [height, width], output, channels, rules }: Geometry): number {
  if (!reachesOutside(rules[0], output[0], height)) return 0;
  const bytes = 4 * width * channels;
  const pointer = plan.scratch(bytes);
  clearKernel.call(plan, { tasks: 1, args: { to: pointer, bytes } });
  return pointer;
}
