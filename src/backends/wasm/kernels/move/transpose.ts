/**
 * Transposes that move the last axis: planes of x [B, A] with A contiguous become [A, B] with B contiguous, in patches of
 * one cache line of x by 8, four elements gathered into a vector at a time.
 */
import { stridesOf } from "../../../../tensor/shape.js";
import { type Axis, mergedAxes, unwalked } from "../blocks/axes.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel } from "../define-kernel.js";
import type { Lowering, Plan } from "../plan.js";
import { callBoxCopy, isBoxCopyable, MAX_CALLS } from "./box.js";
import { isWord } from "./word.js";

/** Elements of a task: about 30 µs. */
const TASK_ELEMENTS = 32768;
const LINE_ELEMENTS = 16;
const PATCH = 8;

const transposeKernel = defineKernel(
  {
    name: "transpose",
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
  ({ m, f }, task, args) => {
    /** (x, y, a, xStep, yStep): 8 rows of x, xStep apart, become 8 columns of y's rows, yStep apart. */
    const wide = m.function("wide", ["i32", "i32", "i32", "i32", "i32"], (g, x, y, a, xStep, yStep) => {
      const rows = Array.from({ length: PATCH }, (_, i) => g.int(x.add(xStep.mul(i))));
      g.for(0, a, 1, () => {
        for (const group of [0, 4]) {
          let four = g.loadPartial(rows[group]!, 0, 1, 1);
          for (const lane of [1, 2, 3]) four = g.loadLane(four, rows[group + lane]!, 0, lane);
          g.store(y, 4 * group, four);
        }
        for (const row of rows) row.inc(4);
        y.inc(yStep);
      });
    });
    /** The same for one row of x. */
    const narrow = m.function("narrow", ["i32", "i32", "i32", "i32", "i32"], (g, x, y, a, _, yStep) => {
      g.for(0, a, 1, () => {
        g.storeInt(y, 0, g.loadInt(x));
        x.inc(4);
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
    f.for(0, a, LINE_ELEMENTS, (line) => {
      const count = f.int(a.sub(line).min(LINE_ELEMENTS));
      const p = f.int(from.add(line.mul(4)).add(firstB.mul(xStep)));
      const out = f.int(to.add(line.mul(yStep)).add(firstB.mul(4)));
      const i = f.int(firstB);
      const patch = (define: typeof wide, width: number, isRoom: () => typeof p | ReturnType<typeof p.below>) =>
        f.while(isRoom, () => {
          f.call(define, p, out, count, xStep, yStep);
          p.inc(xStep.mul(width));
          out.inc(4 * width);
          i.inc(width);
        });
      patch(wide, PATCH, () => i.add(PATCH - 1).below(lastB));
      patch(narrow, 1, () => i.below(lastB));
    });
  },
);

export const transpose: Lowering<"transpose"> = ([x], { perm }, [y], plan: Plan) => {
  if (!isWord(x)) return false;
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
    if (isFit) callBoxCopy(plan, y.shape, from, to);
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
  for (const [fromAt, toAt] of places) callPlanes(plan, walked, x.pointer + 4 * fromAt!, y.pointer + 4 * toAt!);
  return true;
};

/** Planes of lines and columns, along two further axes. */
function callPlanes(plan: Plan, axes: readonly Axis[], from: number, to: number): void {
  const [lines, columns, near, far] = axes as [Axis, Axis, Axis?, Axis?];
  const perTask = Math.min(columns.size, Math.max(PATCH, Math.floor(TASK_ELEMENTS / lines.size / PATCH) * PATCH));
  const blocks = blocksOf(columns.size, perTask);
  const [nearSize, farSize] = [near?.size ?? 1, far?.size ?? 1];
  transposeKernel.call(plan, {
    tasks: blocks * nearSize * farSize,
    args: {
      x: from,
      y: to,
      a: lines.size,
      b: columns.size,
      xStep: 4 * columns.steps[0]!,
      yStep: 4 * lines.steps[1]!,
      perTask,
      blocks,
      near: nearSize,
      xNear: 4 * (near?.steps[0] ?? 0),
      yNear: 4 * (near?.steps[1] ?? 0),
      xFar: 4 * (far?.steps[0] ?? 0),
      yFar: 4 * (far?.steps[1] ?? 0),
    },
  });
}
