/**
 * Reducing contiguous runs, [K, R] -> [K]: 16 lanes in float32 over short pieces, folded into a float64 total.
 */

import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import type { Reducer } from "./reducer.js";

/** Elements of a task: 512 KiB, 20-50 µs. */
const TASK_ELEMENTS = 131072;
/** Elements folded in float32: 256 per lane. */
const PIECE_ELEMENTS = 4096;
const LANES = 16;

interface Spec {
  readonly reducer: Reducer;
}

const runsKernel = defineKernel(
  {
    name: "reduce runs",
    spec: specOf<Spec>(),
    args: {
      x: "pointer",
      y: "pointer",
      runs: "int",
      length: "int",
      piece: "int",
      pieces: "int",
      perTask: "int",
      divisor: "int",
    },
  },
  ({ m, f, spec }, task, { x, y, runs, length, piece, pieces, perTask, divisor }) => {
    const { identity, vectors, doubles } = spec.reducer;
    /** (from, count, to, divisor): one run. */
    const fold = m.function("fold", ["i32", "i32", "i32", "i32"], (g, from, count, to, by) => {
      const total = g.f64(identity);
      const whole = g.int(count.and(-LANES));
      g.for(0, whole, PIECE_ELEMENTS, (done) => {
        const totals = g.vec(identity, LANES / 4);
        const end = g.int(from.add(whole.sub(done).min(PIECE_ELEMENTS).mul(4)));
        g.doWhile(
          () => {
            totals.set(vectors(totals, g.load(from, 0, LANES / 4)));
            from.inc(4 * LANES);
          },
          () => from.below(end),
        );
        for (let lane = 0; lane < LANES; lane++) total.set(doubles(total, totals.lane(lane).promote()));
      });
      g.for(whole, count, 1, () => {
        total.set(doubles(total, g.loadFloat("f32", from).promote()));
        from.inc(4);
      });
      g.storeFloat(to, 0, total.div(by.toFloat("f64")).demote());
    });
    const first = f.int(task.mul(perTask));
    f.for(first, f.int(first.add(perTask).min(runs.mul(pieces))), 1, (i) => {
      const r = f.int(i.div(pieces));
      const start = f.int(i.sub(r.mul(pieces)).mul(piece));
      const from = x.add(r.mul(length).add(start).mul(4));
      f.call(fold, from, length.sub(start).min(piece), y.add(i.mul(4)), divisor);
    });
  },
);

/** y[k] = the fold of x[k, :], divided by `divisor`; `length` is at least 1. */
export function callReduceRuns(
  plan: Plan,
  reducer: Reducer,
  x: number,
  y: number,
  [runs, length]: readonly [runs: number, length: number],
  divisor: number,
): void {
  const pieces = blocksOf(length, TASK_ELEMENTS);
  const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / length));
  const to = pieces > 1 ? plan.scratch(4 * runs * pieces) : y;
  const tasks = blocksOf(runs * pieces, perTask);
  const piece = Math.min(length, TASK_ELEMENTS);
  runsKernel.call(plan, {
    spec: { reducer },
    tasks,
    args: { x, y: to, runs, length, piece, pieces, perTask, divisor: pieces > 1 ? 1 : divisor },
  });
  if (pieces > 1) callReduceRuns(plan, reducer, to, y, [runs, pieces], divisor);
}
