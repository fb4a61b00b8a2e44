/**
 * argmax along any axis, [K, R, C] -> [K, C]: one output after the other, its elements C apart.
 */

import { blocksOf } from "../blocks/tasks.js";
import { defineKernel } from "../define-kernel.js";
import type { Plan } from "../plan.js";

/** Elements of a task, at a few cycles each: about 30 µs. */
const TASK_ELEMENTS = 32768;

const argmaxKernel = defineKernel(
  {
    name: "argmax",
    args: { x: "pointer", y: "pointer", outputs: "int", rows: "int", columns: "int", perTask: "int" },
  },
  ({ m, f }, task, { x, y, outputs, rows, columns, perTask }) => {
    /** (from, count, step, to): the first NaN, or the first largest. */
    const one = m.function("one", ["i32", "i32", "i32", "i32"], (g, from, count, step, to) => {
      const best = g.f32(g.loadFloat("f32", from));
      const index = g.int(0);
      g.for(1, count, 1, (i) => {
        from.inc(step);
        const value = g.f32(g.loadFloat("f32", from));
        g.if(value.lessEqual(best).equal(0).and(best.equal(best)), () => {
          best.set(value);
          index.set(i);
        });
      });
      g.storeInt(to, 0, index);
    });
    const first = f.int(task.mul(perTask));
    f.for(first, f.int(first.add(perTask).min(outputs)), 1, (i) => {
      const k = f.int(i.div(columns));
      const from = x.add(
        k
          .mul(rows)
          .mul(columns)
          .add(i.sub(k.mul(columns)))
          .mul(4),
      );
      f.call(one, from, rows, columns.mul(4), y.add(i.mul(4)));
    });
  },
);

/** y[k, c] = the index of the first NaN, or of the first largest, of x[k, :, c], as int32. */
export function callArgmax(
  plan: Plan,
  x: number,
  y: number,
  [outer, rows, columns]: readonly [outer: number, rows: number, columns: number],
): void {
  const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / rows));
  const outputs = outer * columns;
  argmaxKernel.call(plan, { tasks: blocksOf(outputs, perTask), args: { x, y, outputs, rows, columns, perTask } });
}
