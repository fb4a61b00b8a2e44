/**
 * Mean and covariance of patch rows [M, K]: products of centred rows on the tiles of gemm-tile.ts, summed in float32 over
 * blocks of BLOCK_ROWS rows and from there on in float64, upper triangle only. Tasks are runs of rows with totals of their own,
 * which two more calls add up in order.
 */
import { alignUp } from "../../../../util/align-up.js";
import { type FunctionRef, loadDoubles, type Target, type WasmModule } from "../../../../wasm/index.js";
import { paddedChannels } from "../blocks/channels.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import { CACHE_LINE, defineTile, panelColumns, tileRows } from "../products/gemm-tile.js";
import {
  BLOCK_ROWS,
  blockBytes,
  callPivot,
  centreBlock,
  type PatchRows,
  type PatchShape,
  pitchOf,
} from "./patch-rows.js";

/** Runs of rows at most, each with totals of its own: enough for 64 threads where totals are small. */
const RUNS = 64;
/** Pieces of work wanted: 32 threads and more still find some, and two end together. */
const PIECES = 64;
/** Rows of the matrix that a piece has at least: each piece centres its rows anew. */
const LEAST_CHUNK = 84;
/** Totals together stay within this. */
const TOTAL_BYTES = 8 << 20;

/** What shapes the code. */
interface Layout {
  readonly patches: PatchShape;
  /** Bytes between centred rows, and between rows of a float64 total. */
  readonly pitch: number;
  readonly totalRow: number;
  /** Rows of a task. */
  readonly run: number;
  /** Rows of the Gram matrix of a task (a multiple of the tile's), and how many such chunks there are. */
  readonly chunk: number;
  readonly chunks: number;
  /** Byte offsets in a worker's scratch: products of a strip, sums of a block. */
  readonly stripAt: number;
  readonly sumsAt: number;
  readonly workerBytes: number;
}

/** The layout, and how many runs of rows there are. */
function layoutOf(target: Target, { rows, ...patches }: PatchRows): [Layout, runs: number] {
  const { k } = patches;
  const tile = tileRows(target);
  const columns = alignUp(k, panelColumns(target));
  const byMemory = Math.max(1, Math.floor(TOTAL_BYTES / (8 * k * columns)));
  const wanted = Math.max(1, Math.min(RUNS, byMemory, blocksOf(rows, BLOCK_ROWS)));
  const run = alignUp(blocksOf(rows, wanted), BLOCK_ROWS);
  const runs = blocksOf(rows, run);
  const chunks = Math.max(1, Math.min(Math.floor(PIECES / runs), Math.floor(k / LEAST_CHUNK)));
  const chunk = alignUp(blocksOf(k, chunks), tile);
  const pitch = pitchOf(k);
  const stripAt = blockBytes(patches, pitch).all;
  const sumsAt = stripAt + alignUp(4 * tile * columns, CACHE_LINE);
  const workerBytes = sumsAt + 4 * paddedChannels(k);
  return [
    { patches, pitch, totalRow: 8 * columns, run, chunk, chunks: blocksOf(k, chunk), stripAt, sumsAt, workerBytes },
    runs,
  ];
}

/** (from, to, columns): to (f64) += from (f32), whole panels. */
export const defineAdd = (m: WasmModule): FunctionRef =>
  m.function("add to doubles", ["i32", "i32", "i32"], (f, from, to, columns) => {
    const width = panelColumns(m.target);
    f.for(0, columns, width, () => {
      for (let j = 0; j < width; j += (2 * m.lanes) / 4)
        f.store(to, 8 * j, f.load(to, 8 * j).addDouble(loadDoubles(f, from, 4 * j)));
      from.inc(4 * width);
      to.inc(8 * width);
    });
  });

