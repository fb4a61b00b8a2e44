/**
 * The gradient of batch normalisation in two passes: Σdy and Σdy·(x − mean) (float32 over short blocks, float64 over
 * blocks and tasks), then dx = a·dy + b·(x − mean) + c with one a, b, c per channel.
 */
import type { FunctionRef, IntVar, WasmModule } from "../../../../wasm/index.js";
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
import { defineKernel, list, specOf } from "../define-kernel.js";
import type { HeapOperand, Plan } from "../plan.js";
import type { RowsFormula } from "./apply.js";

/** Elements of a task: 256 KiB of each of the two tensors. */
const TASK_ELEMENTS = 65536;
/** Rows summed in float32 at most, and bytes of them: 1024 channels are read twice as fast in blocks of 16 rows. */
const BLOCK_ROWS = 64;
const BLOCK_BYTES = 65536;

/** What a task leaves, per channel, in f64: Σdy, and Σdy·(x − mean) of each branch. Byte offsets. */
const partialLayout = (channels: number, branches: number) => {
  const own = 8 * paddedChannels(channels);
  return { productOf: (branch: number): number => (1 + branch) * own, bytes: (1 + branches) * own };
};

interface SumsSpec {
  readonly channels: number;
  readonly branches: number;
}

/** (dy, partial, rows, ...(x, mean)): adds a block's sums to the partial. */
const defineSums = (m: WasmModule, { channels, branches }: SumsSpec, lanes: number): FunctionRef =>
  m.function(`sums ${lanes}`, new Array<"i32">(3 + 2 * branches).fill("i32"), (f, dy, partial, rows, ...rest) => {
    const xs = rest.slice(0, branches);
    const pieces = piecesOf(lanes).map((piece) => ({
      ...piece,
      means: rest.slice(branches).map((mean) => f.vec(f.loadPartial(mean, piece.at, piece.lanes, piece.parts))),
      sum: f.vec(0, piece.parts),
      products: xs.map(() => f.vec(0, piece.parts)),
    }));
    f.for(0, rows!, 1, () => {
      for (const { at, lanes: own, parts, means, sum, products } of pieces)
        f.fence(() => {
          const d = f.vec(f.loadPartial(dy!, at, own, parts));
          sum.set(sum.add(d));
          products.forEach((product, i) => {
            product.set(f.madd(d, f.loadPartial(xs[i]!, at, own, parts).sub(means[i]!), product));
          });
        });
      for (const pointer of [dy!, ...xs]) pointer.inc(4 * channels);
    });
    const { productOf } = partialLayout(channels, branches);
    for (const { at, sum, products } of pieces) {
      addToDoubles(f, partial!, 2 * at, sum);
      products.forEach((product, i) => {
        addToDoubles(f, partial!, productOf(i) + 2 * at, product);
      });
    }
  });

const sumsKernel = defineKernel(
  {
    name: "batch-norm gradient sums",
    spec: specOf<SumsSpec>(),
    args: ({ branches }: SumsSpec) => ({
      dy: "pointer",
      xs: list(branches, "pointer"),
      means: list(branches, "pointer"),
      rows: "int",
      perTask: "int",
      partials: "pointer",
    }),
  },
  ({ m, f, spec }, task, { dy, xs, means, rows, perTask, partials }) => {
    const { channels, branches } = spec;
    const { bytes } = partialLayout(channels, branches);
    const first = f.int(task.mul(perTask));
    const count = f.int(rows.sub(first).min(perTask));
    const moving = [dy, ...xs].map((pointer) => f.int(pointer.add(first.mul(4 * channels))));
    const [pDy, ...pXs] = moving as [IntVar, ...IntVar[]];
    const mine = f.int(partials.add(task.mul(bytes)));
    f.fill(mine, 0, bytes);
    forEachRowBlock(f, channels, blockRowsWithin(BLOCK_BYTES, channels, BLOCK_ROWS), count, moving, (n) =>
      forEachStrip(
        f,
        channels,
        (lanes) => defineSums(m, spec, lanes),
        (at) => [pDy.add(at), mine.add(at.mul(2)), n, ...[...pXs, ...means].map((pointer) => pointer.add(at))],
      ),
    );
  },
);

