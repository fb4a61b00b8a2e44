/**
 * The gradient of batch normalisation in two passes: Σdy and Σdy·(x − mean) (float32 over short blocks, float64 over
 * blocks and tasks), then dx = a·dy + b·(x − mean) + c with one a, b, c per channel.
 */
import type { FunctionRef, WasmModule } from "../../../../wasm/index.js";
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
import type { RowsFormula } from "./apply.js";

/** Elements of a task: 256 KiB of each of the two tensors. */
const TASK_ELEMENTS = 65536;
/** Rows summed in float32 at most, and bytes of them: 1024 channels are read twice as fast in blocks of 16 rows. */
const BLOCK_ROWS = 64;
const BLOCK_BYTES = 65536;

/** What a task leaves, per channel, in f64: Σdy and Σdy·(x − mean). Byte offsets. */
const partialLayout = (channels: number): { product: number; bytes: number } => ({
  product: 8 * paddedChannels(channels),
  bytes: 16 * paddedChannels(channels),
});

/** (dy, x, mean, partial, rows): adds a block's sums to the partial. */
const defineSums = (m: WasmModule, channels: number, lanes: number): FunctionRef =>
  m.function(`sums ${lanes}`, ["i32", "i32", "i32", "i32", "i32"], (f, dy, x, mean, partial, rows) => {
    const pieces = piecesOf(lanes).map((piece) => ({
      ...piece,
      mean: f.vec(f.loadPartial(mean, piece.at, piece.lanes, piece.parts)),
      sum: f.vec(0, piece.parts),
      product: f.vec(0, piece.parts),
    }));
    f.for(0, rows, 1, () => {
      for (const { at, lanes: own, parts, mean: centre, sum, product } of pieces)
        f.fence(() => {
          const d = f.vec(f.loadPartial(dy, at, own, parts));
          sum.set(sum.add(d));
          product.set(f.madd(d, f.loadPartial(x, at, own, parts).sub(centre), product));
        });
      dy.inc(4 * channels);
      x.inc(4 * channels);
    });
    for (const { at, sum, product } of pieces) {
      addToDoubles(f, partial, 2 * at, sum);
      addToDoubles(f, partial, partialLayout(channels).product + 2 * at, product);
    }
  });

interface Spec {
  readonly channels: number;
}

const sumsKernel = defineKernel(
  {
    name: "batch-norm gradient sums",
    spec: specOf<Spec>(),
    args: { dy: "pointer", x: "pointer", mean: "pointer", rows: "int", perTask: "int", partials: "pointer" },
  },
  ({ m, f, spec: { channels } }, task, { dy, x, mean, rows, perTask, partials }) => {
    const { bytes } = partialLayout(channels);
    const first = f.int(task.mul(perTask));
    const count = f.int(rows.sub(first).min(perTask));
    const [pDy, pX] = [f.int(dy.add(first.mul(4 * channels))), f.int(x.add(first.mul(4 * channels)))];
    const mine = f.int(partials.add(task.mul(bytes)));
    f.fill(mine, 0, bytes);
    forEachRowBlock(f, channels, blockRowsWithin(BLOCK_BYTES, channels, BLOCK_ROWS), count, [pDy, pX], (n) =>
      forEachStrip(
        f,
        channels,
        (lanes) => defineSums(m, channels, lanes),
        (at) => [pDy.add(at), pX.add(at), mean.add(at), mine.add(at.mul(2)), n],
      ),
    );
  },
);

/** dx = a·dy + b·(x − mean) + c, from the coefficients [4, paddedChannels]: mean, a, b, c. */
export const inputGradient: RowsFormula = {
  name: "batch-norm gradient apply",
  inputs: 2,
  coefficients: 4,
  formula: (f, [dy, x], [mean, a, b, c]) => f.madd(dy!, a!, f.madd(x!.sub(mean!), b!, c!)),
};

