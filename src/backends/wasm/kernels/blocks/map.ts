/**
 * Elementwise work with broadcasting: one kernel per formula and per pattern of the innermost axis. Axes are merged where
 * every operand allows, which leaves runs (the innermost axis), rows of runs, and two outer axes at most.
 */
import { defineKernel, list, specOf } from "../define-kernel.js";
import type { HeapOperand, Plan } from "../plan.js";
import { type Axis, broadcastSteps, mergedAxes } from "./axes.js";
import { emitSpan, inputWidth, type Motion, outputWidth, type Span } from "./span.js";
import { blocksOf, STREAM_TASK_ELEMENTS } from "./tasks.js";

/** Runs, rows, and two outer axes. */
const MAX_AXES = 4;

export interface MapFormula {
  /** Names the formula in the kernel's key. */
  readonly name: string;
  readonly span: Omit<Span, "inputs">;
  /** Elements per task. Default: memory-bound work. */
  readonly taskElements?: number;
}

interface Spec {
  readonly formula: MapFormula;
  /** How each input moves along a run. */
  readonly motions: readonly Motion[];
}

const mapKernel = defineKernel(
  {
    name: "map",
    spec: specOf<Spec>(),
    args: ({ formula: { span }, motions }: Spec) => ({
      inner: "int",
      chunk: "int",
      chunks: "int",
      rows: "int",
      rowsPerTask: "int",
      rowBlocks: "int",
      outer: "int",
      outerPerTask: "int",
      near: "int",
      inputs: list(motions.length, { pointer: "pointer", rowStep: "int", nearStep: "int", farStep: "int" }),
      outputs: list(span.outputs, "pointer"),
      /** Bits, as an int32 can be meant. */
      floats: list(span.floats, "int"),
    }),
  },
  ({ m, f, spec: { formula, motions } }, task, args) => {
    const run = emitSpan(m, { ...formula.span, inputs: motions });
    const { inner, chunk, chunks, rows, rowsPerTask, rowBlocks, outer, outerPerTask, near } = args;
    const row = f.int(task.div(chunks));
    const first = f.int(task.rem(chunks).mul(chunk));
    const count = f.int(inner.sub(first).min(chunk));
    const outerFirst = f.int(row.div(rowBlocks).mul(outerPerTask));
    row.set(row.rem(rowBlocks).mul(rowsPerTask));
    const rowCount = f.int(rows.sub(row).min(rowsPerTask));
    f.for(outerFirst, f.int(outerFirst.add(outerPerTask).min(outer)), 1, (o) => {
      const from = args.inputs.map(({ pointer, rowStep, nearStep, farStep }, i) => {
        const start = pointer.add(o.div(near).mul(farStep)).add(o.rem(near).mul(nearStep)).add(row.mul(rowStep));
        return f.int(motions[i] === "each" ? start.add(first.mul(inputWidth(formula.span, i))) : start);
      });
      const offset = f.int(o.mul(rows).add(row).mul(inner).add(first));
      const to = args.outputs.map((pointer, i) => f.int(pointer.add(offset.mul(outputWidth(formula.span, i)))));
      f.for(0, rowCount, 1, () => {
        run(f, from, to, count, args.floats);
        from.forEach((pointer, i) => {
          pointer.inc(args.inputs[i]!.rowStep);
        });
        to.forEach((pointer, i) => {
          pointer.inc(inner.mul(outputWidth(formula.span, i)));
        });
      });
    });
  },
);

/**
 * Calls `formula` for every element of the outputs, which have one shape; inputs broadcast to it. All of 4 bytes unless the span says otherwise.
 * Returns false where more axes remain than the kernel walks.
 */
export function callMap(
  plan: Plan,
  formula: MapFormula,
  inputs: readonly HeapOperand[],
  outputs: readonly HeapOperand[],
  floats: readonly number[] = [],
): boolean {
  const { taskElements = STREAM_TASK_ELEMENTS } = formula;
  const { shape } = outputs[0]!;
  const axes = mergedAxes(
    shape,
    inputs.map((input) => broadcastSteps(input.shape, shape)),
  );
  if (axes.length > MAX_AXES) return false;
  const still = inputs.map(() => 0);
  const axis = (i: number): Axis => axes[i] ?? { size: 1, steps: still };
  const [run, row, near, far] = [axis(0), axis(1), axis(2), axis(3)];
  const outer = near.size * far.size;
  const chunk = Math.min(run.size, taskElements);
  const chunks = blocksOf(run.size, chunk);
  const rowsPerTask = Math.min(row.size, Math.max(1, Math.floor(taskElements / run.size)));
  const rowBlocks = blocksOf(row.size, rowsPerTask);
  const outerPerTask = Math.min(outer, Math.max(1, Math.floor(taskElements / (run.size * row.size))));
  const motions = run.steps.map((step): Motion => (step === 1 || run.size === 1 ? "each" : "same"));
  mapKernel.call(plan, {
    spec: { formula, motions },
    tasks: chunks * rowBlocks * blocksOf(outer, outerPerTask),
    args: {
      inner: run.size,
      chunk,
      chunks,
      rows: row.size,
      rowsPerTask,
      rowBlocks,
      outer,
      outerPerTask,
      near: near.size,
      inputs: inputs.map(({ pointer }, i) => {
        const width = inputWidth(formula.span, i);
        return {
          pointer,
          rowStep: width * row.steps[i]!,
          nearStep: width * near.steps[i]!,
          farStep: width * far.steps[i]!,
        };
      }),
      outputs: outputs.map(({ pointer }) => pointer),
      floats,
    },
  });
  return true;
}
