/**
 * softmax and logSoftmax of rows [K, R]: largest value, exponentials and their sum, then the result.
 */
import { type FunctionBuilder, type Int, type IntVar, Vec, type WasmModule } from "../../../../wasm/index.js";
import { blocksOf } from "../blocks/tasks.js";
import { exp, log } from "../blocks/vector-math.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";

/** Elements of a task: about 20 µs. */
const TASK_ELEMENTS = 16384;

/** Elements whose exponentials are summed in float32: 32 in each of 8 lanes. */
const BLOCK_ELEMENTS = 256;

/** Does `body` for pairs of vectors of the elements [from, to), for a single vector, then lane by lane. */
function forEachPairOfVectors(
  f: FunctionBuilder,
  from: IntVar,
  to: IntVar,
  body: (at: Int, lanes: number) => void,
): void {
  const count = f.int(to.sub(from));
  const pairs = f.int(from.add(count.and(-8)));
  const whole = f.int(from.add(count.and(-4)));
  f.for(from, pairs, 8, (i) => body(i.mul(4), 8));
  f.for(pairs, whole, 4, (i) => body(i.mul(4), 4));
  f.for(whole, to, 1, (i) => body(i.mul(4), 1));
}

/** Does `body` for whole vectors of a row, then lane by lane. */
function forEachVector(f: FunctionBuilder, count: IntVar, body: (at: Int, lanes: number) => void): void {
  const whole = f.int(count.and(-4));
  f.for(0, whole, 4, (i) => body(i.mul(4), 4));
  f.for(whole, count, 1, (i) => body(i.mul(4), 1));
}

/**
 * ln Σ e^shifted in every lane. The largest term is 1: where the sum rounds to 1 in float32, its logarithm is what it
 * exceeds 1 by in float64.
 */
function logOfSum(f: FunctionBuilder, count: IntVar, shifted: (at: Int, lanes: number) => Vec): Vec {
  const ofLanes = { all: f.vec(0, 1), smaller: f.vec(0, 1) };
  const totals = { all: f.f64(0), smaller: f.f64(0) };
  forEachVector(f, count, (at, lanes) => {
    const e = exp(f, f.vec(shifted(at, lanes)));
    const terms = { all: e, smaller: f.vec(e.and(e.notEqual(1))) };
    for (const which of ["all", "smaller"] as const)
      if (lanes === 4) ofLanes[which].set(ofLanes[which].add(terms[which]));
      else totals[which].set(totals[which].add(terms[which].lane(0).promote()));
  });
  for (const which of ["all", "smaller"] as const)
    for (let lane = 0; lane < 4; lane++) totals[which].set(totals[which].add(ofLanes[which].lane(lane).promote()));
  const sum = f.vec(f.splat(totals.all.demote(), 2));
  return f.vec(sum.equal(1).select(f.splat(totals.smaller.add(1).sub(1).demote(), 2), log(f, sum)));
}

/** Gives 1 / Σ of exponentials, in every lane: float32 over short blocks, float64 over blocks. */
function inverseOfSum(f: FunctionBuilder, count: IntVar, exponential: (at: Int, lanes: number) => Vec): Vec {
  const ofLanes = f.vec(0, 2);
  const total = f.f64(0);
  f.for(0, count, BLOCK_ELEMENTS, (from) => {
    ofLanes.set(f.splat(0, 2));
    forEachPairOfVectors(f, from, f.int(from.add(BLOCK_ELEMENTS).min(count)), (at, lanes) => {
      const e = exponential(at, lanes);
      if (lanes === 1) total.set(total.add(e.lane(0).promote()));
      else ofLanes.set(ofLanes.add(lanes === 8 ? e : new Vec([...e.parts, ...f.splat(0, 1).parts])));
    });
    for (let lane = 0; lane < 8; lane++) total.set(total.add(ofLanes.lane(lane).promote()));
  });
  return f.vec(f.splat(f.f64(1).div(total).demote(), 2));
}

