/**
 * Copies of boxes: runs of adjacent 4-byte elements, rows of runs, and two outer axes, with steps of their own on both
 * sides. Serves slices, padding and concatenation, and the transposes that keep the last axis.
 */

import { type Axis, mergedAxes } from "../blocks/axes.js";
import { blocksOf, runEachTask } from "../blocks/tasks.js";
import type { Kernel, Plan } from "../plan.js";

/** Elements of a task: 256 KiB, about 20 µs. */
const TASK_ELEMENTS = 65536;
/** From here on memory.copy, a call out of the module, is the faster way. */
const LONG_RUN = 256;
const MAX_AXES = 4;

const kernelOf = (isLong: boolean): Kernel => ({
  key: `copy box ${isLong ? "long" : "short"} runs`,
  emit: (m) => {
    /** (from, to, rows, elements, fromStep, toStep): rows of one run each. */
    const rowsOf = m.function(
      "rows",
      ["i32", "i32", "i32", "i32", "i32", "i32"],
      (f, from, to, rows, elements, fromStep, toStep) => {
        const bytes = f.int(elements.mul(4));
        const whole = f.int(bytes.and(-16));
        f.for(0, rows, 1, () => {
          if (isLong) f.copy(to, from, bytes);
          else {
            f.for(0, whole, 16, (at) => f.store(to.add(at), 0, f.load(from.add(at), 0, 1)));
            f.for(whole, bytes, 4, (at) => f.storeInt(to.add(at), 0, f.loadInt(from.add(at))));
          }
          from.inc(fromStep);
          to.inc(toStep);
        });
      },
    );
    const names = [
      ...(["from", "to", "run", "chunk", "chunks", "rows", "perTask", "blocks", "near"] as const),
      ...(["fromRow", "toRow", "fromNear", "toNear", "fromFar", "toFar"] as const),
    ] as const;
    runEachTask(m, names, (f, task, from, to, run, chunk, chunks, rows, perTask, blocks, near, ...steps) => {
      const [fromRow, toRow, fromNear, toNear, fromFar, toFar] = steps;
      const q = f.int(task.div(chunks));
      const first = f.int(task.sub(q.mul(chunks)).mul(chunk));
      const outer = f.int(q.div(blocks));
      const row = f.int(q.sub(outer.mul(blocks)).mul(perTask));
      const far = f.int(outer.div(near));
      const inner = f.int(outer.sub(far.mul(near)));
      const at = (rowStep: typeof row, nearStep: typeof row, farStep: typeof row) =>
        row.mul(rowStep).add(inner.mul(nearStep)).add(far.mul(farStep)).add(first.mul(4));
      f.call(
        rowsOf,
        from.add(at(fromRow, fromNear, fromFar)),
        to.add(at(toRow, toNear, toFar)),
        rows.sub(row).min(perTask),
        run.sub(first).min(chunk),
        fromRow,
        toRow,
      );
    });
  },
});

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

/** Whether callBoxCopy can walk the axes that remain when neighbours are merged. */
export const isBoxCopyable = (shape: readonly number[], from: BoxSide, to: BoxSide): boolean =>
  boxAxes(shape, from, to).length <= MAX_AXES;

/** Copies a box of `shape`, which isBoxCopyable. */
export function callBoxCopy(plan: Plan, shape: readonly number[], from: BoxSide, to: BoxSide): void {
  const axes = boxAxes(shape, from, to);
  const [run, row, near, far] = [0, 1, 2, 3].map((i) => axes[i] ?? single) as [Axis, Axis, Axis, Axis];
  const chunk = Math.min(run.size, TASK_ELEMENTS);
  const chunks = blocksOf(run.size, chunk);
  const perTask = Math.min(row.size, Math.max(1, Math.floor(TASK_ELEMENTS / run.size)));
  const blocks = blocksOf(row.size, perTask);
  plan.call(kernelOf(run.size >= LONG_RUN), chunks * blocks * near.size * far.size, [
    ...[from.pointer, to.pointer, run.size, chunk, chunks, row.size, perTask, blocks, near.size],
    ...[row, near, far].flatMap(({ steps }) => steps.map((step) => 4 * step)),
  ]);
}
