/**
 * The gradient of the moments of folded branches, in float64: dΣ = Σ v w wᵀ over branches and output channels with
 * v = −½ γ dγ/σ², and dμ = −W db. Per group dΣ is a product [K, n] × [n, K], n = branches · channels (padded to pairs).
 * 1×1 blocks do it in float32 tiles (pointwise-moments-grad.ts). Three calls: the factors v, the rows v·w, then dΣ panel by panel, above the diagonal only.
 */
import { splitBranches } from "../../../../ops/branches.js";
import type { FoldAttrs } from "../../../../ops/spec/index.js";
import { alignUp } from "../../../../util/align-up.js";
import { type FunctionBuilder, Int, type IntVar, loadDoubles, type WasmModule } from "../../../../wasm/index.js";
import { defineKernel, list, specOf } from "../define-kernel.js";
import type { HeapOperand, Plan } from "../plan.js";
import type { BranchLayout } from "./branch-panels.js";
import { defineDoubleTile, doubleRows, PANEL_COLUMNS, PANEL_ROW_BYTES } from "./double-tile.js";
import { callPointwiseMomentsGrad, isPointwiseFold } from "./pointwise-moments-grad.js";

/** Of n, done at a time: a panel's block and a strip of rows stay in the L1 cache. */
const BLOCK = 512;

/** Channels of a group, padded to pairs, and bytes of a row v·w. */
const paddedOut = ({ outPerGroup }: BranchLayout): number => alignUp(outPerGroup, 2);
const rowBytes = (layout: BranchLayout): number => 8 * layout.branches * paddedOut(layout);

/** v [branches, groups, paddedOut]; a task is a branch. */
const factorKernel = defineKernel(
  {
    name: "fold factors",
    spec: specOf<BranchLayout>(),
    args: ({ branches }: BranchLayout) => ({
      dgammas: "pointer",
      variances: "pointer",
      eps: "float",
      to: "pointer",
      gammas: list(branches, "pointer"),
    }),
  },
  ({ f, spec: layout }, branch, { dgammas, variances, eps, to, gammas }) => {
    const { cOut, groups, outPerGroup } = layout;
    const bytes = 8 * groups * paddedOut(layout);
    const gamma = f.int(0);
    for (const [i, pointer] of gammas.entries()) f.if(branch.equal(i), () => gamma.set(pointer));
    const [p, q] = [dgammas, variances].map((pointer) => f.int(pointer.add(branch.mul(4 * cOut)))) as [IntVar, IntVar];
    const out = f.int(to.add(branch.mul(bytes)));
    f.fill(out, 0, bytes);
    const double = (pointer: IntVar) => f.loadFloat("f32", pointer).promote();
    f.for(0, groups, 1, () => {
      const o = f.int(out);
      f.for(0, outPerGroup, 1, () => {
        const spread = double(q).add(eps.promote());
        f.storeFloat(o, 0, double(gamma).mul(double(p)).mul(-0.5).div(spread));
        o.inc(8);
        for (const pointer of [gamma, p, q]) pointer.inc(4);
      });
      out.inc(8 * paddedOut(layout));
    });
  },
);