/** exp(x − shift), with what rounding the difference lost (Knuth's two-sum): half a unit of −100 is 32 of its exponential. */
function exactExp(f: FunctionBuilder, x: Vec, shift: Vec): Vec {
  const difference = f.vec(x.sub(shift));
  const virtual = f.vec(difference.sub(x));
  const lost = f.vec(x.sub(difference.sub(virtual)).sub(shift.add(virtual)));
  const e = exp(f, difference);
  // infinite operands lose nothing, but ∞ − ∞ is NaN
  return f.vec(f.madd(e, lost.and(lost.equal(lost)), e));
}

/** The largest number of a row in every lane. A NaN may be passed over: its exponential makes the sum NaN. */
function largestOf(f: FunctionBuilder, count: IntVar, load: (at: Int, lanes: number) => Vec): Vec {
  const slots = Array.from({ length: 4 }, () => f.vec(Number.NEGATIVE_INFINITY, 1));
  const largest = f.f32(Number.NEGATIVE_INFINITY);
  const take = (slot: number, at: Int): void => slots[slot]!.set(slots[slot]!.pmax(load(at, 4)));
  const fours = f.int(count.and(-16));
  const whole = f.int(count.and(-4));
  f.for(0, fours, 16, (i) => {
    for (let slot = 0; slot < slots.length; slot++) take(slot, i.mul(4).add(16 * slot));
  });
  f.for(fours, whole, 4, (i) => take(0, i.mul(4)));
  f.for(whole, count, 1, (i) => largest.set(largest.max(load(i.mul(4), 1).lane(0))));
  for (const slot of slots) for (let lane = 0; lane < 4; lane++) largest.set(largest.max(slot.lane(lane)));
  return f.vec(f.splat(largest, 2));
}

const partsOf = (lanes: number): number => Math.ceil(lanes / 4);

/** (x, y, count): one row. */
const defineRow = (m: WasmModule, isLog: boolean) =>
  m.function("row", ["i32", "i32", "i32"], (f, x, y, count) => {
    const load = (from: IntVar, at: Int, lanes: number): Vec =>
      f.vec(f.loadPartial(from.add(at), 0, lanes, partsOf(lanes)));
    const shift = largestOf(f, count, (at, lanes) => load(x, at, lanes));
    const first = (both: Vec, lanes: number): Vec => new Vec(both.parts.slice(0, partsOf(lanes)));
    const last = isLog
      ? logOfSum(f, count, (at, lanes) => load(x, at, lanes).sub(first(shift, lanes)))
      : inverseOfSum(f, count, (at, lanes) => {
          const e = exactExp(f, load(x, at, lanes), first(shift, lanes));
          f.storePartial(y.add(at), 0, e, lanes);
          return e;
        });
    forEachPairOfVectors(f, f.int(0), count, (at, lanes) => {
      const result = isLog
        ? load(x, at, lanes).sub(first(shift, lanes)).sub(first(last, lanes))
        : load(y, at, lanes).mul(first(last, lanes));
      f.storePartial(y.add(at), 0, result, lanes);
    });
  });

interface Spec {
  readonly isLog: boolean;
}

const softmaxKernel = defineKernel(
  {
    name: "softmax",
    spec: specOf<Spec>(),
    args: { x: "pointer", y: "pointer", rows: "int", length: "int", perTask: "int" },
  },
  ({ m, f, spec: { isLog } }, task, { x, y, rows, length, perTask }) => {
    const row = defineRow(m, isLog);
    const first = f.int(task.mul(perTask));
    f.for(first, f.int(first.add(perTask).min(rows)), 1, (i) => {
      const at = f.int(i.mul(length).mul(4));
      f.call(row, x.add(at), y.add(at), length);
    });
  },
);

/** softmax or logSoftmax along the last axis of x [rows, length]. */
export function callSoftmax(plan: Plan, isLog: boolean, x: number, y: number, rows: number, length: number): void {
  const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / length));
  softmaxKernel.call(plan, {
    spec: { isLog },
    tasks: blocksOf(rows, perTask),
    args: { x, y, rows, length, perTask },
  });
}
