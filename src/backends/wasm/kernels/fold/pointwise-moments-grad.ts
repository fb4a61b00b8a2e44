/**
 * The gradient of the moments of a 1×1 block's branches: dΣ = Σ v w wᵀ as products of float32 tiles over FOLD_BLOCK channels,
 * added up in float64. What reads dΣ rounds it to float32 (rows-grad.ts), as the products of a covariance are (gram.ts):
 * float64 products would take four times as long for digits that nobody sees. An identity adds v on the diagonal.
 */
import { alignUp } from "../../../../util/align-up.js";
import { type IntVar, loadDoubles } from "../../../../wasm/index.js";
import { defineKernel, list, specOf } from "../define-kernel.js";
import { defineAdd } from "../moments/gram.js";
import { BLOCK_ROWS } from "../moments/patch-rows.js";
import type { HeapOperand, Plan } from "../plan.js";
import { defineTile, packedBytes, panelColumns, tileRows } from "../products/gemm-tile.js";
import { matrixSource, pack } from "../products/pack.js";
import type { BranchLayout } from "./branch-panels.js";

/** Fewer patch numbers than this are no tile's work. */
const LEAST_NUMBERS = 16;
/** Channels whose products are summed in float32, as rows of a covariance are. */
const FOLD_BLOCK = BLOCK_ROWS;

/** Whether every branch sees whole patches of one group: a 1×1 block. */
export const isPointwiseFold = ({ groups, k, covers }: BranchLayout): boolean =>
  groups === 1 && k >= LEAST_NUMBERS && covers.every(({ rows }) => rows === k);

/** Branches with a kernel, in order. */
const kernelsOf = ({ covers }: BranchLayout): readonly number[] =>
  covers.flatMap(({ isIdentity }, i) => (isIdentity ? [] : [i]));

/** Bytes of a row v·w of all kernels, float32. */
const rowBytes = (layout: BranchLayout): number => 4 * kernelsOf(layout).length * layout.cOut;

/** Rows v·w [K, kernels, Cout] in float32, and dμ = −W·db; a task is a row. */
const rowsKernel = defineKernel(
  {
    name: "fold pointwise rows",
    spec: specOf<BranchLayout>(),
    args: (layout: BranchLayout) => ({
      factors: "pointer",
      /** Bytes of v of a branch. */
      factorBytes: "int",
      weight: "pointer",
      dbias: "pointer",
      dmean: "pointer",
      to: "pointer",
      kernels: list(kernelsOf(layout).length, "pointer"),
    }),
  },
  ({ f, spec: layout }, row, { factors, factorBytes, weight, dbias, dmean, to, kernels }) => {
    const { cOut } = layout;
    const whole = cOut - (cOut % 2);
    const double = (pointer: IntVar) => f.loadFloat("f32", pointer).promote();
    const total = f.f64(0);
    const [w, db] = [f.int(weight.add(row.mul(4 * cOut))), f.int(dbias)];
    f.for(0, cOut, 1, () => {
      total.set(total.sub(double(w).mul(double(db))));
      for (const pointer of [w, db]) pointer.inc(4);
    });
    f.storeFloat(dmean.add(row.mul(8)), 0, total);
    const out = f.int(to.add(row.mul(rowBytes(layout))));
    kernelsOf(layout).forEach((branch, i) => {
      const p = f.int(kernels[i]!.add(row.mul(4 * cOut)));
      const v = f.int(factors.add(factorBytes.mul(branch)));
      if (whole > 0)
        f.for(0, whole, 2, () => {
          f.storePartial(
            out,
            0,
            loadDoubles(f, p, 0, 1)
              .mulDouble(f.load(v, 0, 1))
              .demote(),
            2,
          );
          for (const pointer of [p, out]) pointer.inc(8);
          v.inc(16);
        });
      if (whole < cOut) {
        f.storeFloat(out, 0, double(p).mul(f.loadFloat("f64", v)).demote());
        out.inc(4);
      }
    });
  },
);

