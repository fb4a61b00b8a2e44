/**
 * Elementwise work with broadcasting: one kernel per formula and per pattern of the innermost axis. Axes are merged where
 * every operand allows, which leaves runs (the innermost axis), rows of runs, and two outer axes at most.
 */
import type { WasmModule } from "../../../../wasm/index.js";
import type { Operand, Plan } from "../plan.js";
import { type Axis, broadcastSteps, mergedAxes } from "./axes.js";
import { emitSpan, type Motion, type Span } from "./span.js";
import { blocksOf, runEachTask, STREAM_TASK_ELEMENTS } from "./tasks.js";

/** Runs, rows, and two outer axes. */
const MAX_AXES = 4;

export interface MapFormula {
  /** Names the formula in the kernel's key. */
  readonly name: string;
  readonly span: Omit<Span, "inputs">;
  /** Elements per task. Default: memory-bound work. */
  readonly taskElements?: number;
}

const argumentNames = ["inner", "chunk", "chunks", "rows", "rowsPerTask", "rowBlocks", "outer", "outerPerTask", "near"];

function emitMap(module: WasmModule, span: Span): void {
  const inputs = span.inputs.length;
  const run = emitSpan(module, span);
  const names = [
    ...argumentNames,
    ...span.inputs.flatMap((_, i) => [`from${i}`, `rowStep${i}`, `nearStep${i}`, `farStep${i}`]),
    ...Array.from({ length: span.outputs }, (_, i) => `to${i}`),
    ...Array.from({ length: span.floats }, (_, i) => `float${i}`),
  ];
  runEachTask(module, names, (f, task, ...args) => {
    const [inner, chunk, chunks, rows, rowsPerTask, rowBlocks, outer, outerPerTask, near] = args;
    const operands = args.slice(argumentNames.length);
    const floats = operands.slice(4 * inputs + span.outputs);
    const row = f.int(task.div(chunks!));
    const first = f.int(task.rem(chunks!).mul(chunk!));
    const count = f.int(inner!.sub(first).min(chunk!));
    const outerFirst = f.int(row.div(rowBlocks!).mul(outerPerTask!));
    row.set(row.rem(rowBlocks!).mul(rowsPerTask!));
    const rowCount = f.int(rows!.sub(row).min(rowsPerTask!));
    f.for(outerFirst, f.int(outerFirst.add(outerPerTask!).min(outer!)), 1, (o) => {
      const from = span.inputs.map((motion, i) => {
        const [pointer, rowStep, nearStep, farStep] = operands.slice(4 * i, 4 * i + 4);
        const start = pointer!.add(o.div(near!).mul(farStep!)).add(o.rem(near!).mul(nearStep!)).add(row.mul(rowStep!));
        return f.int(motion === "each" ? start.add(first.mul(4)) : start);
      });
      const offset = f.int(o.mul(rows!).add(row).mul(inner!).add(first).mul(4));
      const to = Array.from({ length: span.outputs }, (_, i) => f.int(operands[4 * inputs + i]!.add(offset)));
      f.for(0, rowCount, 1, () => {
        run(f, from, to, count, floats);
        from.forEach((pointer, i) => {
          pointer.inc(operands[4 * i + 1]!);
        });
        for (const pointer of to) pointer.inc(inner!.mul(4));
      });
    });
  });
}

/**
 * Calls `formula` for every element of the outputs, which have one shape; inputs broadcast to it. All float32.
 * Returns false where more axes remain than the kernel walks.
 */
export function callMap(
  plan: Plan,
  { name, span, taskElements = STREAM_TASK_ELEMENTS }: MapFormula,
  inputs: readonly Operand[],
  outputs: readonly Operand[],
  floats: readonly number[] = [],
): boolean {
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
  const kernel = {
    key: `map ${name} ${motions.join(" ")}`,
    emit: (module: WasmModule) => emitMap(module, { ...span, inputs: motions }),
  };
  plan.call(kernel, chunks * rowBlocks * blocksOf(outer, outerPerTask), [
    ...[run.size, chunk, chunks, row.size, rowsPerTask, rowBlocks, outer, outerPerTask, near.size],
    ...inputs.flatMap(({ pointer }, i) => [pointer, 4 * row.steps[i]!, 4 * near.steps[i]!, 4 * far.steps[i]!]),
    ...outputs.map(({ pointer }) => pointer),
    ...floats,
  ]);
  return true;
}
