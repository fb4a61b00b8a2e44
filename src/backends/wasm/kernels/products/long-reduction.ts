/**
 * C[i, j] = Σ_r A[r, i] B[r, j] with many rows r and a small C: weight gradients (A the input, B dy) and products with a
 * transposed A. Rows go in blocks of 128 that are read ahead; a strip of A and the panels of B are copied where their rows
 * are 1 KiB or more apart, because such strides fall into the same few sets of the L1 cache.
 *
 * C is summed in a fixed number of partial matrices, each over its own run of rows, which a second call adds in order.
 */
import { alignUp } from "../../../../util/align-up.js";
import type { FunctionBuilder, FunctionRef, IntVar, Target, WasmModule } from "../../../../wasm/index.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineRangeKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import { CACHE_LINE, defineTile, defineTouch, panelColumns, tileRows } from "./gemm-tile.js";

export const ROW_BLOCK = 128;
/** From this distance between rows on, strips and panels are copied. */
const COPY_FROM_BYTES = 1024;
/** Runs of rows wanted, each with a partial matrix of its own. */
const RUNS = 16;
/** Pieces of work wanted: 32 threads and more still find some, and two end together. */
const PIECES = 32;
/** Fewer rows than this are not worth a partial matrix of their own. */
const MIN_PARTIAL_ROWS = 2 * ROW_BLOCK;
/** Partial matrices together stay within this, so that they live in caches. */
const PARTIAL_BYTES = 4 << 20;
const COMBINE_FLOATS = 8192;

/** A made row block by block instead of read from memory: im2col (conv2d.ts). */
export interface RowProducer {
  /** Says everything that shapes the code. */
  readonly name: string;
  /** A function (source, to, firstRow, count) that writes rows of `i` contiguous floats. */
  define(m: WasmModule): FunctionRef;
}

export interface ReductionSizes {
  readonly rows: number;
  readonly i: number;
  readonly j: number;
  /** Bytes from row to row. */
  readonly aRow: number;
  readonly bRow: number;
  readonly cRow: number;
  readonly producer?: RowProducer;
}

interface Partition {
  /** Strips of C of `chunk` rows of i each (a multiple of the tile's rows), and runs of `run` rows. */
  readonly chunk: number;
  readonly chunks: number;
  readonly run: number;
  readonly runs: number;
}

/** From shapes only. Cutting i costs another copy of B's panels per cut, cutting rows another partial matrix. */
function partition({ rows, i, j, producer }: ReductionSizes, tile: number): Partition {
  const byMemory = Math.max(1, Math.floor(PARTIAL_BYTES / (4 * i * j)));
  const wanted = Math.max(1, Math.min(RUNS, byMemory, Math.floor(rows / MIN_PARTIAL_ROWS)));
  const run = alignUp(Math.ceil(rows / wanted), ROW_BLOCK);
  const runs = Math.ceil(rows / run);
  // made rows would be made again for every cut
  const cuts = producer ? 1 : Math.max(1, Math.min(Math.floor(PIECES / runs), Math.floor(i / 48)));
  const chunk = alignUp(Math.ceil(i / cuts), tile);
  return { chunk, chunks: Math.ceil(i / chunk), run, runs };
}

/** (from, to, rows): copies `columns` floats of each row, padded with zeros to full vectors, to adjacent rows of `toRow` bytes. */
const defineCopy = (m: WasmModule, columns: number, fromRow: number, toRow: number): FunctionRef =>
  m.function(`copy ${columns} ${fromRow} ${toRow}`, ["i32", "i32", "i32"], (f, from, to, rows) => {
    f.for(0, rows, 1, () => {
      for (let at = 0; at < columns; at += 4) {
        const part = f.loadPartial(from, 4 * at, Math.min(4, columns - at), 1);
        f.storePartial(to, 4 * at, part, Math.min(4, toRow / 4 - at));
      }
      from.inc(fromRow);
      to.inc(toRow);
    });
  });

