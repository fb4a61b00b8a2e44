/**
 * Transposes that move the last axis: planes of x [B, A] with A contiguous become [A, B] with B contiguous, in patches of
 * one cache line of x by 8, four elements of 4 bytes gathered into a vector at a time.
 */
import { stridesOf } from "../../../../tensor/shape.js";
import { type Axis, mergedAxes, unwalked } from "../blocks/axes.js";
import { bytesOf, type ElementBytes, moveElement } from "../blocks/element.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Lowering, Plan } from "../plan.js";
import { callBoxCopy, isBoxCopyable, MAX_CALLS } from "./box.js";

/** Elements of a task: about 30 µs. */
const TASK_ELEMENTS = 32768;
const LINE_BYTES = 64;
const PATCH = 8;

interface Spec {
  readonly elementBytes: ElementBytes;
}

const transposeKernel = defineKernel(
  {
    name: "transpose",
    spec: specOf<Spec>(),
    args: {
      x: "pointer",
      y: "pointer",
      a: "int",
      b: "int",
      xStep: "int",
      yStep: "int",
      perTask: "int",
      blocks: "int",
      near: "int",
      xNear: "int",
      yNear: "int",
      xFar: "int",
      yFar: "int",
    },
  },
  ({ m, f, spec: { elementBytes } }, task, args) => {
    /** (x, y, a, xStep, yStep): 8 rows of x, xStep apart, become 8 columns of y's rows, yStep apart. */
    const wide = m.function("wide", ["i32", "i32", "i32", "i32", "i32"], (g, x, y, a, xStep, yStep) => {
      const rows = Array.from({ length: PATCH }, (_, i) => g.int(x.add(xStep.mul(i))));
      g.for(0, a, 1, () => {
        if (elementBytes !== 4)
          for (const [i, row] of rows.entries()) moveElement(g, elementBytes, y.add(i * elementBytes), row);
        else
          for (const group of [0, 4]) {
            let four = g.loadPartial(rows[group]!, 0, 1, 1);
            for (const lane of [1, 2, 3]) four = g.loadLane(four, rows[group + lane]!, 0, lane);
            g.store(y, 4 * group, four);
          }
        for (const row of rows) row.inc(elementBytes);
        y.inc(yStep);
      });
    });
    /** The same for one row of x. */
    const narrow = m.function("narrow", ["i32", "i32", "i32", "i32", "i32"], (g, x, y, a, _, yStep) => {
      g.for(0, a, 1, () => {
        moveElement(g, elementBytes, y, x);
        x.inc(elementBytes);
        y.inc(yStep);
      });
    });
    const { a, b, xStep, yStep, perTask, blocks, near } = args;
    const outer = f.int(task.div(blocks));
    const firstB = f.int(task.sub(outer.mul(blocks)).mul(perTask));
    const lastB = f.int(firstB.add(perTask).min(b));
    const far = f.int(outer.div(near));
    const inner = f.int(outer.sub(far.mul(near)));
    const from = f.int(args.x.add(inner.mul(args.xNear)).add(far.mul(args.xFar)));
    const to = f.int(args.y.add(inner.mul(args.yNear)).add(far.mul(args.yFar)));
    f.for(0, a, LINE_BYTES / elementBytes, (line) => {
      const count = f.int(a.sub(line).min(LINE_BYTES / elementBytes));
      const p = f.int(from.add(line.mul(elementBytes)).add(firstB.mul(xStep)));
      const out = f.int(to.add(line.mul(yStep)).add(firstB.mul(elementBytes)));
      const i = f.int(firstB);
      const patch = (define: typeof wide, width: number, isRoom: () => typeof p | ReturnType<typeof p.below>) =>
        f.while(isRoom, () => {
          f.call(define, p, out, count, xStep, yStep);
          p.inc(xStep.mul(width));
          out.inc(elementBytes * width);
          i.inc(width);
        });
      patch(wide, PATCH, () => i.add(PATCH - 1).below(lastB));
      patch(narrow, 1, () => i.below(lastB));
    });
  },
);

export const transpose: Lowering<"transpose"> = ([x], { perm }, [y], plan: Plan) => {
  const elementBytes = bytesOf(x);
  const strides = stridesOf(x.shape);
  const steps = perm.map((axis) => strides[axis]!);
  const own = stridesOf(y.shape);
  const axes = mergedAxes(y.shape, [steps, own]);
  const columns = axes[0];
  if (!columns || columns.steps[0] === 1) {
    const [from, to] = [
      { pointer: x.pointer, steps },
      { pointer: y.pointer, steps: own },
    ];
    const isFit = isBoxCopyable(y.shape, from, to);
    if (isFit) callBoxCopy(plan, y.shape, from, to, elementBytes);
    return isFit;
  }
  const lines = axes.find(({ steps: [step] }) => step === 1);
  if (!lines) return false;
  const { axes: walked, places } = unwalked(
    [lines, columns, ...axes.filter((axis) => axis !== columns && axis !== lines)],
    4,
    2,
  );
  if (places.length > MAX_CALLS) return false;
  for (const [fromAt, toAt] of places)
    callPlanes(plan, walked, x.pointer + elementBytes * fromAt!, y.pointer + elementBytes * toAt!, elementBytes);
  return true;
};

/** Planes of lines and columns, along two further axes. */
function callPlanes(plan: Plan, axes: readonly Axis[], from: number, to: number, elementBytes: ElementBytes): void {
  const [lines, columns, near, far] = axes as [Axis, Axis, Axis?, Axis?];
  const perTask = Math.min(columns.size, Math.max(PATCH, Math.floor(TASK_ELEMENTS / lines.size / PATCH) * PATCH));
  const blocks = blocksOf(columns.size, perTask);
  const [nearSize, farSize] = [near?.size ?? 1, far?.size ?? 1];
  transposeKernel.call(plan, {
    spec: { elementBytes },
    tasks: blocks * nearSize * farSize,
    args: {
      x: from,
      y: to,
      a: lines.size,
      b: columns.size,
      xStep: elementBytes * columns.steps[0]!,
      yStep: elementBytes * lines.steps[1]!,
      perTask,
      blocks,
      near: nearSize,
      xNear: elementBytes * (near?.steps[0] ?? 0),
      yNear: elementBytes * (near?.steps[1] ?? 0),
      xFar: elementBytes * (far?.steps[0] ?? 0),
      yFar: elementBytes * (far?.steps[1] ?? 0),
    },
  });
}
