/**
 * What reaches the rows x [M, C] of a 1×1 convolution through their moments: dx = (x − μ) D + dμ/M, D = (dΣ + dΣᵀ)/M. One
 * matrix product over centred rows, block by block in scratch; a column of ones beside them brings in the constant.
 */
import type { BehindAttrs } from "../../../../ops/spec/index.js";
import { alignUp } from "../../../../util/align-up.js";
import type { FunctionRef, WasmModule } from "../../../../wasm/index.js";
import { forEachStrip, paddedChannels, piecesOf } from "../blocks/channels.js";
import { applyReluRows, callMergeSums, type ReluRows, SUM_ROWS, sumBytes, sumTaskRows } from "../blocks/relu-rows.js";
import { blocksOf } from "../blocks/tasks.js";
import { defineKernel, list, specOf } from "../define-kernel.js";
import type { Plan } from "../plan.js";
import { taskRows } from "../products/gemm.js";
import { blockRows, defineRows, packedBytes, panelColumns, type RowsSpec, tileRows } from "../products/gemm-tile.js";
import { matrixSource, pack } from "../products/pack.js";
import { pitchOf } from "./patch-rows.js";

/** Bytes of centred rows made at a time: they should still be in the L1 or L2 cache when the product reads them. */
const BLOCK_BYTES = 1 << 16;

interface Channels {
  readonly c: number;
}

/**
 * The product's right side B [c + 1, c] in panels: rows 0 … c − 1 are D; row c, which meets the column of ones, is the
 * constant dμ/M plus (μ as float32 − μ) D, so that the rounding of μ costs nothing. A task is a panel.
 */
const packKernel = defineKernel(
  {
    name: "moments pack",
    spec: specOf<Channels>(),
    args: { dcovariance: "pointer", mean: "pointer", dmean: "pointer", rows: "int", to: "pointer" },
  },
  ({ m, f, spec: { c } }, panel, { dcovariance, mean, dmean, rows, to }) => {
    const width = panelColumns(m.target);
    const count = f.f64(rows.toFloat("f64"));
    const first = f.int(panel.mul(width));
    const columns = f.int(first.add(width).min(c).sub(first));
    // the last panel is as wide as its vectors
    const rowFloats = f.int(
      columns
        .add(m.lanes - 1)
        .div(m.lanes)
        .mul(m.lanes),
    );
    const base = f.int(to.add(first.mul(4 * (c + 1))));
    f.fill(base, 0, rowFloats.mul(4 * (c + 1)));
    f.for(0, columns, 1, (column) => {
      const j = f.int(first.add(column));
      const out = f.int(base.add(column.mul(4)));
      const [down, across] = [f.int(dcovariance.add(j.mul(8))), f.int(dcovariance.add(j.mul(8 * c)))];
      const p = f.int(mean);
      const constant = f.f64(f.loadFloat("f64", dmean.add(j.mul(8))).div(count));
      const d = f.f64();
      const mu = f.f64();
      f.for(0, c, 1, () => {
        d.set(f.loadFloat("f64", down).add(f.loadFloat("f64", across)).div(count));
        f.storeFloat(out, 0, d.demote());
        mu.set(f.loadFloat("f64", p));
        constant.set(constant.add(mu.demote().promote().sub(mu).mul(d)));
        down.inc(8 * c);
        across.inc(8);
        p.inc(8);
        out.inc(rowFloats.mul(4));
      });
      f.storeFloat(out, 0, constant.demote());
    });
  },
);

/** (x, mean, to, rows): to = x − mean (float32) for one strip of channels. */
const defineCentre = (m: WasmModule, c: number, pitch: number, lanes: number): FunctionRef =>
  m.function(`centre ${c} ${pitch} ${lanes}`, ["i32", "i32", "i32", "i32"], (f, x, mean, to, rows) => {
    const pieces = piecesOf(lanes).map((piece) => ({ ...piece, mean: f.vec(f.load(mean, piece.at, piece.parts)) }));
    f.for(0, rows, 1, () => {
      for (const { lanes: own, parts, at, mean: shift } of pieces)
        f.storePartial(to, at, f.loadPartial(x, at, own, parts).sub(shift), own);
      x.inc(4 * c);
      to.inc(pitch);
    });
  });

const roundMeanKernel = defineKernel(
  { name: "moments mean", spec: specOf<Channels>(), args: { mean: "pointer", to: "pointer" } },
  ({ f, spec: { c } }, _, { mean, to }) => {
    f.fill(to, 0, 4 * paddedChannels(c));
    f.for(0, c, 1, (i) => f.storeFloat(to.add(i.mul(4)), 0, f.loadFloat("f64", mean.add(i.mul(8))).demote()));
  },
);

/** The product with dy that comes first where the gradient through the convolution is wanted as well, and what follows both. */
interface Through {
  readonly rows: RowsSpec;
  readonly behind: ReluRows | null;
}

interface ProductSpec {
  readonly rows: RowsSpec;
  /** Rows made at a time, and rows of a task. */
  readonly block: number;
  readonly rowsPerTask: number;
  readonly through: Through | null;
}

