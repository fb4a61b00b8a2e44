/**
 * foldBranches in float64: a task folds up to four output channels. Σ·w of all its branches is one product of Σ with the
 * branches' panels; variances, scales, weight and bias follow from it column by column.
 */
import type { PerOutput } from "../../../../ops/spec/index.js";
import {
  type Float,
  type FunctionBuilder,
  type IntVar,
  maddDouble,
  type Vec,
  type WasmModule,
} from "../../../../wasm/index.js";
import { loadDoublesOf } from "../blocks/channels.js";
import { defineKernel, list, specOf } from "../define-kernel.js";
import type { HeapOperand, Plan } from "../plan.js";
import {
  atPosition,
  type BranchLayout,
  type PanelPosition,
  pairsOf,
  panelBytes,
  taskCount,
  writePanel,
} from "./branch-panels.js";
import { defineDoubleTile, doubleRows, PANEL_ROW_BYTES } from "./double-tile.js";

/** (Σ, panels, products): products = Σ · panel for each branch; rows of Σ in strips that stay in the L1 cache. */
function defineProducts(m: WasmModule, layout: BranchLayout) {
  const { k, branches } = layout;
  const bytes = panelBytes(layout);
  const tall = doubleRows(m.target);
  return m.function("products", ["i32", "i32", "i32"], (f, sigma, panels, products) => {
    const strip = (rows: number) => {
      for (let i = 0; i < branches; i++)
        f.call(defineDoubleTile(m, rows, 8 * k, false), sigma, panels.add(i * bytes), products.add(i * bytes), k);
      sigma.inc(rows * 8 * k);
      products.inc(rows * PANEL_ROW_BYTES);
    };
    const whole = Math.floor(k / tall);
    if (whole > 0) f.for(0, whole, 1, () => strip(tall));
    if (k % tall > 0) strip(k % tall);
  });
}

interface Arguments
  extends Readonly<Record<"mean" | "weight" | "bias" | "means" | "variances" | "projections", IntVar>> {
  readonly eps: Float<"f32">;
  readonly gammas: readonly IntVar[];
  readonly betas: readonly IntVar[];
}

/** From panels and products of one place: statistics, scale, bias, folded weight and the products as float32. */
function writeResults(
  f: FunctionBuilder,
  layout: BranchLayout,
  { mean, weight, bias, means, variances, projections, eps, gammas, betas }: Arguments,
  { group, channel }: PanelPosition,
  columns: number,
  panels: IntVar,
  products: IntVar,
): void {
  const { k, branches, cOut } = layout;
  const bytes = panelBytes(layout);
  const mu = f.int(mean.add(group.mul(8 * k)));
  const column = f.int(channel.mul(4));
  for (const { at, lanes } of pairsOf(columns)) {
    const end = f.int(mu.add(8 * k));
    const total = f.vec(f.splatDouble(0, 1));
    const scales: Vec[] = [];
    for (let i = 0; i < branches; i++) {
      const [w, sw, q] = [f.int(panels.add(i * bytes)), f.int(products.add(i * bytes)), f.int(mu)];
      const out = f.int(projections.add(4 * i * k * cOut).add(column));
      const branchMean = f.vec(f.splatDouble(0, 1));
      const variance = f.vec(f.splatDouble(0, 1));
      const [weightValue, product] = [f.vec(0, 1), f.vec(0, 1)];
      f.doWhile(
        () => {
          weightValue.set(f.load(w, 8 * at, 1));
          product.set(f.load(sw, 8 * at, 1));
          branchMean.set(maddDouble(f, weightValue, f.broadcastDouble(q, 0, 1), branchMean));
          variance.set(maddDouble(f, weightValue, product, variance));
          f.storePartial(out, 4 * at, product.demote(), lanes);
          q.inc(8);
          out.inc(4 * cOut);
          for (const p of [w, sw]) p.inc(PANEL_ROW_BYTES);
        },
        () => q.below(end),
      );
      variance.set(variance.pmaxDouble(0));
      const sigma = variance.addDouble(f.splat(eps.promote(), 1)).sqrtDouble();
      const scale = f.vec(loadDoublesOf(f, gammas[i]!.add(column), 4 * at, lanes).divDouble(sigma));
      scales.push(scale);
      total.set(total.addDouble(loadDoublesOf(f, betas[i]!.add(column), 4 * at, lanes)));
      f.storePartial(means.add(column), 4 * (i * cOut + at), branchMean.demote(), lanes);
      f.storePartial(variances.add(column), 4 * (i * cOut + at), variance.demote(), lanes);
    }
    const [w, q, out] = [f.int(panels), f.int(mu), f.int(weight.add(column))];
    const value = f.vec(0, 1);
    const rounded = f.vec(0, 1);
    f.for(0, k, 1, () => {
      value.set(f.splatDouble(0, 1));
      scales.forEach((scale, i) => {
        value.set(maddDouble(f, scale, f.load(w, i * bytes + 8 * at, 1), value));
      });
      rounded.set(value.demote());
      f.storePartial(out, 4 * at, rounded, lanes);
      // with the rounded weight: rounding it then does not shift the mean of the output
      total.set(total.subDouble(rounded.promoteLow().mulDouble(f.broadcastDouble(q, 0, 1))));
      q.inc(8);
      w.inc(PANEL_ROW_BYTES);
      out.inc(4 * cOut);
    });
    f.storePartial(bias.add(column), 4 * at, total.demote(), lanes);
  }
}

