/**
 * The order of every row of x [rows, length]: a merge sort of indices, from pairs up, between the result and a scratch of its
 * size.
 */
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";

/** Elements of a task, at some 15 ns for each doubling of their number. */
const TASK_ELEMENTS = 4096;

interface Spec {
  readonly descending: boolean;
}

const argsortKernel = defineKernel(
  {
    name: "argsort",
    spec: specOf<Spec>(),
    args: { x: "pointer", y: "pointer", other: "pointer", rows: "int", length: "int", passes: "int", perTask: "int" },
  },
  ({ m, f, spec: { descending } }, task, { x, y, other, rows, length, passes, perTask }) => {
    /** (x, from, left, right, end, to): merges the indices [left, right) and [right, end) of `from`; ends are byte offsets. */
    const merge = m.function(
      "merge",
      ["i32", "i32", "i32", "i32", "i32", "i32"],
      (g, keys, from, left, middle, end, to) => {
        const right = g.int(middle);
        const out = g.int(to.add(left));
        const index = g.int(0);
        const key = (at: typeof left) => g.loadFloat("f32", keys.add(g.loadInt(from.add(at)).mul(4)));
        const takeLeft = () => {
          index.set(g.loadInt(from.add(left)));
          left.inc(4);
        };
        const takeRight = () => {
          index.set(g.loadInt(from.add(right)));
          right.inc(4);
        };
        g.while(
          () => out.below(to.add(end)),
          () => {
            g.if(left.atLeast(middle), takeRight, () =>
              g.if(right.atLeast(end), takeLeft, () => {
                const a = g.f32(key(left));
                const b = g.f32(key(right));
                // b goes first where it is before a, NaN being the largest; equal numbers keep their order
                const isBefore = descending
                  ? b.lessEqual(a).equal(0).and(a.equal(a))
                  : a.lessEqual(b).equal(0).and(b.equal(b));
                g.if(isBefore, takeRight, takeLeft);
              }),
            );
            g.storeInt(out, 0, index);
            out.inc(4);
          },
        );
      },
    );
    const first = f.int(task.mul(perTask));
    f.for(first, f.int(first.add(perTask).min(rows)), 1, (row) => {
      const at = f.int(row.mul(length).mul(4));
      const bytes = f.int(length.mul(4));
      const from = f.int(y.add(at));
      const to = f.int(other.add(at));
      const swap = f.int(0);
      const flip = () => {
        swap.set(from);
        from.set(to);
        to.set(swap);
      };
      // an odd number of passes begins in the scratch, so that the last one ends in the result
      f.if(passes.and(1), flip);
      f.for(0, length, 1, (i) => f.storeInt(from.add(i.mul(4)), 0, i));
      const width = f.int(4);
      f.while(
        () => width.below(bytes),
        () => {
          const pair = f.int(width.shl(1));
          f.for(0, bytes, pair, (left) => {
            const middle = f.int(left.add(width).min(bytes));
            f.call(merge, x.add(at), from, left, middle, f.int(left.add(pair).min(bytes)), to);
          });
          flip();
          width.set(pair);
        },
      );
    });
  },
);

/** y[r, :] = the indices that sort x[r, :], as int32. */
export function callArgsort(
  plan: Plan,
  x: number,
  y: number,
  [rows, length]: readonly [rows: number, length: number],
  descending: boolean,
): void {
  const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / length));
  const other = plan.scratch(4 * rows * length);
  const passes = Math.ceil(Math.log2(length));
  argsortKernel.call(plan, {
    spec: { descending },
    tasks: blocksOf(rows, perTask),
    args: { x, y, other, rows, length, passes, perTask },
  });
}
