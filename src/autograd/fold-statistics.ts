/**
 * What a loss on the batch statistics of folded branches gives back. With the kernel w of a branch as columns over patches,
 * mean = w·μ and variance = wᵀΣw, so dμ = w·dmean, dΣ = w dvariance wᵀ, and dw = μ dmean + 2 Σw dvariance. All in float64;
 * training does not come here.
 */
import { firstTap, patchSize, splitBranches } from "../ops/branches.js";
import * as F from "../ops/functional.js";
import type { FoldAttrs } from "../ops/spec.js";
import { arange } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";

type Maybe = Tensor | undefined;

export interface StatisticsGradients {
  /** [groups, K] */
  readonly mean: Maybe;
  /** [groups, K, K] */
  readonly covariance: Maybe;
  /** One per branch, shaped like its kernel; none for the identity. */
  readonly kernels: readonly Maybe[];
}

/** The sum of those that are there. */
export const total = (parts: readonly Maybe[]): Maybe =>
  parts.reduce((sum, part) => (sum && part ? F.add(sum, part) : (sum ?? part)), undefined);

/** From dmeans and dvariances [B, Cout], of which one may be missing. */
export function statisticsGradients(
  mean: Tensor,
  projections: Tensor,
  branches: readonly Tensor[],
  attrs: FoldAttrs,
  dmeans: Maybe,
  dvariances: Maybe,
): StatisticsGradients {
  const { kernelSize, groups } = attrs;
  const [, k] = mean.shape as [number, number];
  const cOut = projections.shape[2]!;
  const perGroup = cOut / groups;
  const inPerGroup = k / patchSize(kernelSize, 1);
  const { kernels } = splitBranches(branches, attrs);

  /** [rows, Cout] -> [groups, rows, Cout/groups] and back. */
  const byGroup = (x: Tensor) => F.transpose(F.reshape(x, [-1, groups, perGroup]), [1, 0, 2]);
  const joined = (x: Tensor) => F.reshape(F.transpose(x, [1, 0, 2]), [x.shape[1]!, cOut]);
  const double = (x: Tensor) => F.cast(x, "float64");
  const ofBranch = (x: Tensor, i: number) => double(byGroup(F.reshape(F.slice(x, [i], [1]), [-1, cOut])));

  /** A branch's kernel as [groups, K, Cout/groups], zeros where it does not reach. */
  function columns(kernel: Tensor | null): Tensor {
    const before = firstTap(kernelSize, kernel?.shape ?? null) * inPerGroup;
    const rows = kernel ? double(F.reshape(kernel, [-1, cOut])) : F.oneHot(arange(inPerGroup), inPerGroup, "float64");
    const padded = F.pad(rows, [
      [before, k - before - rows.shape[0]!],
      [0, 0],
    ]);
    return kernel ? byGroup(padded) : F.broadcastTo(padded, [groups, k, perGroup]);
  }

  const parts = kernels.map((kernel, i) => {
    const w = columns(kernel);
    const dmean = dmeans && ofBranch(dmeans, i);
    const dvariance = dvariances && ofBranch(dvariances, i);
    const dw = total([
      dmean && F.mul(F.reshape(mean, [groups, k, 1]), dmean),
      dvariance && F.mul(ofBranch(projections, i), F.mul(dvariance, 2)),
    ]);
    const before = firstTap(kernelSize, kernel?.shape ?? null) * inPerGroup;
    return {
      mean: dmean && F.reshape(F.matmul(w, dmean, { transposeB: true }), [groups, k]),
      covariance: dvariance && F.matmul(F.mul(w, dvariance), w, { transposeB: true }),
      kernel:
        kernel &&
        dw &&
        F.cast(F.reshape(F.slice(joined(dw), [before], [kernel.size / cOut]), kernel.shape), kernel.dtype),
    };
  });
  return {
    mean: total(parts.map((part) => part.mean)),
    covariance: total(parts.map((part) => part.covariance)),
    kernels: parts.map((part) => part.kernel ?? undefined),
  };
}
