/**
 * Mean and variance of each channel of rows [rows, C], in one read. Every task shifts its rows by a pivot of its own (the
 * mean of its first rows), sums x − pivot and its square in float32 over short blocks, and the blocks in float64; the tasks
 * are merged around the common mean (Chan, Golub & LeVeque 1979). Exact to float32 however large the mean.
 */
import {
  type FunctionBuilder,
  type FunctionRef,
  type IntVar,
  loadDoubles,
  type WasmModule,
} from "../../../../wasm/index.js";
import {
  addToDoubles,
  blockRowsWithin,
  forEachPair,
  forEachRowBlock,
  forEachStrip,
  loadDoublesOf,
  paddedChannels,
  piecesOf,
} from "../blocks/channels.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { HeapOperand, Plan } from "../plan.js";

/** Elements of a task: 512 KiB, 20-50 µs. */
const TASK_ELEMENTS = 131072;
/** Rows summed in float32 at most, and bytes of them: 1024 channels are read twice as fast in blocks of 16 rows. */
export const BLOCK_ROWS = 64;
const BLOCK_BYTES = 65536;
/** Enough that one outlier among them does little harm. */
const PIVOT_ROWS = 16;

/** What a task leaves, per channel: the pivot (f32), Σ(x − pivot) and Σ(x − pivot)² (f64). Byte offsets. */
export function partialLayout(channels: number): { sum: number; square: number; bytes: number } {
  const padded = paddedChannels(channels);
  return { sum: 4 * padded, square: 12 * padded, bytes: 20 * padded };
}

export const rowsPerTask = (rows: number, channels: number): number =>
  Math.min(rows, Math.max(BLOCK_ROWS, Math.floor(TASK_ELEMENTS / channels / BLOCK_ROWS) * BLOCK_ROWS));

/** (x, partial, rows): pivot = the mean of the first rows, 0 where that is not finite: x − ∞ would hide an infinite mean. */
const definePivot = (m: WasmModule, channels: number, lanes: number): FunctionRef =>
  m.function(`pivot ${lanes}`, ["i32", "i32", "i32", "i32"], (f, x, pivot, sums, rows) => {
    const { sum, square } = partialLayout(channels);
    for (const { lanes: own, parts, at } of piecesOf(lanes)) {
      const total = f.vec(0, parts);
      const p = f.int(x);
      f.for(0, rows, 1, () => {
        total.set(total.add(f.loadPartial(p, at, own, parts)));
        p.inc(4 * channels);
      });
      total.set(total.div(f.splat(rows.toFloat("f32"), parts)));
      f.store(pivot, at, total.and(total.sub(total).equal(0)));
      for (let i = 0; i < 2 * parts; i++)
        for (const to of [sum, square]) f.store(sums, to + 2 * at + 16 * i, f.splatDouble(0, 1));
    }
  });

/** (x, pivot, partial + 2·at, rows): adds a block's sums to the partial. */
const defineSums = (m: WasmModule, channels: number, lanes: number): FunctionRef =>
  m.function(`sums ${lanes}`, ["i32", "i32", "i32", "i32"], (f, x, pivot, sums, rows) => {
    const pieces = piecesOf(lanes).map((piece) => ({
      ...piece,
      pivot: f.vec(f.load(pivot, piece.at, piece.parts)),
      sum: f.vec(0, piece.parts),
      square: f.vec(0, piece.parts),
    }));
    f.for(0, rows, 1, () => {
      for (const { at, lanes: own, parts, pivot: shift, sum, square } of pieces)
        f.fence(() => {
          const v = f.vec(f.loadPartial(x, at, own, parts).sub(shift));
          sum.set(sum.add(v));
          square.set(f.madd(v, v, square));
        });
      x.inc(4 * channels);
    });
    const layout = partialLayout(channels);
    for (const { at, sum, square } of pieces) {
      addToDoubles(f, sums, layout.sum + 2 * at, sum);
      addToDoubles(f, sums, layout.square + 2 * at, square);
    }
  });

interface Spec {
  readonly channels: number;
}

/** Emits the pivot of a task's partial from its first rows, and sums of 0. */
export function startSums(m: WasmModule, f: FunctionBuilder, channels: number, x: IntVar, mine: IntVar, rows: IntVar) {
  const count = f.int(rows.min(PIVOT_ROWS));
  forEachStrip(
    f,
    channels,
    (lanes) => definePivot(m, channels, lanes),
    (at) => [x.add(at), mine.add(at), mine.add(at.mul(2)), count],
  );
}

/** Emits the sums of `rows` rows at x, added to a partial; what is not the task's last call takes whole blocks of BLOCK_ROWS. */
export function addSums(m: WasmModule, f: FunctionBuilder, channels: number, x: IntVar, mine: IntVar, rows: IntVar) {
  const p = f.int(x);
  forEachRowBlock(f, channels, blockRowsWithin(BLOCK_BYTES, channels, BLOCK_ROWS), rows, [p], (n) =>
    forEachStrip(
      f,
      channels,
      (lanes) => defineSums(m, channels, lanes),
      (at) => [p.add(at), mine.add(at), mine.add(at.mul(2)), n],
    ),
  );
}