/** dx = a·dy + b·(x − mean) + c, from the coefficients [4, C]: mean, a, b, c. */
export const inputGradient: RowsFormula = {
  name: "batch-norm gradient apply",
  inputs: 2,
  tables: [4],
  formula: (f, [dy, x], [mean, a, b, c]) => f.madd(dy!, a!, f.madd(x!.sub(mean!), b!, c!)),
};

/** With σ = √(variance + eps): dβ = Σdy, dγ = Σdy·(x − mean)/σ; a = γ/σ, b = −a·dγ/(σ·rows), c = −a·dβ/rows. */
const mergeKernel = defineKernel(
  {
    name: "batch-norm gradient merge",
    spec: specOf<SumsSpec>(),
    args: {
      partials: "pointer",
      products: "pointer",
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
  ({ f, spec: { channels, branches } }, _, args) => {
    const { partials, products, parts, rows, gamma, mean, variance, eps, dgamma, dbeta, coefficients } = args;
    const { bytes } = partialLayout(channels, branches);
    const all = f.vec(f.splat(rows.toFloat("f64"), 1));
    forEachPair(f, channels, (c, lanes) => {
      const at = f.int(c.mul(4));
      const [p, q] = [partials, products].map((pointer) => f.int(pointer.add(at).add(at))) as [IntVar, IntVar];
      const sum = f.vec(f.splatDouble(0, 1));
      const product = f.vec(f.splatDouble(0, 1));
      f.for(0, parts, 1, () => {
        sum.set(sum.addDouble(f.load(p, 0, 1)));
        product.set(product.addDouble(f.load(q, 0, 1)));
        for (const pointer of [p, q]) pointer.inc(bytes);
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
        f.storePartial(coefficients.add(at), 4 * i * channels, row, lanes);
      });
    });
  },
);

export const gradientCoefficientBytes = (channels: number): number => 16 * channels;

/** One batch norm: what it was given, and where its gradients and the coefficients of `inputGradient` go. */
export interface NormBranch {
  readonly x: HeapOperand;
  readonly gamma: HeapOperand;
  readonly mean: HeapOperand;
  readonly variance: HeapOperand;
  readonly eps: number;
  readonly dgamma: HeapOperand;
  readonly dbeta: HeapOperand;
  readonly coefficients: number;
}

/** Writes dγ and dβ [C], and the coefficients of `inputGradient`, of all branches that dy reaches, in one pass over dy. */
export function callGradientSums(plan: Plan, dy: HeapOperand, branches: readonly NormBranch[]): void {
  const channels = branches[0]!.gamma.size;
  const rows = dy.size / channels;
  const perTask = Math.min(rows, Math.max(BLOCK_ROWS, Math.floor(TASK_ELEMENTS / channels / BLOCK_ROWS) * BLOCK_ROWS));
  const tasks = blocksOf(rows, perTask);
  const spec: SumsSpec = { channels, branches: branches.length };
  const { productOf, bytes } = partialLayout(channels, branches.length);
  const partials = plan.scratch(tasks * bytes);
  const [xs, means] = [branches.map(({ x }) => x.pointer), branches.map(({ mean }) => mean.pointer)];
  sumsKernel.call(plan, { spec, tasks, args: { dy: dy.pointer, xs, means, rows, perTask, partials } });
  branches.forEach(({ gamma, mean, variance, eps, dgamma, dbeta, coefficients }, i) => {
    mergeKernel.call(plan, {
      spec,
      tasks: 1,
      args: {
        partials,
        products: partials + productOf(i),
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
  });
}
