/**
 * argmax along any axis, [K, R, C] -> [K, C]: one output after the other, its elements C apart.
 */

import { blocksOf, runEachTask } from "../blocks/tasks.js";
import type { Kernel, Plan } from "../plan.js";

/** Elements of a task, at a few cycles each: about 30 µs. */
const TASK_ELEMENTS = 32768;

const kernel: Kernel = {
  key: "argmax",
  emit: (m) => {
    /** (from, count, step, to): the first NaN, or the first largest. */
    const one = m.function("one", ["i32", "i32", "i32", "i32"], (f, from, count, step, to) => {
      const best = f.f32(f.loadFloat("f32", from));
      const index = f.int(0);
      f.for(1, count, 1, (i) => {
        from.inc(step);
        const x = f.f32(f.loadFloat("f32", from));
        f.if(x.lessEqual(best).equal(0).and(best.equal(best)), () => {
          best.set(x);
          index.set(i);
        });
      });
      f.storeInt(to, 0, index);
    });
    const names = ["x", "y", "outputs", "rows", "columns", "perTask"] as const;
    runEachTask(m, names, (f, task, x, y, outputs, rows, columns, perTask) => {
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
    });
  },
};

/** y[k, c] = the index of the first NaN, or of the first largest, of x[k, :, c], as int32. */
export function callArgmax(
  plan: Plan,
  x: number,
  y: number,
  [outer, rows, columns]: readonly [outer: number, rows: number, columns: number],
): void {
  const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / rows));
  plan.call(kernel, blocksOf(outer * columns, perTask), [x, y, outer * columns, rows, columns, perTask]);
}