const sumsKernel = defineKernel(
  {
    name: "batch-norm sums",
    spec: specOf<Spec>(),
    args: { x: "pointer", rows: "int", perTask: "int", partials: "pointer" },
  },
  ({ m, f, spec: { channels } }, task, { x, rows, perTask, partials }) => {
    const first = f.int(task.mul(perTask));
    const count = f.int(rows.sub(first).min(perTask));
    const p = f.int(x.add(first.mul(4 * channels)));
    const mine = f.int(partials.add(task.mul(partialLayout(channels).bytes)));
    startSums(m, f, channels, p, mine, count);
    addSums(m, f, channels, p, mine, count);
  },
);

/**
 * The coefficients of y = (x − centre)·scale + shift, as [3, C] float32: the mean as float32, γ/σ, and β with
 * what rounding the mean lost.
 */
export const coefficientBytes = (channels: number): number => 12 * channels;

const mergeKernel = defineKernel(
  {
    name: "batch-norm merge",
    spec: specOf<Spec>(),
    args: {
      partials: "pointer",
      parts: "int",
      rows: "int",
      perTask: "int",
      gamma: "pointer",
      beta: "pointer",
      eps: "float",
      mean: "pointer",
      variance: "pointer",
      coefficients: "pointer",
    },
  },
  ({ f, spec: { channels } }, _, args) => {
    const { partials, parts, rows, perTask, gamma, beta, eps, coefficients } = args;
    const layout = partialLayout(channels);
    const all = f.vec(f.splat(rows.toFloat("f64"), 1));
    const perPartial = f.vec(f.splat(perTask.toFloat("f64"), 1));
    const lastRows = rows.sub(parts.sub(1).mul(perTask));
    const inLast = f.vec(f.splat(lastRows.toFloat("f64"), 1));
    const last = f.int(parts.sub(1));
    forEachPair(f, channels, (c, lanes) => {
      const at = f.int(c.mul(4));
      const p = f.int();
      const n = f.vec(perPartial);
      const pivot = f.vec(0, 1);
      const sum = f.vec(0, 1);
      const eachPartial = (body: () => void) => {
        p.set(partials.add(at));
        n.set(perPartial);
        f.for(0, parts, 1, (part) => {
          f.if(part.equal(last), () => n.set(inLast));
          pivot.set(loadDoubles(f, p, 0, 1));
          sum.set(f.load(p.add(at), layout.sum, 1));
          body();
          p.inc(layout.bytes);
        });
      };
      const mean = f.vec(f.splatDouble(0, 1));
      eachPartial(() => mean.set(mean.addDouble(pivot.mulDouble(n)).addDouble(sum)));
      mean.set(mean.divDouble(all));
      // Σ(x − mean)² = Σ(x − pivot)² + 2(pivot − mean)Σ(x − pivot) + n(pivot − mean)²
      const variance = f.vec(f.splatDouble(0, 1));
      eachPartial(() => {
        const distance = f.vec(pivot.subDouble(mean));
        const crossed = sum.addDouble(sum).addDouble(distance.mulDouble(n)).mulDouble(distance);
        variance.set(variance.addDouble(f.load(p.add(at), layout.square, 1)).addDouble(crossed));
      });
      variance.set(variance.divDouble(all).pmaxDouble(0));
      const spread = variance.addDouble(f.splat(eps.promote(), 1)).sqrtDouble();
      const scale = f.vec(loadDoublesOf(f, gamma.add(at), 0, lanes).divDouble(spread));
      const centre = f.vec(mean.demote());
      const lost = mean.subDouble(centre.promoteLow());
      const shift = loadDoublesOf(f, beta.add(at), 0, lanes).subDouble(lost.mulDouble(scale));
      f.storePartial(args.mean.add(at), 0, centre, lanes);
      f.storePartial(args.variance.add(at), 0, variance.demote(), lanes);
      [centre, scale.demote(), shift.demote()].forEach((row, i) => {
        f.storePartial(coefficients.add(at), 4 * i * channels, row, lanes);
      });
    });
  },
);

/** Gets the partials of each run of `perTask` rows made. */
export type Summing = (
  plan: Plan,
  tasks: number,
  args: { readonly perTask: number; readonly partials: number },
) => void;

/** Writes mean and biased variance [C] of x [rows, C], and the coefficients of its normalisation. */
export function callStatistics(
  plan: Plan,
  x: number,
  rows: number,
  channels: number,
  { gamma, beta, eps }: { gamma: HeapOperand; beta: HeapOperand; eps: number },
  [mean, variance]: readonly [HeapOperand, HeapOperand],
  coefficients: number,
  sum: Summing = (_, tasks, args) => sumsKernel.call(plan, { spec: { channels }, tasks, args: { x, rows, ...args } }),
): void {
  const perTask = rowsPerTask(rows, channels);
  const tasks = blocksOf(rows, perTask);
  const partials = plan.scratch(tasks * partialLayout(channels).bytes);
  sum(plan, tasks, { perTask, partials });
  mergeKernel.call(plan, {
    spec: { channels },
    tasks: 1,
    args: {
      partials,
      parts: tasks,
      rows,
      perTask,
      gamma: gamma.pointer,
      beta: beta.pointer,
      eps,
      mean: mean.pointer,
      variance: variance.pointer,
      coefficients,
    },
  });
}
