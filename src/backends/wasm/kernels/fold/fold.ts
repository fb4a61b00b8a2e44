/**
 * foldBranches in float64: a task folds up to four output channels. Σ·w of all its branches is one product of Σ with the
 * branches' panels; variances, scales, weight and bias follow from it column by column.
 */
import type { FunctionBuilder, IntVar, Vec, WasmModule } from "../../../../wasm/index.js";
import { floatBits } from "../../../../wasm/index.js";
import { loadDoublesOf } from "../blocks/channels.js";
import { runEachTask } from "../blocks/tasks.js";
import type { Kernel, Operand, Plan } from "../plan.js";
import {
  atPlace,
  type BranchLayout,
  layoutKey,
  type Place,
  pairsOf,
  panelBytes,
  taskCount,
  writePanel,
} from "./branch-panels.js";
import { DOUBLE_ROWS, defineDoubleTile, PANEL_ROW_BYTES } from "./double-tile.js";

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** (Σ, panels, products): products = Σ · panel for each branch; rows of Σ in strips that stay in the L1 cache. */
function defineProducts(m: WasmModule, layout: BranchLayout) {
  const { k, branches } = layout;
  const bytes = panelBytes(layout);
  return m.function("products", ["i32", "i32", "i32"], (f, sigma, panels, products) => {
    const strip = (rows: number) => {
      for (let i = 0; i < branches; i++)
        f.call(defineDoubleTile(m, rows, 8 * k, false), sigma, panels.add(i * bytes), products.add(i * bytes), k);
      sigma.inc(rows * 8 * k);
      products.inc(rows * PANEL_ROW_BYTES);
    };
    const whole = Math.floor(k / DOUBLE_ROWS);
    if (whole > 0) f.for(0, whole, 1, () => strip(DOUBLE_ROWS));
    if (k % DOUBLE_ROWS > 0) strip(k % DOUBLE_ROWS);
  });
}

interface Pointers {
  readonly mean: IntVar;
  readonly outputs: readonly IntVar[];
  readonly gammas: readonly IntVar[];
  readonly betas: readonly IntVar[];
  readonly eps: IntVar;
}

/** From panels and products of one place: statistics, scale, bias, folded weight and the products as float32. */
function writeResults(
  f: FunctionBuilder,
  layout: BranchLayout,
  { mean, outputs, gammas, betas, eps }: Pointers,
  { group, channel }: Place,
  columns: number,
  panels: IntVar,
  products: IntVar,
): void {
  const { k, branches, cOut } = layout;
  const [weight, bias, means, variances, projections] = outputs as [IntVar, IntVar, IntVar, IntVar, IntVar];
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
          branchMean.set(f.maddDouble(weightValue, f.broadcastDouble(q, 0, 1), branchMean));
          variance.set(f.maddDouble(weightValue, product, variance));
          f.storePartial(out, 4 * at, product.demote(), lanes);
          q.inc(8);
          out.inc(4 * cOut);
          for (const p of [w, sw]) p.inc(PANEL_ROW_BYTES);
        },
        () => q.below(end),
      );
      variance.set(variance.pmaxDouble(0));
      const sigma = variance.addDouble(f.splat(eps.asFloat().promote(), 1)).sqrtDouble();
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
        value.set(f.maddDouble(scale, f.load(w, i * bytes + 8 * at, 1), value));
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

function foldKernel(layout: BranchLayout): Kernel {
  const { k, branches, covers } = layout;
  const bytes = panelBytes(layout);
  const workerBytes = align(2 * branches * bytes);
  const each = (name: string) => Array.from({ length: branches }, (_, i) => `${name}${i}`);
  const kernelNames = covers.flatMap(({ isIdentity }, i) => (isIdentity ? [] : [`kernel${i}`]));
  const names = ["mean", "sigma", "weight", "bias", "means", "variances", "projections", "eps", "scratch"];
  return {
    key: `fold ${layoutKey(layout)}`,
    emit: (m) =>
      runEachTask(m, [...names, ...each("gamma"), ...each("beta"), ...kernelNames], (f, task, ...args) => {
        const [mean, sigma, , , , , , eps, scratch] = args as unknown as IntVar[];
        const rest = args.slice(names.length);
        const kernels = [...rest.slice(2 * branches)];
        const panels = f.int(scratch!.add(f.worker.mul(workerBytes)));
        const products = f.int(panels.add(branches * bytes));
        const pointers = {
          ...{ mean: mean!, eps: eps!, outputs: args.slice(2, 7) },
          ...{ gammas: rest.slice(0, branches), betas: rest.slice(branches, 2 * branches) },
        };
        atPlace(f, layout, task, (place, columns) => {
          let next = 0;
          covers.forEach(({ isIdentity }, i) => {
            const kernel = isIdentity ? null : kernels[next++]!;
            writePanel(m, f, layout, i, kernel, place, columns, f.int(panels.add(i * bytes)));
          });
          f.call(defineProducts(m, layout), sigma!.add(place.group.mul(8 * k * k)), panels, products);
          writeResults(f, layout, pointers, place, columns, panels, products);
        });
      }),
  };
}

/** Runs the fold; `outputs` are those of the op, `branches` its trailing inputs. */
export function callFold(
  plan: Plan,
  layout: BranchLayout,
  mean: Operand,
  covariance: Operand,
  branches: readonly Operand[],
  outputs: readonly Operand[],
  eps: number,
): void {
  const scratch = plan.scratchPerWorker(align(2 * layout.branches * panelBytes(layout)));
  plan.call(foldKernel(layout), taskCount(layout), [
    ...[mean, covariance, ...outputs].map(({ pointer }) => pointer),
    ...[floatBits(eps), scratch],
    ...branches.map(({ pointer }) => pointer),
  ]);
}
