/**
 * Adding up partial results: what tasks left in scratch, always in the same order and in float64.
 */
import type { Kernel, Plan } from "../plan.js";
import { piecesOf, STRIP_LANES } from "./channels.js";
import { blocksOf, runEachTask } from "./tasks.js";

/** Columns of a task. */
const TASK_COLUMNS = 2048;

/** to[j] = Σ from[t·length + j] over t < count; the last columns of a row as a narrower strip. */
const kernelOf = (length: number): Kernel => ({
  key: `combine ${length % STRIP_LANES}`,
  emit: (m) => {
    const define = (lanes: number) =>
      m.function(`strip ${lanes}`, ["i32", "i32", "i32", "i32"], (f, from, to, count, rowBytes) => {
        for (const { lanes: own, at } of piecesOf(lanes))
          for (let pair = 0; pair < own; pair += 2) {
            const two = Math.min(2, own - pair);
            const p = f.int(from.add(at + 4 * pair));
            const total = f.vec(f.splatDouble(0, 1));
            f.for(0, count, 1, () => {
              total.set(total.addDouble(f.loadPartial(p, 0, two, 1).promoteLow()));
              p.inc(rowBytes);
            });
            f.storePartial(to, at + 4 * pair, total.demote(), two);
          }
      });
    runEachTask(m, ["from", "to", "count", "length"], (f, task, from, to, count, columns) => {
      const first = f.int(task.mul(TASK_COLUMNS));
      const last = f.int(first.add(TASK_COLUMNS).min(columns));
      const strip = (lanes: number, at: typeof first) =>
        f.call(define(lanes), from.add(at.mul(4)), to.add(at.mul(4)), count, columns.mul(4));
      f.while(
        () => first.add(STRIP_LANES - 1).below(last),
        () => {
          strip(STRIP_LANES, first);
          first.inc(STRIP_LANES);
        },
      );
      const rest = length % STRIP_LANES;
      if (rest > 0) f.if(first.below(last), () => strip(rest, first));
    });
  },
});

/** Sums `count` rows of `length` float32 numbers. */
export function callCombine(plan: Plan, from: number, to: number, count: number, length: number): void {
  plan.call(kernelOf(length), blocksOf(length, TASK_COLUMNS), [from, to, count, length]);
}
