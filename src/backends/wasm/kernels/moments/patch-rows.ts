/**
 * The patches of one group as rows [M, K] of float32, minus a pivot: what both moments and their gradient multiply. Rows are
 * read where they lie (1×1, stride 1) or written out window by window, block by block, into scratch, and centred there.
 *
 * The pivot is the mean of a few rows spread over all of them: near enough to the mean that products of what is left lose
 * nothing to cancellation, and cheaper than a pass over everything.
 */
import { alignUp } from "../../../../util/align-up.js";
import type { FunctionBuilder, FunctionRef, IntLike, IntVar, WasmModule } from "../../../../wasm/index.js";
import { forEachStrip, paddedChannels, piecesOf } from "../blocks/channels.js";
import { defineWindowRows, type WindowSpec } from "../convolution/dense/window-rows.js";
import { defineKernel, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import { CACHE_LINE, defineTouch } from "../products/gemm-tile.js";

/**
 * Rows whose products are summed in float32, before they are added to float64 totals (docs/folded-training.md 4). The error
 * of a covariance grows with it where rows are few: 128 cost digits, 32 cost more time than they save digits.
 */
export const BLOCK_ROWS = 64;
const SAMPLED_ROWS = 256;

/** What shapes the code. */
export interface PatchShape {
  /** K. */
  readonly k: number;
  /** Bytes from row to row where the rows lie in memory. */
  readonly rowBytes: number;
  /** How rows are made where they do not. */
  readonly windows: WindowSpec | null;
}

export interface PatchRows extends PatchShape {
  /** M. */
  readonly rows: number;
}

/** Bytes between centred rows of at least `floats`: full vectors of 8, and no stride that falls into few sets of the L1 cache. */
export function pitchOf(floats: number): number {
  const bytes = 32 * Math.ceil(floats / 8);
  return bytes % 512 === 0 ? bytes + 64 : bytes;
}

/** Scratch of one worker for a block of centred rows of `pitch` bytes, and for windows before they are centred. */
export const blockBytes = ({ k, windows }: PatchShape, pitch: number): { windows: number; all: number } => {
  const centred = alignUp(BLOCK_ROWS * pitch, CACHE_LINE);
  return { windows: centred, all: centred + (windows ? alignUp(4 * k * BLOCK_ROWS, CACHE_LINE) : 0) };
};

/** Calls `visit` with the address of a block of rows as they are, and their distance. */
function withRows(
  m: WasmModule,
  f: FunctionBuilder,
  { k, rowBytes, windows }: PatchShape,
  x: IntVar,
  scratch: IntLike,
  row: IntVar,
  count: IntLike,
  visit: (from: IntVar, fromRow: number) => void,
): void {
  if (!windows) {
    visit(f.int(x.add(row.mul(rowBytes))), rowBytes);
    return;
  }
  const made = f.int(scratch);
  f.call(defineWindowRows(m, windows), x, made, row, count);
  visit(made, 4 * k);
}

/** (from, pivot, to, sums, rows): to = from − pivot, and in `sums` (f32) what that adds up to. */
const defineCentre = (m: WasmModule, fromRow: number, toRow: number, lanes: number): FunctionRef =>
  m.function(
    `centre ${fromRow} ${toRow} ${lanes}`,
    ["i32", "i32", "i32", "i32", "i32"],
    (f, from, pivot, to, sums, rows) => {
      const pieces = piecesOf(lanes).map((piece) => ({
        ...piece,
        pivot: f.vec(f.load(pivot, piece.at, piece.parts)),
        sum: f.vec(0, piece.parts),
      }));
      f.for(0, rows, 1, () => {
        for (const { lanes: own, parts, at, pivot: shift, sum } of pieces)
          f.fence(() => {
            const v = f.vec(f.loadPartial(from, at, own, parts).sub(shift));
            sum.set(sum.add(v));
            f.store(to, at, v);
          });
        from.inc(fromRow);
        to.inc(toRow);
      });
      for (const { at, sum } of pieces) f.store(sums, at, sum);
    },
  );

/**
 * Writes up to BLOCK_ROWS rows from `row` on, minus the pivot, into `block` (see blockBytes), `pitch` bytes apart, padded with
 * zeros to full vectors; their column sums, as f32, into `sums` [paddedChannels(k)].
 */
export function centreBlock(
  m: WasmModule,
  f: FunctionBuilder,
  patches: PatchShape,
  { x, pivot, block, sums, pitch }: { x: IntVar; pivot: IntVar; block: IntVar; sums: IntLike; pitch: number },
  row: IntVar,
  count: IntVar,
): void {
  const { k, rowBytes } = patches;
  withRows(m, f, patches, x, block.add(blockBytes(patches, pitch).windows), row, count, (from, fromRow) => {
    if (!patches.windows && rowBytes === 4 * k) f.call(defineTouch(m), from, count.mul(rowBytes));
    forEachStrip(
      f,
      k,
      (lanes) => defineCentre(m, fromRow, pitch, lanes),
      (at) => [from.add(at), pivot.add(at), block.add(at), at.add(sums), count],
    );
  });
}

/** (from, total, rows): total (f32) += the rows' sum. */
const defineSum = (m: WasmModule, fromRow: number, lanes: number): FunctionRef =>
  m.function(`sum ${fromRow} ${lanes}`, ["i32", "i32"], (f, from, total) => {
    for (const { lanes: own, parts, at } of piecesOf(lanes))
      f.store(total, at, f.load(total, at, parts).add(f.loadPartial(from, at, own, parts)));
  });

const pivotKernel = defineKernel(
  {
    name: "patch pivot",
    spec: specOf<PatchShape>(),
    args: { x: "pointer", pivot: "pointer", rows: "int", count: "int", made: "pointer" },
  },
  ({ m, f, spec: patches }, _, { x, pivot, rows, count, made }) => {
    const bytes = 4 * paddedChannels(patches.k);
    f.fill(pivot, 0, bytes);
    const step = f.int(rows.div(count));
    const row = f.int(0);
    f.for(0, count, 1, () => {
      withRows(m, f, patches, x, made, row, 1, (from, fromRow) =>
        forEachStrip(
          f,
          patches.k,
          (lanes) => defineSum(m, fromRow, lanes),
          (at) => [from.add(at), pivot.add(at)],
        ),
      );
      row.inc(step);
    });
    f.for(0, bytes, 16, (at) => {
      const p = f.int(pivot.add(at));
      f.store(p, 0, f.load(p, 0, 1).div(f.splat(count.toFloat("f32"), 1)));
    });
  },
);

/** The pivot of the rows, float32 [paddedChannels(k)] with zeros behind k, in scratch. */
export function callPivot(plan: Plan, patches: PatchRows, x: number): number {
  const pivot = plan.scratch(4 * paddedChannels(patches.k));
  const made = patches.windows ? plan.scratch(4 * patches.k) : 0;
  const { rows, ...shape } = patches;
  pivotKernel.call(plan, {
    spec: shape,
    tasks: 1,
    args: { x, pivot, rows, count: Math.min(rows, SAMPLED_ROWS), made },
  });
  return pivot;
}
