/**
 * Lowerings of the fold of the branches and of its two gradients, for folded training. Moments are float64, parameters
 * float32.
 */
import type { FoldAttrs } from "../../../../ops/spec/index.js";
import { sizeOf } from "../../../../tensor/shape.js";
import type { HeapOperand, WasmKernels } from "../plan.js";
import { type BranchLayout, branchLayout } from "./branch-panels.js";
import { callFold } from "./fold.js";
import { callFoldGrad } from "./fold-grad.js";
import { callFoldMomentsGrad } from "./fold-moments-grad.js";

/** More branches than this need more arguments than a call has. */
const MAX_BRANCHES = 12;

/** How the branches lie, or null where they are not float32 or too many. */
function foldable(k: number, branches: readonly HeapOperand[], attrs: FoldAttrs): BranchLayout | null {
  if (branches[0]!.dtype !== "float32") return null;
  const layout = branchLayout(k, branches, attrs);
  return layout.branches <= MAX_BRANCHES ? layout : null;
}

export const foldKernels = {
  foldBranches([mean, covariance, ...branches], attrs, outputs, plan) {
    const layout = foldable(mean.shape[1]!, branches, attrs);
    if (!layout) return false;
    callFold(plan, layout, mean, covariance, branches, outputs, attrs.eps);
    return true;
  },
  foldBranchesGrad([dweight, dbias, mean, variances, projections, ...branches], attrs, outputs, plan) {
    const layout = foldable(mean.shape[1]!, branches, attrs);
    if (!layout) return false;
    callFoldGrad(plan, layout, [dweight, dbias, mean, variances, projections], branches, outputs, attrs.eps);
    return true;
  },
  foldMomentsGrad([dgammas, dbias, weight, variances, ...branches], attrs, outputs, plan) {
    const layout = foldable(sizeOf(weight.shape.slice(0, 3)), branches, attrs);
    if (!layout) return false;
    callFoldMomentsGrad(plan, layout, [dgammas, dbias, weight, variances], branches, outputs, attrs);
    return true;
  },
} satisfies WasmKernels;
