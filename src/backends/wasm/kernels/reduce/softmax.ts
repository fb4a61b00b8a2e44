/**
 * softmax and logSoftmax of rows [K, R]: largest value, exponentials and their sum, then the result.
 */
import type { FunctionBuilder, Int, IntVar, Vec, WasmModule } from "../../assembler/index.js";
import type { Kernel, Plan } from "../../plan.js";
import { exp, log } from "../../vector-math.js";
import { blocksOf, runEachTask } from "../tasks.js";

/** Elements of a task: about 20 µs. */
const TASK_ELEMENTS = 16384;

/** Does `body` for whole vectors of a row, then lane by lane. */
function forEachVector(f: FunctionBuilder, count: IntVar, body: (at: Int, lanes: number) => void): void {
  const whole = f.int(count.and(-4));
  f.for(0, whole, 4, (i) => body(i.mul(4), 4));
  f.for(whole, count, 1, (i) => body(i.mul(4), 1));
}

/** (x, y, count): one row. */
const defineRow = (m: WasmModule, isLog: boolean) =>
  m.function("row", ["i32", "i32", "i32"], (f, x, y, count) => {
    const load = (from: IntVar, at: Int, lanes: number): Vec => f.vec(f.loadPartial(from.add(at), 0, lanes, 1));
    const largestOfLanes = f.vec(Number.NEGATIVE_INFINITY, 1);
    const largest = f.f32(Number.NEGATIVE_INFINITY);
    forEachVector(f, count, (at, lanes) => {
      const v = load(x, at, lanes);
      if (lanes === 4) largestOfLanes.set(largestOfLanes.max(v));
      else largest.set(largest.max(v.lane(0)));
    });
    for (let lane = 0; lane < 4; lane++) largest.set(largest.max(largestOfLanes.lane(lane)));
    const shift = f.vec(f.splat(largest, 1));
    const sums = f.vec(0, 1);
    const total = f.f64(0);
    forEachVector(f, count, (at, lanes) => {
      const e = exp(f, f.vec(load(x, at, lanes).sub(shift)));
      if (!isLog) f.storePartial(y.add(at), 0, e, lanes);
      if (lanes === 4) sums.set(sums.add(e));
      else total.set(total.add(e.lane(0).promote()));
    });
    for (let lane = 0; lane < 4; lane++) total.set(total.add(sums.lane(lane).promote()));
    const sum = f.vec(f.splat(total.demote(), 1));
    const last = isLog ? log(f, sum) : f.vec(f.splat(1, 1).div(sum));
    forEachVector(f, count, (at, lanes) => {
      const result = isLog ? load(x, at, lanes).sub(shift).sub(last) : load(y, at, lanes).mul(last);
      f.storePartial(y.add(at), 0, result, lanes);
    });
  });

const kernelOf = (isLog: boolean): Kernel => ({
  key: isLog ? "log softmax" : "softmax",
  emit: (m) => {
    const row = defineRow(m, isLog);
    runEachTask(m, ["x", "y", "rows", "length", "perTask"], (f, task, x, y, rows, length, perTask) => {
      const first = f.int(task.mul(perTask));
      f.for(first, f.int(first.add(perTask).min(rows)), 1, (i) => {
        const at = f.int(i.mul(length).mul(4));
        f.call(row, x.add(at), y.add(at), length);
      });
    });
  },
});

/** softmax or logSoftmax along the last axis of x [rows, length]. */
export function callSoftmax(plan: Plan, isLog: boolean, x: number, y: number, rows: number, length: number): void {
  const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / length));
  plan.call(kernelOf(isLog), blocksOf(rows, perTask), [x, y, rows, length, perTask]);
}