/** With σ = √(variance + eps): dβ = Σdy, dγ = Σdy·(x − mean)/σ; a = γ/σ, b = −a·dγ/(σ·rows), c = −a·dβ/rows. */
const mergeKernel = defineKernel(
  {
    name: "batch-norm gradient merge",
    spec: specOf<Spec>(),
    args: {
      partials: "pointer",
      parts: "int",
      rows: "int",
      gamma: "pointer",
      mean: "pointer",
      variance: "pointer",
      eps: "float",
      dgamma: "pointer",
      dbeta: "pointer",
      coefficients: "pointer",
    },
  },
  ({ f, spec: { channels } }, _, args) => {
    const { partials, parts, rows, gamma, mean, variance, eps, dgamma, dbeta, coefficients } = args;
    const layout = partialLayout(channels);
    const all = f.vec(f.splat(rows.toFloat("f64"), 1));
    forEachPair(f, channels, (c, lanes) => {
      const at = f.int(c.mul(4));
      const p = f.int(partials.add(at).add(at));
      const sum = f.vec(f.splatDouble(0, 1));
      const product = f.vec(f.splatDouble(0, 1));
      f.for(0, parts, 1, () => {
        sum.set(sum.addDouble(f.load(p, 0, 1)));
        product.set(product.addDouble(f.load(p, layout.product, 1)));
        p.inc(layout.bytes);
      });
      const spread = loadDoublesOf(f, variance.add(at), 0, lanes).addDouble(f.splat(eps.promote(), 1));
      const inverse = f.vec(f.splatDouble(1, 1).divDouble(spread.sqrtDouble()));
      const scaleGrad = f.vec(product.mulDouble(inverse));
      const a = f.vec(loadDoublesOf(f, gamma.add(at), 0, lanes).mulDouble(inverse));
      const perRow = f.vec(f.splatDouble(0, 1).subDouble(a.divDouble(all)));
      f.storePartial(dbeta.add(at), 0, sum.demote(), lanes);
      f.storePartial(dgamma.add(at), 0, scaleGrad.demote(), lanes);
      const rowsOut = [
        f.loadPartial(mean.add(at), 0, lanes, 1),
        a.demote(),
        perRow.mulDouble(scaleGrad).mulDouble(inverse).demote(),
        perRow.mulDouble(sum).demote(),
      ];
      rowsOut.forEach((row, i) => {
        f.storePartial(coefficients.add(at), 4 * i * paddedChannels(channels), row, lanes);
      });
    });
  },
);

export const gradientCoefficientBytes = (channels: number): number => 16 * paddedChannels(channels);

/** Writes dγ and dβ [C], and the coefficients of `inputGradient`. */
export function callGradientSums(
  plan: Plan,
  [dy, x, gamma, mean, variance]: readonly [HeapOperand, HeapOperand, HeapOperand, HeapOperand, HeapOperand],
  eps: number,
  [dgamma, dbeta]: readonly [HeapOperand, HeapOperand],
  coefficients: number,
): void {
  const channels = gamma.size;
  const rows = x.size / channels;
  const perTask = Math.min(rows, Math.max(BLOCK_ROWS, Math.floor(TASK_ELEMENTS / channels / BLOCK_ROWS) * BLOCK_ROWS));
  const tasks = blocksOf(rows, perTask);
  const partials = plan.scratch(tasks * partialLayout(channels).bytes);
  sumsKernel.call(plan, {
    spec: { channels },
    tasks,
    args: { dy: dy.pointer, x: x.pointer, mean: mean.pointer, rows, perTask, partials },
  });
  mergeKernel.call(plan, {
    spec: { channels },
    tasks: 1,
    args: {
      partials,
      parts: tasks,
      rows,
      gamma: gamma.pointer,
      mean: mean.pointer,
      variance: variance.pointer,
      eps,
      dgamma: dgamma.pointer,
      dbeta: dbeta.pointer,
      coefficients,
    },
  });
}