const productKernel = defineKernel(
  {
    name: "moments product",
    spec: specOf<ProductSpec>(),
    args: ({ through }: ProductSpec) => ({
      x: "pointer",
      mean: "pointer",
      b: "pointer",
      dx: "pointer",
      rows: "int",
      /** dy and its packed weights; float64 sums of the tasks. */
      more: list(through ? 3 : 0, "pointer"),
    }),
    scratchPerWorker: ({ block, rows: { aRow } }) => block * aRow,
  },
  ({ m, f, spec: { rows: spec, block, rowsPerTask, through }, scratch }, task, { x, mean, b, dx, rows, more }) => {
    const { n: c, aRow: pitch } = spec;
    const own = f.int(scratch);
    const one = f.f32(1);
    f.for(0, block, 1, (row) => f.storeFloat(own.add(row.mul(pitch)), 4 * c, one));
    const sums = f.int(more[2] ? more[2].add(task.mul(sumBytes(c))) : 0);
    if (through?.behind?.hasSums) f.fill(sums, 0, sumBytes(c));
    const last = f.int(task.add(1).mul(rowsPerTask).min(rows));
    f.for(task.mul(rowsPerTask), last, block, (row) => {
      const count = f.int(last.sub(row).min(block));
      const from = f.int(x.add(row.mul(4 * c)));
      const to = f.int(dx.add(row.mul(spec.cRow)));
      if (through)
        f.call(defineRows(m, through.rows), more[0]!.add(row.mul(through.rows.aRow)), more[1]!, to, count, 0);
      forEachStrip(
        f,
        c,
        (lanes) => defineCentre(m, c, pitch, lanes),
        (at) => [from.add(at), mean.add(at), own.add(at), count],
      );
      f.call(defineRows(m, spec), own, b, to, count, 0);
      if (through?.behind) applyReluRows(m, f, through.behind, { dy: to, y: from, dx: to, sums }, count);
    });
  },
);

/** Where the convolution's side lies: dy [rows, cOut], w [c, cOut]. */
export interface ThroughConvolution {
  readonly dy: number;
  readonly w: number;
  readonly cOut: number;
  readonly behind: BehindAttrs["behind"];
  /** Where the sums go; null where none are wanted. */
  readonly dbias: number | null;
}

/** Writes dx [rows, c] from x and, in float64, mean and dmean [c] and dcovariance [c, c]; with `through`, of foldedInputGrad. */
export function callRowsGrad(
  plan: Plan,
  rows: number,
  c: number,
  [x, mean, dmean, dcovariance]: readonly [number, number, number, number],
  dx: number,
  through: ThroughConvolution | null = null,
): void {
  const { target } = plan;
  const pitch = pitchOf(c + 1);
  const tail = rows % tileRows(target);
  const spec: RowsSpec = {
    ...{ n: c, k: c + 1, aRow: pitch, cRow: 4 * c, tail, directB: null, prefetch: false },
    ...(through && { accumulates: true }),
  };
  const rounded = plan.scratch(4 * paddedChannels(c));
  const b = plan.scratch(packedBytes(target, c + 1, c));
  roundMeanKernel.call(plan, { spec: { c }, tasks: 1, args: { mean, to: rounded } });
  packKernel.call(plan, {
    spec: { c },
    tasks: blocksOf(c, panelColumns(target)),
    args: { dcovariance, mean, dmean, rows, to: b },
  });
  if (!through) {
    const block = blockRows(target, pitch, BLOCK_BYTES);
    const rowsPerTask = alignUp(taskRows(target, c, c), block);
    productKernel.call(plan, {
      spec: { rows: spec, block, rowsPerTask, through: null },
      tasks: blocksOf(rows, rowsPerTask),
      args: { x, mean: rounded, b, dx, rows, more: [] },
    });
    return;
  }
  const { dy, w, cOut, behind, dbias } = through;
  const packed = plan.scratch(packedBytes(target, cOut, c));
  pack(plan, matrixSource(cOut, c, true), w, packed);
  const rowsPerTask = sumTaskRows(c);
  const block = Math.min(rowsPerTask, SUM_ROWS * Math.max(1, Math.floor(BLOCK_BYTES / (SUM_ROWS * pitch))));
  const tasks = blocksOf(rows, rowsPerTask);
  const sums = dbias === null ? 0 : plan.scratch(tasks * sumBytes(c));
  const throughRows: RowsSpec = {
    ...{ n: c, k: cOut, aRow: 4 * cOut, cRow: 4 * c, tail, directB: null, prefetch: true },
  };
  const relu = behind === "none" ? null : { channels: c, hasMask: true, hasSums: dbias !== null };
  productKernel.call(plan, {
    spec: { rows: spec, block, rowsPerTask, through: { rows: throughRows, behind: relu } },
    tasks,
    args: { x, mean: rounded, b, dx, rows, more: [dy, packed, sums] },
  });
  if (dbias !== null) callMergeSums(plan, c, sums, tasks, dbias);
}
