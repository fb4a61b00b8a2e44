/**
 * Layer normalisation of rows [rows, C], each read while it is in the cache: the mean, the centred sum of squares (with what
 * rounding the mean lost), the result. Sums are float32 over short blocks and float64 over blocks. Its gradient reads dy and
 * x of a row for two sums and again for dx, while Σdy and Σdy·x̂ of a task's rows gather in float32; tasks are added in float64.
 */
import {
  type FunctionBuilder,
  floatBits,
  type Int,
  type IntVar,
  laneDouble,
  type Vec,
  type WasmModule,
} from "../../../wasm/index.js";
import { blocksOf } from "./blocks/tasks.js";
import { defineKernel } from "./define-kernel.js";
import type { WasmKernels } from "./plan.js";

/** Elements of a task: 128 KiB per operand, about 20 µs. */
const TASK_ELEMENTS = 32768;
/** Elements that are summed in float32: 64 in each of 16 lanes. */
const BLOCK_ELEMENTS = 1024;
/** Vectors of a step, so that sums do not wait for each other. */
const STEP_VECTORS = 4;
/** Rows whose Σdy are summed in float32. */
const MAX_TASK_ROWS = 64;

/** Does `body` at byte offsets of [from, to): steps of four vectors, single vectors, lanes; `slot` tells vectors of a step apart. */
function forEachLane(
  f: FunctionBuilder,
  from: IntVar,
  to: IntVar,
  body: (at: Int, lanes: number, slot: number) => void,
): void {
  const count = f.int(to.sub(from));
  const steps = f.int(from.add(count.and(-4 * STEP_VECTORS)));
  const whole = f.int(from.add(count.and(-4)));
  f.for(from, steps, 4 * STEP_VECTORS, (i) => {
    const at = i.mul(4);
    for (let slot = 0; slot < STEP_VECTORS; slot++) body(slot === 0 ? at : at.add(16 * slot), 4, slot);
  });
  f.for(steps, whole, 4, (i) => body(i.mul(4), 4, 0));
  f.for(whole, to, 1, (i) => body(i.mul(4), 1, 0));
}

/** Σ over a row of `count` of several terms of single elements, each as f64 in both lanes. */
function sumsOf(
  f: FunctionBuilder,
  count: IntVar,
  terms: number,
  termsAt: (at: Int, lanes: number) => readonly Vec[],
): Vec[] {
  const sums = Array.from({ length: terms }, () => ({
    slots: Array.from({ length: STEP_VECTORS }, () => f.vec(0, 1)),
    doubles: f.vec(f.splatDouble(0, 1)),
    rest: f.f64(0),
  }));
  f.for(0, count, BLOCK_ELEMENTS, (from) => {
    for (const { slots } of sums) for (const slot of slots) slot.set(f.splat(0, 1));
    forEachLane(f, from, f.int(from.add(BLOCK_ELEMENTS).min(count)), (at, lanes, slot) => {
      termsAt(at, lanes).forEach((term, i) => {
        const { slots, rest } = sums[i]!;
        if (lanes === 4) slots[slot]!.set(slots[slot]!.add(term));
        else rest.set(rest.add(term.lane(0).promote()));
      });
    });
    for (const { slots, doubles } of sums)
      for (const slot of slots) doubles.set(doubles.addDouble(slot.promoteLow()).addDouble(slot.promoteHigh()));
  });
  return sums.map(({ doubles, rest }) =>
    f.vec(f.splat(laneDouble(doubles, 0).add(laneDouble(doubles, 1)).add(rest), 1)),
  );
}

const load = (f: FunctionBuilder, from: IntVar, at: Int, lanes: number): Vec =>
  f.vec(f.loadPartial(from.add(at), 0, lanes, 1));

/** A number of f64 lanes in every f32 lane. */
const single = (f: FunctionBuilder, doubles: Vec): Vec => f.vec(f.splat(laneDouble(doubles, 0).demote(), 1));

