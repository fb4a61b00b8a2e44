/**
 * Copies of boxes: runs of adjacent elements, rows of runs, and two outer axes, with steps of their own on both
 * sides; further axes are walked call by call. Serves slices, steps of either sign, padding and concatenation, and the transposes
 * that keep the last axis.
 */

import type { IntVar } from "../../../../wasm/index.js";
import { type Axis, mergedAxes, unwalked } from "../blocks/axes.js";
import { type ElementBytes, moveElement } from "../blocks/element.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";

/** About 20 µs. */
const TASK_BYTES = 1 << 18;
/** Bytes from where on memory.copy, a call out of the module, is the faster way. */
const LONG_RUN = 1024;
const MAX_AXES = 4;
/** Calls for one copy at most, where more axes remain than a call walks: the queries, keys and values of attention are 3. */
export const MAX_CALLS = 64;

interface Spec {
  readonly runs: "long" | "short" | "single";
  readonly elementBytes: ElementBytes;
}

const boxKernel = defineKernel(
  {
    name: "copy box",
    spec: specOf<Spec>(),
    args: {
      from: "pointer",
      to: "pointer",
      run: "int",
      chunk: "int",
      chunks: "int",
      rows: "int",
      perTask: "int",
      blocks: "int",
      near: "int",
      fromRow: "int",
      toRow: "int",
      fromNear: "int",
      toNear: "int",
      fromFar: "int",
      toFar: "int",
    },
  },
  ({ m, f, spec: { runs, elementBytes } }, task, args) => {
    const { from, to, run, chunk, chunks, rows, perTask, blocks, near } = args;
    /** (from, to, rows, elements, fromStep, toStep): rows of one run each. */
    const rowsOf = m.function(
      "rows",
      ["i32", "i32", "i32", "i32", "i32", "i32"],
      (g, source, target, count, elements, fromStep, toStep) => {
        const bytes = g.int(elements.mul(elementBytes));
        const whole = g.int(bytes.and(-16));
        g.for(0, count, 1, () => {
          if (runs === "single") moveElement(g, elementBytes, target, source);
          else if (runs === "long") g.copy(target, source, bytes);
          else {
            g.for(0, whole, 16, (at) => g.store(target.add(at), 0, g.load(source.add(at), 0, 1)));
            g.for(whole, bytes, elementBytes, (at) => moveElement(g, elementBytes, target.add(at), source.add(at)));
          }
          source.inc(fromStep);
          target.inc(toStep);
        });
      },
    );
    const q = f.int(task.div(chunks));
    const first = f.int(task.sub(q.mul(chunks)).mul(chunk));
    const outer = f.int(q.div(blocks));
    const row = f.int(q.sub(outer.mul(blocks)).mul(perTask));
    const far = f.int(outer.div(near));
    const inner = f.int(outer.sub(far.mul(near)));
    const at = (rowStep: IntVar, nearStep: IntVar, farStep: IntVar) =>
      row.mul(rowStep).add(inner.mul(nearStep)).add(far.mul(farStep)).add(first.mul(elementBytes));
    f.call(
      rowsOf,
      from.add(at(args.fromRow, args.fromNear, args.fromFar)),
      to.add(at(args.toRow, args.toNear, args.toFar)),
      rows.sub(row).min(perTask),
      run.sub(first).min(chunk),
      args.fromRow,
      args.toRow,
    );
  },
);

/** A side of a copy: where the box starts, and its steps (in elements) along the axes of the shape. */
export interface BoxSide {
  readonly pointer: number;
  readonly steps: readonly number[];
}

const single: Axis = { size: 1, steps: [1, 1] };

/** Runs first; where the last axis is not contiguous on both sides, runs are single elements. */
function boxAxes(shape: readonly number[], from: BoxSide, to: BoxSide): Axis[] {
  const axes = mergedAxes(shape, [from.steps, to.steps]);
  return axes[0]?.steps.every((step) => step === 1) ? axes : [single, ...axes];
}

const runsOf = (size: number, elementBytes: ElementBytes): Spec["runs"] => {
  if (size === 1) return "single";
  return size * elementBytes >= LONG_RUN ? "long" : "short";
};

/** Whether callBoxCopy can walk the axes that remain when neighbours are merged. */
export const isBoxCopyable = (shape: readonly number[], from: BoxSide, to: BoxSide): boolean =>
  unwalked(boxAxes(shape, from, to), MAX_AXES).places.length <= MAX_CALLS;

/** Copies a box of `shape`, which isBoxCopyable. */
export function callBoxCopy(
  plan: Plan,
  shape: readonly number[],
  from: BoxSide,
  to: BoxSide,
  elementBytes: ElementBytes,
): void {
  const { axes, places } = unwalked(boxAxes(shape, from, to), MAX_AXES);
  for (const [fromAt, toAt] of places)
    copyAxes(
      plan,
      axes,
      { ...from, pointer: from.pointer + elementBytes * fromAt! },
      { ...to, pointer: to.pointer + elementBytes * toAt! },
      elementBytes,
    );
}

function copyAxes(plan: Plan, axes: readonly Axis[], from: BoxSide, to: BoxSide, elementBytes: ElementBytes): void {
  const [run, row, near, far] = [0, 1, 2, 3].map((i) => axes[i] ?? single) as [Axis, Axis, Axis, Axis];
  const taskElements = TASK_BYTES / elementBytes;
  const chunk = Math.min(run.size, taskElements);
  const chunks = blocksOf(run.size, chunk);
  const perTask = Math.min(row.size, Math.max(1, Math.floor(taskElements / run.size)));
  const blocks = blocksOf(row.size, perTask);
  const fromStep = ({ steps }: Axis): number => elementBytes * steps[0]!;
  const toStep = ({ steps }: Axis): number => elementBytes * steps[1]!;
  boxKernel.call(plan, {
    spec: { runs: runsOf(run.size, elementBytes), elementBytes },
    tasks: chunks * blocks * near.size * far.size,
    args: {
      from: from.pointer,
      to: to.pointer,
      run: run.size,
      chunk,
      chunks,
      rows: row.size,
      perTask,
      blocks,
      near: near.size,
      fromRow: fromStep(row),
      toRow: toStep(row),
      fromNear: fromStep(near),
      toNear: toStep(near),
      fromFar: fromStep(far),
      toFar: toStep(far),
    },
  });
}