const foldKernel = defineKernel(
  {
    name: "fold",
    spec: specOf<BranchLayout>(),
    args: ({ branches, covers }: BranchLayout) => ({
      mean: "pointer",
      covariance: "pointer",
      weight: "pointer",
      bias: "pointer",
      means: "pointer",
      variances: "pointer",
      projections: "pointer",
      eps: "float",
      gammas: list(branches, "pointer"),
      betas: list(branches, "pointer"),
      /** Of the branches that have one: the identity has not. */
      kernels: list(covers.filter(({ isIdentity }) => !isIdentity).length, "pointer"),
    }),
    // panels, then products
    scratchPerWorker: (layout) => 2 * layout.branches * panelBytes(layout),
  },
  ({ m, f, spec: layout, scratch }, task, args) => {
    const { k, branches, covers } = layout;
    const bytes = panelBytes(layout);
    const panels = f.int(scratch);
    const products = f.int(panels.add(branches * bytes));
    atPosition(f, layout, task, (place, columns) => {
      let next = 0;
      covers.forEach(({ isIdentity }, i) => {
        const kernel = isIdentity ? null : args.kernels[next++]!;
        writePanel(m, f, layout, i, kernel, place, columns, f.int(panels.add(i * bytes)));
      });
      f.call(defineProducts(m, layout), args.covariance.add(place.group.mul(8 * k * k)), panels, products);
      writeResults(f, layout, args, place, columns, panels, products);
    });
  },
);

/** Runs the fold; `outputs` are those of the op, `branches` its trailing inputs. */
export function callFold(
  plan: Plan,
  layout: BranchLayout,
  mean: HeapOperand,
  covariance: HeapOperand,
  branches: readonly HeapOperand[],
  outputs: PerOutput<"foldBranches", HeapOperand>,
  eps: number,
): void {
  const { branches: count } = layout;
  const [weight, bias, means, variances, projections] = outputs;
  const pointers = branches.map(({ pointer }) => pointer);
  foldKernel.call(plan, {
    spec: layout,
    tasks: taskCount(layout),
    args: {
      mean: mean.pointer,
      covariance: covariance.pointer,
      weight: weight.pointer,
      bias: bias.pointer,
      means: means.pointer,
      variances: variances.pointer,
      projections: projections.pointer,
      eps,
      gammas: pointers.slice(0, count),
      betas: pointers.slice(count, 2 * count),
      kernels: pointers.slice(2 * count),
    },
  });
}