/** (x, gamma, beta, y, mean, inverseStd, count, eps): one row. */
const defineRow = (m: WasmModule) =>
  m.function("row", ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"], (f, ...params) => {
    const [x, gamma, beta, y, mean, inverseStd, count, eps] = params as [
      IntVar,
      IntVar,
      IntVar,
      IntVar,
      IntVar,
      IntVar,
      IntVar,
      IntVar,
    ];
    const size = f.vec(f.splat(count.toFloat("f64"), 1));
    const [total] = sumsOf(f, count, 1, (at, lanes) => [load(f, x, at, lanes)]);
    const centre = single(f, total!.divDouble(size));
    const [distances, squares] = sumsOf(f, count, 2, (at, lanes) => {
      const d = f.vec(load(f, x, at, lanes).sub(centre));
      return [d, d.mul(d)];
    });
    // what rounding the mean lost
    const lost = f.vec(distances!.divDouble(size));
    const variance = squares!.divDouble(size).subDouble(lost.mulDouble(lost)).pmaxDouble(0);
    const spread = variance.addDouble(f.splat(eps.asFloat().promote(), 1)).sqrtDouble();
    const inverse = f.vec(f.splatDouble(1, 1).divDouble(spread));
    const scale = single(f, inverse);
    const shift = single(f, f.splatDouble(0, 1).subDouble(lost.mulDouble(inverse)));
    f.storePartial(mean, 0, centre, 1);
    f.storePartial(inverseStd, 0, scale, 1);
    forEachLane(f, f.int(0), count, (at, lanes) => {
      const normalized = f.madd(load(f, x, at, lanes).sub(centre), scale, shift);
      const result = f.madd(f.vec(normalized), load(f, gamma, at, lanes), load(f, beta, at, lanes));
      f.storePartial(y.add(at), 0, f.vec(result), lanes);
    });
  });

const layerNormKernel = defineKernel(
  {
    name: "layer norm",
    args: {
      x: "pointer",
      gamma: "pointer",
      beta: "pointer",
      y: "pointer",
      mean: "pointer",
      inverseStd: "pointer",
      rows: "int",
      width: "int",
      perTask: "int",
      eps: "int",
    },
  },
  ({ m, f }, task, { x, gamma, beta, y, mean, inverseStd, rows, width, perTask, eps }) => {
    const row = defineRow(m);
    const first = f.int(task.mul(perTask));
    f.for(first, f.int(first.add(perTask).min(rows)), 1, (i) => {
      const at = f.int(i.mul(width).mul(4));
      f.call(row, x.add(at), gamma, beta, y.add(at), mean.add(i.mul(4)), inverseStd.add(i.mul(4)), width, eps);
    });
  },
);

/** (dy, x, gamma, dx, dgamma, dbeta, mean, inverseStd, count): one row; dγ and dβ are added to. */
const defineGradientRow = (m: WasmModule) =>
  m.function("gradient row", new Array<"i32">(9).fill("i32"), (f, ...params) => {
    const [dy, x, gamma, dx, dgamma, dbeta, mean, inverseStd, count] = params as [
      IntVar,
      IntVar,
      IntVar,
      IntVar,
      IntVar,
      IntVar,
      IntVar,
      IntVar,
      IntVar,
    ];
    const centre = f.vec(f.broadcast(mean, 0, 1));
    const scale = f.vec(f.broadcast(inverseStd, 0, 1));
    const normalized = (at: Int, lanes: number): Vec => f.vec(load(f, x, at, lanes).sub(centre).mul(scale));
    const size = f.vec(f.splat(count.toFloat("f64"), 1));
    const [sum, product] = sumsOf(f, count, 2, (at, lanes) => {
      const d = load(f, dy, at, lanes);
      const scaled = normalized(at, lanes);
      const gathered = (to: IntVar, value: Vec): void => f.storePartial(to.add(at), 0, value, lanes);
      gathered(dbeta, f.vec(load(f, dbeta, at, lanes).add(d)));
      gathered(dgamma, f.vec(f.madd(d, scaled, load(f, dgamma, at, lanes))));
      const g = f.vec(d.mul(load(f, gamma, at, lanes)));
      return [g, g.mul(scaled)];
    });
    const meanOfSum = single(f, sum!.divDouble(size));
    const meanOfProduct = single(f, product!.divDouble(size));
    forEachLane(f, f.int(0), count, (at, lanes) => {
      const g = f.vec(
        load(f, dy, at, lanes)
          .mul(load(f, gamma, at, lanes))
          .sub(meanOfSum),
      );
      f.storePartial(dx.add(at), 0, f.vec(f.nmadd(normalized(at, lanes), meanOfProduct, g).mul(scale)), lanes);
    });
  });