/** dΣ; a task is a panel of columns, from the first row to the diagonal, and what mirrors it. */
const productsKernel = defineKernel(
  {
    name: "fold pointwise products",
    spec: specOf<BranchLayout>(),
    args: (layout: BranchLayout) => ({
      rows: "pointer",
      factors: "pointer",
      to: "pointer",
      /** Kernels transposed, in panels. */
      packed: list(kernelsOf(layout).length, "pointer"),
    }),
    // products of a tile in float32, their totals in float64
    scratchPerWorker: (_, target) => 12 * tileRows(target) * panelColumns(target),
  },
  ({ m, f, spec: layout, scratch }, task, { rows, factors, to, packed }) => {
    const { k, cOut, covers } = layout;
    const [tile, width] = [tileRows(m.target), panelColumns(m.target)];
    const totals = f.int(scratch);
    const products = f.int(totals.add(8 * tile * width));
    const rest = k % width;
    // the longest columns first, so that threads end together
    const panel = f.int(f.int(Math.ceil(k / width) - 1).sub(task));
    const column = f.int(panel.mul(width));
    const columnsOf = (columns: number) => {
      const bK = columns === width ? 4 * width : 4 * alignUp(columns, m.lanes);
      const row = f.int(0);
      const strip = (height: number) => {
        f.fill(totals, 0, 8 * tile * width);
        const a = f.int(rows.add(row.mul(rowBytes(layout))));
        const layoutOfTile = { aRow: rowBytes(layout), aK: 4, bK, cRow: 4 * width };
        for (const kernel of packed) {
          const b = f.int(kernel.add(panel.mul(4 * width * cOut)));
          const block = (count: number) => {
            f.call(defineTile(m, height, columns, layoutOfTile, false), a, b, products, count);
            f.call(defineAdd(m), products, totals, tile * width);
            a.inc(4 * count);
            b.inc(bK * count);
          };
          if (cOut >= FOLD_BLOCK) f.for(0, Math.floor(cOut / FOLD_BLOCK), 1, () => block(FOLD_BLOCK));
          if (cOut % FOLD_BLOCK > 0) block(cOut % FOLD_BLOCK);
        }
        for (let r = 0; r < height; r++)
          for (let j = 0; j < columns; j++) {
            const [i, other] = [f.int(row.add(r)), f.int(column.add(j))];
            f.if(i.below(other.add(1)), () => {
              const value = f.f64(f.loadFloat("f64", totals, 8 * (r * width + j)));
              if (covers[0]!.isIdentity)
                f.if(i.equal(other), () => value.set(value.add(f.loadFloat("f64", factors.add(i.mul(8))))));
              f.storeFloat(to.add(i.mul(k).add(other).mul(8)), 0, value);
              f.storeFloat(to.add(other.mul(k).add(i).mul(8)), 0, value);
            });
          }
        row.inc(height);
      };
      const end = f.int(column.add(columns));
      f.while(
        () => row.below(end).and(f.int(row.add(tile)).below(k + 1)),
        () => strip(tile),
      );
      if (k % tile > 0) f.if(row.below(end), () => strip(k % tile));
    };
    if (rest === 0) columnsOf(width);
    else
      f.if(
        panel.below(Math.floor(k / width)),
        () => columnsOf(width),
        () => columnsOf(rest),
      );
  },
);

/** Writes dμ and dΣ from the factors v [branches, …, `factorBytes` apart]. */
export function callPointwiseMomentsGrad(
  plan: Plan,
  layout: BranchLayout,
  { factors, factorBytes }: { readonly factors: number; readonly factorBytes: number },
  { weight, dbias }: { readonly weight: HeapOperand; readonly dbias: HeapOperand },
  kernels: readonly (HeapOperand | null)[],
  [dmean, dcovariance]: readonly [HeapOperand, HeapOperand],
): void {
  const { k, cOut } = layout;
  const { target } = plan;
  const sources = kernelsOf(layout).map((branch) => kernels[branch]!.pointer);
  const rows = plan.scratch(k * rowBytes(layout));
  const packed = sources.map(() => plan.scratch(packedBytes(target, cOut, k)));
  rowsKernel.call(plan, {
    spec: layout,
    tasks: k,
    args: {
      ...{ factors, factorBytes, weight: weight.pointer, dbias: dbias.pointer },
      ...{ dmean: dmean.pointer, to: rows, kernels: sources },
    },
  });
  sources.forEach((source, i) => {
    pack(plan, matrixSource(cOut, k, true), source, packed[i]!);
  });
  productsKernel.call(plan, {
    spec: layout,
    tasks: Math.ceil(k / panelColumns(target)),
    args: { rows, factors, to: dcovariance.pointer, packed },
  });
}
