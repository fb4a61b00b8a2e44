/**
 * What a loss on the batch statistics of folded branches gives back. With the kernel w of a branch as columns over patches,
 * mean = w·μ and variance = wᵀΣw, so dμ = w·dmean, dΣ = w dvariance wᵀ, and dw = μ dmean + 2 Σw dvariance. All in float64;
 * training does not come here.
 */
import { firstTap, patchSize, splitBranches } from "../ops/branches.js";
import * as F from "../ops/functional/index.js";
import type { FoldAttrs } from "../ops/spec/index.js";
import { arange } from "../tensor/counted.js";
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
  const byGroup = (x: Tensor) => F.transpose(F.reshape(x, [x.shape[0]!, groups, perGroup]), [1, 0, 2]);
  const joined = (x: Tensor) => F.reshape(F.transpose(x, [1, 0, 2]), [x.shape[1]!, cOut]);
  const double = (x: Tensor) => F.cast(x, "float64");
  /** A row of dmeans or dvariances as [groups, 1, Cout/groups], one of the projections as [groups, K, Cout/groups]. */
  const ofBranch = (x: Tensor, i: number, rows = 1) => double(byGroup(F.reshape(F.slice(x, [i], [1]), [rows, cOut])));
  /** Which rows of a patch a kernel covers: from where, and how many. */
  const rowsOf = (kernel: Tensor | null): readonly [before: number, count: number] => [
    firstTap(kernelSize, kernel?.shape ?? null) * inPerGroup,
    (kernel ? kernel.shape[0]! * kernel.shape[1]! : 1) * inPerGroup,
  ];

  const rowsIn = (x: Tensor, [before, count]: readonly [number, number]) => F.slice(x, [before], [count]);

  /** A branch's kernel as [groups, K, Cout/groups], zeros where it does not reach. */
  function columns(kernel: Tensor | null): Tensor {
    const [before, count] = rowsOf(kernel);
    const rows = kernel ? double(F.reshape(kernel, [count, cOut])) : F.oneHot(arange(count), count, "float64");
    const padded = F.pad(rows, [
      [before, k - before - count],
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
      dvariance && F.mul(ofBranch(projections, i, k), F.mul(dvariance, 2)),
    ]);
    return {
      mean: dmean && F.reshape(F.matmul(w, dmean, { transposeB: true }), [groups, k]),
      covariance: dvariance && F.matmul(F.mul(w, dvariance), w, { transposeB: true }),
      kernel: kernel && dw && F.cast(F.reshape(rowsIn(joined(dw), rowsOf(kernel)), kernel.shape), kernel.dtype),
    };
  });
  return {
    mean: total(parts.map((part) => part.mean)),
    covariance: total(parts.map((part) => part.covariance)),
    kernels: parts.map((part) => part.kernel ?? undefined),
  };
}