/** What shapes the code: everything but the number of rows. */
interface Layout extends Omit<Partition, "runs">, Omit<ReductionSizes, "rows"> {
  readonly copyA: boolean;
  readonly copyB: boolean;
  /** Byte offsets within a worker's scratch, and its size. */
  readonly stripAt: number;
  readonly panelsAt: number;
  readonly workerBytes: number;
}

function layoutOf(target: Target, { rows: _, ...sizes }: ReductionSizes, { runs: __, ...part }: Partition): Layout {
  const { i, j, aRow, bRow, producer } = sizes;
  const tile = tileRows(target);
  const copyA = aRow >= COPY_FROM_BYTES;
  const copyB = bRow >= COPY_FROM_BYTES || j % target.lanes !== 0;
  const stripAt = producer ? alignUp(4 * ROW_BLOCK * i, CACHE_LINE) : 0;
  const panelsAt = stripAt + (copyA ? alignUp(4 * ROW_BLOCK * tile, CACHE_LINE) : 0);
  const workerBytes = panelsAt + (copyB ? alignUp(4 * ROW_BLOCK * alignUp(j, target.lanes), CACHE_LINE) : 0);
  // a dense C or partial matrices: rows of j
  return { ...sizes, cRow: 4 * j, ...part, copyA, copyB, stripAt, panelsAt, workerBytes };
}

/** A task is one chunk of i over one run of rows. `c` is the dense partial matrices, or C itself when there is one run. */
const reductionKernel = defineRangeKernel(
  {
    name: "long reduction",
    spec: specOf<Layout>(),
    args: { a: "pointer", b: "pointer", c: "pointer", rows: "int" },
    scratchPerWorker: ({ workerBytes }) => workerBytes,
  },
  ({ m, f, spec, scratch }, { begin, end }, { a, b, c, rows }) => {
    const { i, j, aRow, bRow, cRow, producer, chunk, chunks, run, copyA, copyB, stripAt, panelsAt } = spec;
    const tile = tileRows(m.target);
    const width = panelColumns(m.target);
    const fullPanels = Math.floor(j / width);
    const rest = j % width;
    const own = f.int(scratch);
    const strip = f.int(own.add(stripAt));
    const panels = f.int(own.add(panelsAt));
    const panelStep = copyB ? 4 * width * ROW_BLOCK : 4 * width;
    const restRow = 4 * alignUp(rest, m.lanes);

    const block = (aBlock: IntVar, bBlock: IntVar, cChunk: IntVar, firstI: IntVar, lastI: IntVar, count: IntVar) => {
      const bBase = copyB ? panels : bBlock;
      if (copyB) copyPanels(m, f, bBlock, panels, count, { width, fullPanels, rest, restRow, bRow, panelStep });
      const bj = f.int();
      const cj = f.int();
      const ai = f.int(aBlock.add(firstI.mul(4)));
      const ci = f.int(cChunk);
      const stripOf = (height: number) => {
        if (copyA) f.call(defineCopy(m, height, aRow, 4 * height), ai, strip, count);
        const from = copyA ? strip : ai;
        const tileLayout = { aRow: 4, aK: copyA ? 4 * height : aRow, cRow };
        const bK = copyB ? 4 * width : bRow;
        bj.set(bBase);
        cj.set(ci);
        f.for(0, fullPanels, 1, () => {
          f.call(defineTile(m, height, width, { ...tileLayout, bK }, true), from, bj, cj, count);
          bj.inc(panelStep);
          cj.inc(4 * width);
        });
        if (rest > 0) {
          const restK = copyB ? restRow : bRow;
          f.call(defineTile(m, height, rest, { ...tileLayout, bK: restK }, true), from, bj, cj, count);
        }
        ai.inc(4 * height);
        ci.inc(height * cRow);
      };
      const left = f.int(lastI.sub(firstI));
      f.while(
        () => left.atLeast(tile),
        () => {
          stripOf(tile);
          left.inc(-tile);
        },
      );
      if (i % tile > 0) f.if(left.notEqual(0), () => stripOf(i % tile));
    };

    f.for(begin, end, 1, (task) => {
      const part = f.int(task.div(chunks));
      const firstI = f.int(task.sub(part.mul(chunks)).mul(chunk));
      const lastI = f.int(firstI.add(chunk).min(i));
      const cChunk = f.int(c.add(part.mul(4 * i * j)).add(firstI.mul(cRow)));
      f.fill(cChunk, 0, lastI.sub(firstI).mul(cRow));
      const lastRow = f.int(part.add(1).mul(run).min(rows));
      f.for(part.mul(run), lastRow, ROW_BLOCK, (row) => {
        const count = f.int(lastRow.sub(row).min(ROW_BLOCK));
        const bBlock = f.int(b.add(row.mul(bRow)));
        const aBlock = f.int(producer ? own : a.add(row.mul(aRow)));
        if (producer) f.call(producer.define(m), a, own, row, count);
        else if (aRow === 4 * i) f.call(defineTouch(m), aBlock, count.mul(aRow));
        if (bRow === 4 * j) f.call(defineTouch(m), bBlock, count.mul(bRow));
        block(aBlock, bBlock, cChunk, firstI, lastI, count);
      });
    });
  },
);

