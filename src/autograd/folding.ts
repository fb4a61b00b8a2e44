/**
 * The gradients of folded branches (design.md 6), by hand: with G = dW − μ ⊗ db (the gradient of a kernel over centred
 * patches), σ = √(variance + eps) and s = γ/σ per branch,
 *
 *   dγ = (w·G)/σ    dβ = db    dw = s·(G − (dγ/σ)·Σw)    dΣ = −½ Σ s·(dγ/σ)·w wᵀ    dμ = −W·db    dx = (dμ + 2 dΣ (p − μ))/M
 *
 * where Σw was kept from the forward pass. That is two products per block more than its one convolution needs.
 */
import { apply } from "../ops/apply.js";
import { splitBranches } from "../ops/branches.js";
import * as F from "../ops/functional.js";
import type { PerOutput } from "../ops/spec.js";
import type { Tensor } from "../tensor/tensor.js";
import { GradientError } from "../util/errors.js";
import type { Rule } from "./rule.js";

/** Runs `make` when the first of its results is asked for. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

export const patchMomentsGradients: Rule<"patchMoments"> = (dys, [x], attrs, [mean]) => {
  const [dmean, dcovariance] = dys as readonly (Tensor | undefined)[];
  const [groups, k] = mean.shape as [number, number];
  // a zero of the mean's shape, one of the covariance's
  const noMean = () => F.mul(mean, 0);
  const noCovariance = () => F.broadcastTo(F.reshape(noMean(), [groups, k, 1]), [groups, k, k]);
  return [() => apply("patchMomentsGrad", [x, mean, dmean ?? noMean(), dcovariance ?? noCovariance()], attrs)[0]];
};

/** The outputs of foldBranches behind weight and bias. */
const statistics = ["means", "variances", "projections"] as const;

export const foldBranchesGradients: Rule<"foldBranches"> = (dys, [mean, , ...branches], attrs, outputs) => {
  const [weight, , , variances, projections] = outputs;
  const [dy, db, ...ofStatistics] = dys as readonly (Tensor | undefined)[];
  const refused = ofStatistics.findIndex((d) => d !== undefined);
  if (refused >= 0)
    throw new GradientError(
      `foldBranches: a gradient reached ${statistics[refused]}, expected one for weight and bias alone`,
      "detach() what feeds running statistics; a loss on batch statistics needs the branch-by-branch form",
    );
  const dweight = dy ?? F.mul(weight, 0);
  const dbias = db ?? F.sum(F.mul(dweight, 0), [0, 1, 2]);
  const { gammas, betas, kernels } = splitBranches(branches, attrs);
  const parameters = lazily(() =>
    apply("foldBranchesGrad", [dweight, dbias, mean, variances, projections, ...branches], attrs),
  );
  const moments = lazily((): PerOutput<"foldMomentsGrad", Tensor> => {
    const [dgammas] = parameters();
    return apply("foldMomentsGrad", [dgammas, dbias, weight, variances, ...branches], attrs);
  });
  return [
    () => moments()[0],
    () => moments()[1],
    ...gammas.map((gamma, i) => () => F.reshape(F.slice(parameters()[0], [i], [1]), gamma.shape)),
    ...betas.map(() => () => dbias),
    ...kernels.filter((kernel) => kernel !== null).map((_, i) => () => parameters()[1 + i]!),
  ];
};