/** Rows v·w [groups, K, branches, paddedOut], and dμ; a task is a row. */
const rowsKernel = defineKernel(
  {
    name: "fold rows",
    spec: specOf<BranchLayout>(),
    args: ({ branches }: BranchLayout) => ({
      factors: "pointer",
      weight: "pointer",
      dbias: "pointer",
      dmean: "pointer",
      to: "pointer",
      /** 0 for the identity. */
      kernels: list(branches, "pointer"),
    }),
  },
  ({ f, spec: layout }, task, { factors, weight, dbias, dmean, to, kernels }) => {
    const { cOut, groups, outPerGroup, k, covers } = layout;
    const per = paddedOut(layout);
    const group = f.int(task.div(k));
    const row = f.int(task.sub(group.mul(k)));
    const column = f.int(group.mul(4 * outPerGroup));
    const double = (pointer: IntVar) => f.loadFloat("f32", pointer).promote();
    const total = f.f64(0);
    const [w, db] = [f.int(weight.add(row.mul(4 * cOut)).add(column)), f.int(dbias.add(column))];
    f.for(0, outPerGroup, 1, () => {
      total.set(total.sub(double(w).mul(double(db))));
      for (const pointer of [w, db]) pointer.inc(4);
    });
    f.storeFloat(dmean.add(task.mul(8)), 0, total);
    covers.forEach(({ first, rows, isIdentity }, i) => {
      const out = f.int(to.add(task.mul(rowBytes(layout))).add(8 * i * per));
      const v = f.int(factors.add(group.add(i * groups).mul(8 * per)));
      const own = f.int(row.sub(first));
      f.fill(out, 0, 8 * per);
      f.if(own.below(rows), () => {
        if (isIdentity) {
          f.storeFloat(out.add(own.mul(8)), 0, f.loadFloat("f64", v.add(own.mul(8))));
          return;
        }
        const p = f.int(kernels[i]!.add(own.mul(4 * cOut)).add(column));
        const whole = outPerGroup - (outPerGroup % 2);
        f.for(0, whole, 2, () => {
          f.store(out, 0, loadDoubles(f, p, 0, 1).mulDouble(f.load(v, 0, 1)));
          p.inc(8);
          for (const pointer of [out, v]) pointer.inc(16);
        });
        if (whole < outPerGroup) f.storeFloat(out, 0, double(p).mul(f.loadFloat("f64", v)));
      });
    });
  },
);

/** Writes w of branch `i`, channels [from, from + count) of a group and patch numbers [column, column + 4), as a panel [count, 4]. */
function writeTransposed(
  f: FunctionBuilder,
  { cOut, outPerGroup, covers }: BranchLayout,
  i: number,
  kernel: IntVar,
  { group, column, from, count, to }: Readonly<Record<"group" | "column" | "from" | "count" | "to", IntVar>>,
): void {
  const { first, rows, isIdentity } = covers[i]!;
  f.fill(to, 0, count.mul(PANEL_ROW_BYTES));
  const within = f.int(from.add(count).min(outPerGroup).sub(from));
  for (let j = 0; j < PANEL_COLUMNS; j++) {
    const row = f.int(column.add(j - first));
    f.if(row.below(rows), () => {
      const out = f.int(to.add(8 * j));
      if (isIdentity) {
        const place = f.int(row.sub(from));
        f.if(place.below(count), () => f.storeFloat(out.add(place.mul(PANEL_ROW_BYTES)), 0, f.f64(1)));
        return;
      }
      const p = f.int(kernel.add(row.mul(cOut).add(group.mul(outPerGroup)).add(from).mul(4)));
      f.for(0, within, 1, () => {
        f.storeFloat(out, 0, f.loadFloat("f32", p).promote());
        p.inc(4);
        out.inc(PANEL_ROW_BYTES);
      });
    });
  }
}

/** (rows, panel, products, count, height): products [height, 4] += rows · panel. */
function defineProducts(m: WasmModule, layout: BranchLayout) {
  const { k } = layout;
  const full = doubleRows(m.target);
  return m.function("products", ["i32", "i32", "i32", "i32", "i32"], (f, rows, panel, products, count, height) => {
    const strip = (tall: number) => {
      f.call(defineDoubleTile(m, tall, rowBytes(layout), true), rows, panel, products, count);
      rows.inc(tall * rowBytes(layout));
      products.inc(tall * PANEL_ROW_BYTES);
      height.inc(-tall);
    };
    f.while(
      () => height.atLeast(full),
      () => strip(full),
    );
    if (k % full > 0) f.if(height, () => strip(k % full));
  });
}