interface PanelCopy {
  readonly width: number;
  readonly fullPanels: number;
  readonly rest: number;
  readonly restRow: number;
  readonly bRow: number;
  readonly panelStep: number;
}

function copyPanels(m: WasmModule, f: FunctionBuilder, from: IntVar, to: IntVar, count: IntVar, copy: PanelCopy): void {
  const { width, fullPanels, rest, restRow, bRow, panelStep } = copy;
  const p = f.int(from);
  const out = f.int(to);
  f.for(0, fullPanels, 1, () => {
    f.call(defineCopy(m, width, bRow, 4 * width), p, out, count);
    p.inc(4 * width);
    out.inc(panelStep);
  });
  if (rest > 0) f.call(defineCopy(m, rest, bRow, restRow), p, out, count);
}

interface CombineSpec {
  readonly i: number;
  readonly j: number;
  readonly parts: number;
  readonly cRow: number;
}

const combineRows = (j: number): number => Math.max(1, Math.floor(COMBINE_FLOATS / j));

/** C[row, :j] = the sum of `parts` dense matrices [i, j], in order. A task is a run of rows of C. */
const combineKernel = defineRangeKernel(
  { name: "combine matrices", spec: specOf<CombineSpec>(), args: { from: "pointer", to: "pointer" } },
  ({ m, f, spec: { i, j, parts, cRow } }, { begin, end }, { from, to }) => {
    const rowsPerTask = combineRows(j);
    const first = f.int(begin.mul(rowsPerTask));
    const p = f.int(from.add(first.mul(4 * j)));
    const out = f.int(to.add(first.mul(cRow)));
    const whole = j - (j % m.lanes);
    const add = (at: IntVar | number, count: number) => {
      const source = f.int(p.add(at));
      const total = f.vec(f.loadPartial(source, 0, count));
      f.for(1, parts, 1, () => {
        source.inc(4 * i * j);
        total.set(total.add(f.loadPartial(source, 0, count)));
      });
      f.storePartial(out.add(at), 0, total, count);
    };
    f.for(first, end.mul(rowsPerTask).min(i), 1, () => {
      f.for(0, 4 * whole, 4 * m.lanes, (at) => add(at, m.lanes));
      if (whole < j) add(4 * whole, j - whole);
      p.inc(4 * j);
      out.inc(cRow);
    });
  },
);

/** Runs the product. */
export function longReduction(plan: Plan, sizes: ReductionSizes, a: number, b: number, c: number): void {
  const { rows, i, j, cRow } = sizes;
  const part = partition(sizes, tileRows(plan.target));
  const isDirect = part.runs === 1 && cRow === 4 * j;
  const partials = isDirect ? c : plan.scratch(4 * i * j * part.runs);
  reductionKernel.call(plan, {
    spec: layoutOf(plan.target, sizes, part),
    tasks: part.chunks * part.runs,
    args: { a, b, c: partials, rows },
  });
  if (isDirect) return;
  combineKernel.call(plan, {
    spec: { i, j, parts: part.runs, cRow },
    tasks: blocksOf(i, combineRows(j)),
    args: { from: partials, to: c },
  });
}
