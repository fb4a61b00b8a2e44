/**
 * C[i, j] = Σ_r A[r, i] B[r, j] with many rows r and a small C: weight gradients (A the input, B dy) and products with a
 * transposed A. Rows go in blocks of 128 that are read ahead; a strip of A and the panels of B are copied where their rows
 * are 1 KiB or more apart, because such strides fall into the same few sets of the L1 cache.
 *
 * C is summed in a fixed number of partial matrices, each over its own run of rows, which a second call adds in order. Large
 * matrices C are cut into chunks as well.
 */
import { alignUp } from "../../../../util/align-up.js";
import type { FunctionRef, Int, IntVar, Target, WasmModule } from "../../../../wasm/index.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineRangeKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import { CACHE_LINE, defineTile, defineTouch, panelColumns, tileRows } from "./gemm-tile.js";

export const ROW_BLOCK = 128;
/** From this distance between rows on, strips and panels are copied. */
const COPY_FROM_BYTES = 1024;
/** Pieces of work wanted, for up to so many threads and even load. */
const PIECES = 64;
/** Partial matrices at most: small ones, whose sum is cheap. */
const MOST_RUNS = 128;
/** Rows or columns of C of a piece at least: below this, copying A and B for each piece costs more than 8 % of the product. */
const MIN_CHUNK = 96;
/** Fewer rows than this are not worth a partial matrix of their own. */
const MIN_PARTIAL_ROWS = 512;
/** Partial matrices together stay within this, so that they live in caches. */
const PARTIAL_BYTES = 8 << 20;
/** Of a task that sums partial matrices: 128 of them are 1 MiB. */
const COMBINE_FLOATS = 2048;

/** A made block by block instead of read from memory: im2col (conv2d.ts). A row of `i` floats is made in equal pieces, one at a time. */
export interface RowProducer {
  /** Says everything that shapes the code. */
  readonly name: string;
  readonly pieces: number;
  /** A function (source, to, firstRow, count) that writes one piece of each row, i / pieces contiguous floats. */
  define(m: WasmModule, piece: number): FunctionRef;
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
  /** C in chunks of `iChunk` rows (a multiple of the tile's) and `jChunk` columns (whole panels), and runs of `run` rows of A and B. */
  readonly iChunk: number;
  readonly iChunks: number;
  readonly jChunk: number;
  readonly jChunks: number;
  readonly run: number;
  readonly runs: number;
}

/** Cuts of i and j, no chunk below MIN_CHUNK: the pair of at least `wanted` chunks that copies least again, or the finest. */
function cutsOf({ i, j, producer }: ReductionSizes, wanted: number): [iCuts: number, jCuts: number] {
  const mostOfI = Math.min(producer?.pieces ?? i, Math.max(1, Math.floor(i / MIN_CHUNK)));
  const most = [mostOfI, Math.max(1, Math.floor(j / MIN_CHUNK))] as const;
  let best: [number, number] = [most[0], most[1]];
  let least = Number.POSITIVE_INFINITY;
  for (let iCuts = 1; iCuts <= most[0]; iCuts++) {
    const jCuts = Math.ceil(wanted / iCuts);
    // a row of A is read per cut of j, a row of B per cut of i
    const cost = jCuts * i + iCuts * j;
    if (jCuts <= most[1] && cost < least) [best, least] = [[iCuts, jCuts], cost];
  }
  return best;
}

/** From shapes only. */
function partition(sizes: ReductionSizes, target: Target): Partition {
  const { rows, i, j, producer } = sizes;
  const byMemory = Math.floor(PARTIAL_BYTES / (4 * i * j));
  const wanted = Math.max(1, Math.min(MOST_RUNS, byMemory, Math.floor(rows / MIN_PARTIAL_ROWS)));
  const run = alignUp(Math.ceil(rows / wanted), ROW_BLOCK);
  const runs = Math.ceil(rows / run);
  const [iCuts, jCuts] = cutsOf(sizes, Math.ceil(PIECES / runs));
  // whole pieces, or whole tiles
  const iChunk = alignUp(Math.ceil(i / iCuts), producer ? i / producer.pieces : tileRows(target));
  const jChunk = alignUp(Math.ceil(j / jCuts), panelColumns(target));
  return { iChunk, iChunks: blocksOf(i, iChunk), jChunk, jChunks: blocksOf(j, jChunk), run, runs };
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
  const { jChunk } = part;
  const tile = tileRows(target);
  const copyA = aRow >= COPY_FROM_BYTES;
  const copyB = bRow >= COPY_FROM_BYTES || j % target.lanes !== 0;
  const stripAt = producer ? alignUp((4 * ROW_BLOCK * i) / producer.pieces, CACHE_LINE) : 0;
  const panelsAt = stripAt + (copyA ? alignUp(4 * ROW_BLOCK * tile, CACHE_LINE) : 0);
  const workerBytes =
    panelsAt + (copyB ? alignUp(4 * ROW_BLOCK * Math.min(jChunk, alignUp(j, target.lanes)), CACHE_LINE) : 0);
  // a dense C or partial matrices: rows of j
  return { ...sizes, cRow: 4 * j, ...part, copyA, copyB, stripAt, panelsAt, workerBytes };
}