const gradientKernel = defineKernel(
  {
    name: "layer norm gradient",
    args: {
      dy: "pointer",
      x: "pointer",
      gamma: "pointer",
      dx: "pointer",
      partials: "pointer",
      mean: "pointer",
      inverseStd: "pointer",
      rows: "int",
      width: "int",
      perTask: "int",
    },
  },
  ({ m, f }, task, { dy, x, gamma, dx, partials, mean, inverseStd, rows, width, perTask }) => {
    const row = defineGradientRow(m);
    const bytes = f.int(width.mul(4));
    const mine = f.int(partials.add(task.mul(bytes).mul(2)));
    f.fill(mine, 0, bytes.mul(2));
    const first = f.int(task.mul(perTask));
    f.for(first, f.int(first.add(perTask).min(rows)), 1, (i) => {
      const at = f.int(i.mul(bytes));
      const own = i.mul(4);
      const [dgamma, dbeta] = [mine, mine.add(bytes)];
      f.call(row, dy.add(at), x.add(at), gamma, dx.add(at), dgamma, dbeta, mean.add(own), inverseStd.add(own), width);
    });
  },
);

/** Elements of dγ and dβ that a task adds up over the partials. */
const MERGE_ELEMENTS = 512;

const mergeKernel = defineKernel(
  {
    name: "layer norm gradient merge",
    args: { partials: "pointer", parts: "int", width: "int", dgamma: "pointer", dbeta: "pointer" },
  },
  ({ f }, task, { partials, parts, width, dgamma, dbeta }) => {
    const first = f.int(task.mul(MERGE_ELEMENTS));
    const last = f.int(first.add(MERGE_ELEMENTS).min(width));
    const bytes = f.int(width.mul(4));
    const merge = (c: Int, lanes: number): void => {
      const p = f.int(partials.add(c.mul(4)));
      const sums = [dgamma, dbeta].map((to) => ({ to, sum: f.vec(f.splatDouble(0, 1)) }));
      f.for(0, parts, 1, () => {
        for (const { sum } of sums) {
          sum.set(sum.addDouble(f.loadPartial(p, 0, lanes, 1).promoteLow()));
          p.inc(bytes);
        }
      });
      for (const { to, sum } of sums) f.storePartial(to.add(c.mul(4)), 0, sum.demote(), lanes);
    };
    const whole = f.int(first.add(last.sub(first).and(-2)));
    f.for(first, whole, 2, (c) => merge(c, 2));
    f.for(whole, last, 1, (c) => merge(c, 1));
  },
);

export const layerNormKernels = {
  layerNorm([x, gamma, beta], { eps }, [y, mean, inverseStd], plan) {
    if (x.dtype !== "float32") return false;
    const width = gamma.size;
    const rows = x.size / width;
    const perTask = Math.max(1, Math.floor(TASK_ELEMENTS / width));
    layerNormKernel.call(plan, {
      tasks: blocksOf(rows, perTask),
      args: {
        x: x.pointer,
        gamma: gamma.pointer,
        beta: beta.pointer,
        y: y.pointer,
        mean: mean.pointer,
        inverseStd: inverseStd.pointer,
        rows,
        width,
        perTask,
        eps: floatBits(eps),
      },
    });
    return true;
  },
  layerNormGrad([dy, x, gamma, mean, inverseStd], _, [dx, dgamma, dbeta], plan) {
    if (x.dtype !== "float32") return false;
    const width = gamma.size;
    const rows = x.size / width;
    const perTask = Math.min(MAX_TASK_ROWS, Math.max(1, Math.floor(TASK_ELEMENTS / width)));
    const tasks = blocksOf(rows, perTask);
    const partials = plan.scratch(8 * width * tasks);
    gradientKernel.call(plan, {
      tasks,
      args: {
        dy: dy.pointer,
        x: x.pointer,
        gamma: gamma.pointer,
        dx: dx.pointer,
        partials,
        mean: mean.pointer,
        inverseStd: inverseStd.pointer,
        rows,
        width,
        perTask,
      },
    });
    mergeKernel.call(plan, {
      tasks: blocksOf(width, MERGE_ELEMENTS),
      args: { partials, parts: tasks, width, dgamma: dgamma.pointer, dbeta: dbeta.pointer },
    });
    return true;
  },
} satisfies WasmKernels;