/** dΣ; a task is four columns of a group. */
const covarianceKernel = defineKernel(
  {
    name: "fold covariance",
    spec: specOf<BranchLayout>(),
    args: ({ branches }: BranchLayout) => ({
      rows: "pointer",
      to: "pointer",
      /** 0 for the identity. */
      kernels: list(branches, "pointer"),
    }),
    // a panel, then products
    scratchPerWorker: ({ k }) => (BLOCK + k) * PANEL_ROW_BYTES,
  },
  ({ m, f, spec: layout, scratch }, task, { rows, to, kernels }) => {
    const { k, covers } = layout;
    const panels = Math.ceil(k / PANEL_COLUMNS);
    const per = paddedOut(layout);
    const panel = f.int(scratch);
    const products = f.int(panel.add(BLOCK * PANEL_ROW_BYTES));
    const group = f.int(task.div(panels));
    // the longest columns first, so that threads end together
    const column = f.int(group.add(1).mul(panels).sub(1).sub(task).mul(PANEL_COLUMNS));
    const needed = f.int(column.add(PANEL_COLUMNS).min(k));
    // whole strips: the last one is short only where the matrix ends
    const height = f.int(
      needed
        .add(doubleRows(m.target) - 1)
        .div(doubleRows(m.target))
        .mul(doubleRows(m.target))
        .min(k),
    );
    f.fill(products, 0, height.mul(PANEL_ROW_BYTES));
    const own = f.int(rows.add(group.mul(k * rowBytes(layout))));
    covers.forEach((_, i) => {
      f.for(0, per, BLOCK, (from) => {
        const count = f.int(Int.of(per).sub(from).min(BLOCK));
        writeTransposed(f, layout, i, kernels[i]!, { group, column, from, count, to: panel });
        f.call(defineProducts(m, layout), own.add(from.add(i * per).mul(8)), panel, products, count, height);
      });
    });
    const base = f.int(to.add(group.mul(8 * k * k)));
    f.for(0, needed, 1, (row) => {
      for (let j = 0; j < PANEL_COLUMNS; j++) {
        const other = f.int(column.add(j));
        f.if(row.below(other.add(1)).and(other.below(k)), () => {
          const value = f.f64(f.loadFloat("f64", products.add(row.mul(PANEL_ROW_BYTES)), 8 * j));
          f.storeFloat(base.add(row.mul(k).add(other).mul(8)), 0, value);
          f.storeFloat(base.add(other.mul(k).add(row).mul(8)), 0, value);
        });
      }
    });
  },
);

/** Runs foldMomentsGrad: `inputs` are dgammas, dbias, weight, variances; outputs dmean and dcovariance. */
export function callFoldMomentsGrad(
  plan: Plan,
  layout: BranchLayout,
  [dgammas, dbias, weight, variances]: readonly [HeapOperand, HeapOperand, HeapOperand, HeapOperand],
  list: readonly HeapOperand[],
  [dmean, dcovariance]: readonly [HeapOperand, HeapOperand],
  attrs: FoldAttrs,
): void {
  const { groups, k, branches } = layout;
  const { gammas, kernels } = splitBranches(list, attrs);
  const kernelPointers = kernels.map((kernel) => kernel?.pointer ?? 0);
  const factors = plan.scratch(8 * branches * groups * paddedOut(layout));
  factorKernel.call(plan, {
    spec: layout,
    tasks: branches,
    args: {
      dgammas: dgammas.pointer,
      variances: variances.pointer,
      eps: attrs.eps,
      to: factors,
      gammas: gammas.map(({ pointer }) => pointer),
    },
  });
  if (isPointwiseFold(layout)) {
    const own = { factors, factorBytes: 8 * paddedOut(layout) };
    callPointwiseMomentsGrad(plan, layout, own, { weight, dbias }, kernels, [dmean, dcovariance]);
    return;
  }
  const rows = plan.scratch(groups * k * rowBytes(layout));
  rowsKernel.call(plan, {
    spec: layout,
    tasks: groups * k,
    args: {
      factors,
      weight: weight.pointer,
      dbias: dbias.pointer,
      dmean: dmean.pointer,
      to: rows,
      kernels: kernelPointers,
    },
  });
  covarianceKernel.call(plan, {
    spec: layout,
    tasks: groups * Math.ceil(k / PANEL_COLUMNS),
    args: { rows, to: dcovariance.pointer, kernels: kernelPointers },
  });
}