/** A task is one chunk of C over one run of rows. `c` is the dense partial matrices, or C itself when there is one run. */
const reductionKernel = defineRangeKernel(
  {
    name: "long reduction",
    spec: specOf<Layout>(),
    args: { a: "pointer", b: "pointer", c: "pointer", rows: "int" },
    scratchPerWorker: ({ workerBytes }) => workerBytes,
  },
  ({ m, f, spec, scratch }, { begin, end }, { a, b, c, rows }) => {
    const { i, j, aRow, bRow, cRow, producer, iChunk, iChunks, jChunk, jChunks, run, copyA, copyB } = spec;
    const { stripAt, panelsAt } = spec;
    const tile = tileRows(m.target);
    const width = panelColumns(m.target);
    const rest = j % width;
    const own = f.int(scratch);
    const strip = f.int(own.add(stripAt));
    const panels = f.int(own.add(panelsAt));
    const panelStep = copyB ? 4 * width * ROW_BLOCK : 4 * width;
    const restRow = 4 * alignUp(rest, m.lanes);

    // of the task's chunk of C
    const [firstI, lastI, fullPanels, columnsLeft] = [f.int(), f.int(), f.int(), f.int()];
    /** What is done for the columns behind the last full panel, where the chunk has them. */
    const forRest = (body: () => void) => {
      if (rest === 0) return;
      if (jChunks === 1) body();
      else f.if(columnsLeft.notEqual(0), body);
    };

    /** The panels of B of a block, and where they lie. */
    const panelsOf = (bBlock: IntVar, count: IntVar): IntVar => {
      if (!copyB) return bBlock;
      const p = f.int(bBlock);
      const out = f.int(panels);
      f.for(0, fullPanels, 1, () => {
        f.call(defineCopy(m, width, bRow, 4 * width), p, out, count);
        p.inc(4 * width);
        out.inc(panelStep);
      });
      forRest(() => f.call(defineCopy(m, rest, bRow, restRow), p, out, count));
      return panels;
    };

    /** C += Aᵀ B for `height` columns of A from `a` on, over `count` rows; some of the heights have `tail` columns behind the last whole tile. */
    const multiply = (aFirst: Int, cFirst: Int, height: Int, tail: number, bBase: IntVar, count: IntVar) => {
      const [ai, ci, left] = [f.int(aFirst), f.int(cFirst), f.int(height)];
      const [bj, cj] = [f.int(), f.int()];
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
        forRest(() => {
          const restK = copyB ? restRow : bRow;
          f.call(defineTile(m, height, rest, { ...tileLayout, bK: restK }, true), from, bj, cj, count);
        });
        ai.inc(4 * height);
        ci.inc(height * cRow);
      };
      f.while(
        () => left.atLeast(tile),
        () => {
          stripOf(tile);
          left.inc(-tile);
        },
      );
      if (tail > 0) f.if(left.notEqual(0), () => stripOf(tail));
    };

    /** Makes the chunk's pieces of A's rows one after the other, each multiplied while it is in a cache. */
    const multiplyMade = (
      { pieces, define }: RowProducer,
      row: IntVar,
      cChunk: IntVar,
      bBase: IntVar,
      count: IntVar,
    ) => {
      const floats = i / pieces;
      const ci = f.int(cChunk);
      f.for(firstI, lastI, floats, (first) => {
        for (let piece = 0; piece < pieces; piece++)
          f.if(first.equal(piece * floats), () => f.call(define(m, piece), a, own, row, count));
        multiply(own, ci, f.int(floats), floats % tile, bBase, count);
        ci.inc(floats * cRow);
      });
    };

    f.for(begin, end, 1, (task) => {
      const rowsOfC = f.int(task.div(jChunks));
      const part = f.int(rowsOfC.div(iChunks));
      firstI.set(rowsOfC.sub(part.mul(iChunks)).mul(iChunk));
      lastI.set(firstI.add(iChunk).min(i));
      const firstJ = f.int(task.sub(rowsOfC.mul(jChunks)).mul(jChunk));
      const columns = f.int(firstJ.add(jChunk).min(j).sub(firstJ));
      fullPanels.set(columns.div(width));
      columnsLeft.set(columns.sub(fullPanels.mul(width)));
      const cChunk = f.int(
        c
          .add(part.mul(4 * i * j))
          .add(firstI.mul(cRow))
          .add(firstJ.mul(4)),
      );
      if (jChunks === 1) f.fill(cChunk, 0, lastI.sub(firstI).mul(cRow));
      else {
        const row = f.int(cChunk);
        f.for(firstI, lastI, 1, () => {
          f.fill(row, 0, columns.mul(4));
          row.inc(cRow);
        });
      }
      const lastRow = f.int(part.add(1).mul(run).min(rows));
      f.for(part.mul(run), lastRow, ROW_BLOCK, (row) => {
        const count = f.int(lastRow.sub(row).min(ROW_BLOCK));
        const bBlock = f.int(b.add(row.mul(bRow)).add(firstJ.mul(4)));
        if (bRow === 4 * j && jChunks === 1) f.call(defineTouch(m), bBlock, count.mul(bRow));
        if (producer) {
          multiplyMade(producer, row, cChunk, panelsOf(bBlock, count), count);
          return;
        }
        const aBlock = f.int(a.add(row.mul(aRow)));
        if (aRow === 4 * i) f.call(defineTouch(m), aBlock, count.mul(aRow));
        multiply(aBlock.add(firstI.mul(4)), cChunk, lastI.sub(firstI), i % tile, panelsOf(bBlock, count), count);
      });
    });
  },
);

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
  const part = partition(sizes, plan.target);
  const isDirect = part.runs === 1 && cRow === 4 * j;
  const partials = isDirect ? c : plan.scratch(4 * i * j * part.runs);
  reductionKernel.call(plan, {
    spec: layoutOf(plan.target, sizes, part),
    tasks: part.iChunks * part.jChunks * part.runs,
    args: { a, b, c: partials, rows },
  });
  if (isDirect) return;
  combineKernel.call(plan, {
    spec: { i, j, parts: part.runs, cRow },
    tasks: blocksOf(i, combineRows(j)),
    args: { from: partials, to: c },
  });
}