/** A task is one chunk of the Gram matrix over one run of rows; it leaves the chunk in `totals`, and column sums in `sums`. */
const gramKernel = defineKernel(
  {
    name: "gram",
    spec: specOf<Layout>(),
    args: { x: "pointer", pivot: "pointer", totals: "pointer", sums: "pointer", rows: "int" },
    scratchPerWorker: ({ workerBytes }) => workerBytes,
  },
  ({ m, f, spec, scratch }, task, { x, pivot, totals, sums, rows }) => {
    const { patches, pitch, totalRow, run, chunk, chunks, stripAt, sumsAt } = spec;
    const { k } = patches;
    const tile = tileRows(m.target);
    const width = panelColumns(m.target);
    const block = f.int(scratch);
    const [products, blockSums] = [f.int(block.add(stripAt)), f.int(block.add(sumsAt))];
    const part = f.int(task.div(chunks));
    const firstI = f.int(task.sub(part.mul(chunks)).mul(chunk));
    const lastI = f.int(firstI.add(chunk).min(k));
    const total = f.int(totals.add(part.mul(k * totalRow)));
    const mySums = f.int(sums.add(part.mul(8 * paddedChannels(k))));
    f.fill(total.add(firstI.mul(totalRow)), 0, lastI.sub(firstI).mul(totalRow));
    f.if(firstI.equal(0), () => f.fill(mySums, 0, 8 * paddedChannels(k)));
    const tileLayout = { aRow: 4, aK: pitch, bK: pitch, cRow: totalRow / 2 };
    const lastRow = f.int(part.add(1).mul(run).min(rows));
    f.for(part.mul(run), lastRow, BLOCK_ROWS, (row) => {
      const count = f.int(lastRow.sub(row).min(BLOCK_ROWS));
      centreBlock(m, f, patches, { x, pivot, block, sums: blockSums, pitch }, row, count);
      f.if(firstI.equal(0), () =>
        f.for(0, k, 4, (c) => {
          const [from, to] = [f.int(blockSums.add(c.mul(4))), f.int(mySums.add(c.mul(8)))];
          for (const pair of [0, 1])
            f.store(to, 16 * pair, f.load(to, 16 * pair, 1).addDouble(loadDoubles(f, from, 8 * pair, 1)));
        }),
      );
      const i = f.int(firstI);
      const stripOf = (height: number) => {
        // panels left of the diagonal repeat what is above it
        const column = f.int(i.div(width).mul(width));
        const columns = f.int(Math.floor(k / width) * width);
        const [b, c] = [f.int(block.add(column.mul(4))), f.int(products.add(column.mul(4)))];
        const a = f.int(block.add(i.mul(4)));
        f.for(column, columns, width, () => {
          f.call(defineTile(m, height, width, tileLayout, false), a, b, c, count);
          b.inc(4 * width);
          c.inc(4 * width);
        });
        if (k % width > 0) f.call(defineTile(m, height, k % width, tileLayout, false), a, b, c, count);
        const from = f.int(products.add(column.mul(4)));
        const to = f.int(total.add(i.mul(totalRow)).add(column.mul(8)));
        const span = f.int(columns.sub(column).add(k % width > 0 ? width : 0));
        for (let r = 0; r < height; r++) f.call(defineAdd(m), from.add((r * totalRow) / 2), to.add(r * totalRow), span);
        i.inc(height);
      };
      f.while(
        () => lastI.atLeast(i.add(tile)),
        () => stripOf(tile),
      );
      if (k % tile > 0) f.if(i.below(lastI), () => stripOf(k % tile));
    });
  },
);

interface MeanSpec {
  readonly k: number;
}

/** mean = pivot + shift, where shift = Σ sums / rows goes to scratch for the covariance. Both f64. */
const meanKernel = defineKernel(
  {
    name: "gram mean",
    spec: specOf<MeanSpec>(),
    args: { pivot: "pointer", sums: "pointer", runs: "int", rows: "int", mean: "pointer", shift: "pointer" },
  },
  ({ f, spec: { k } }, _, { pivot, sums, runs, rows, mean, shift }) => {
    f.for(0, k, 1, (i) => {
      const p = f.int(sums.add(i.mul(8)));
      const total = f.f64(0);
      f.for(0, runs, 1, () => {
        total.set(total.add(f.loadFloat("f64", p)));
        p.inc(8 * paddedChannels(k));
      });
      total.set(total.div(rows.toFloat("f64")));
      f.storeFloat(shift.add(i.mul(8)), 0, total);
      f.storeFloat(
        mean.add(i.mul(8)),
        0,
        f
          .loadFloat("f32", pivot.add(i.mul(4)))
          .promote()
          .add(total),
      );
    });
  },
);

interface CovarianceSpec extends MeanSpec {
  /** Bytes between rows of a float64 total. */
  readonly totalRow: number;
}

/** covariance[i, j] = Σ totals / rows − shift_i shift_j. A task is a row from its diagonal on, and the column that mirrors it. */
const covarianceKernel = defineKernel(
  {
    name: "gram covariance",
    spec: specOf<CovarianceSpec>(),
    args: { totals: "pointer", runs: "int", rows: "int", shift: "pointer", covariance: "pointer" },
  },
  ({ f, spec: { k, totalRow } }, i, { totals, runs, rows, shift, covariance }) => {
    const own = f.f64(f.loadFloat("f64", shift.add(i.mul(8))));
    const count = f.f64(rows.toFloat("f64"));
    f.for(i, k, 1, (j) => {
      const p = f.int(totals.add(i.mul(totalRow)).add(j.mul(8)));
      const total = f.f64(0);
      f.for(0, runs, 1, () => {
        total.set(total.add(f.loadFloat("f64", p)));
        p.inc(k * totalRow);
      });
      total.set(total.div(count).sub(own.mul(f.loadFloat("f64", shift.add(j.mul(8))))));
      f.storeFloat(covariance.add(i.mul(8 * k)).add(j.mul(8)), 0, total);
      f.storeFloat(covariance.add(j.mul(8 * k)).add(i.mul(8)), 0, total);
    });
  },
);

/** Writes mean [K] and covariance [K, K] (float64) of the rows at `x`. */
export function callGram(plan: Plan, patches: PatchRows, x: number, mean: number, covariance: number): void {
  const { k, rows } = patches;
  const [layout, runs] = layoutOf(plan.target, patches);
  const { chunks, totalRow } = layout;
  const pivot = callPivot(plan, patches, x);
  const totals = plan.scratch(runs * k * totalRow);
  const sums = plan.scratch(8 * runs * paddedChannels(k));
  const shift = plan.scratch(8 * k);
  gramKernel.call(plan, { spec: layout, tasks: runs * chunks, args: { x, pivot, totals, sums, rows } });
  meanKernel.call(plan, { spec: { k }, tasks: 1, args: { pivot, sums, runs, rows, mean, shift } });
  covarianceKernel.call(plan, { spec: { k, totalRow }, tasks: k, args: { totals, runs, rows, shift, covariance } });
}
