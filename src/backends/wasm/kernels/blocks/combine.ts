/**
 * Adding up partial results: what tasks left in scratch, always in the same order and in float64.
 */
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import { piecesOf, STRIP_LANES } from "./channels.js";
import { blocksOf } from "./tasks.js";

/** Columns of a task. */
const TASK_COLUMNS = 256;

interface Spec {
  /** Columns modulo STRIP_LANES: the width of the narrower strip. */
  readonly rest: number;
}

/** to[j] = Σ from[t·length + j] over t < count; the last columns of a row as a narrower strip. */
const combineKernel = defineKernel(
  {
    name: "combine",
    spec: specOf<Spec>(),
    args: { from: "pointer", to: "pointer", count: "int", length: "int" },
  },
  ({ m, f, spec: { rest } }, task, { from, to, count, length }) => {
    const define = (lanes: number) =>
      m.function(`strip ${lanes}`, ["i32", "i32", "i32", "i32"], (g, source, target, rows, rowBytes) => {
        for (const { lanes: own, at } of piecesOf(lanes))
          for (let pair = 0; pair < own; pair += 2) {
            const two = Math.min(2, own - pair);
            const p = g.int(source.add(at + 4 * pair));
            const total = g.vec(g.splatDouble(0, 1));
            g.for(0, rows, 1, () => {
              total.set(total.addDouble(g.loadPartial(p, 0, two, 1).promoteLow()));
              p.inc(rowBytes);
            });
            g.storePartial(target, at + 4 * pair, total.demote(), two);
          }
      });
    const first = f.int(task.mul(TASK_COLUMNS));
    const last = f.int(first.add(TASK_COLUMNS).min(length));
    const strip = (lanes: number, at: typeof first) =>
      f.call(define(lanes), from.add(at.mul(4)), to.add(at.mul(4)), count, length.mul(4));
    f.while(
      () => first.add(STRIP_LANES - 1).below(last),
      () => {
        strip(STRIP_LANES, first);
        first.inc(STRIP_LANES);
      },
    );
    if (rest > 0) f.if(first.below(last), () => strip(rest, first));
  },
);

/** Sums `count` rows of `length` float32 numbers. */
export function callCombine(plan: Plan, from: number, to: number, count: number, length: number): void {
  combineKernel.call(plan, {
    spec: { rest: length % STRIP_LANES },
    tasks: blocksOf(length, TASK_COLUMNS),
    args: { from, to, count, length },
  });
}
