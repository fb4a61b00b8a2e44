/**
 * The gradients of folded branches, by hand (docs/folded-training.md 2): with G = dW − μ ⊗ db (the gradient of a kernel over centred
 * patches), σ = √(variance + eps) and s = γ/σ per branch,
 *
 *   dγ = (w·G)/σ    dβ = db    dw = s·(G − (dγ/σ)·Σw)    dΣ = −½ Σ s·(dγ/σ)·w wᵀ    dμ = −W·db    dx = (dμ + 2 dΣ (p − μ))/M
 *
 * where Σw was kept from the forward pass. That is two products per block more than its one convolution needs. A loss on
 * the batch statistics themselves adds what fold-statistics.ts says.
 */
import { apply } from "../ops/apply.js";
import { splitBranches } from "../ops/branches.js";
import * as F from "../ops/functional/index.js";
import type { PerOutput } from "../ops/spec/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { statisticsGradients } from "./fold-statistics.js";
import type { Rule } from "./rule.js";
import { zerosLike } from "./zeros.js";

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
  const noMean = () => zerosLike(mean);
  const noCovariance = () => F.broadcastTo(F.reshape(noMean(), [groups, k, 1]), [groups, k, k]);
  return [() => apply("patchMomentsGrad", [x, mean, dmean ?? noMean(), dcovariance ?? noCovariance()], attrs)[0]];
};

export const foldBranchesGradients: Rule<"foldBranches"> = (dys, [mean, , ...branches], attrs, outputs) => {
  const [weight, , , variances, projections] = outputs;
  const { gammas, betas, kernels } = splitBranches(branches, attrs);
  const [dy, db, dmeans, dvariances] = dys as readonly (Tensor | undefined)[];
  const dweight = dy ?? zerosLike(weight);
  const dbias = db ?? zerosLike(betas[0]!);
  const parameters = lazily(() =>
    apply("foldBranchesGrad", [dweight, dbias, mean, variances, projections, ...branches], attrs),
  );
  const moments = lazily((): PerOutput<"foldMomentsGrad", Tensor> => {
    const [dgammas] = parameters();
    return apply("foldMomentsGrad", [dgammas, dbias, weight, variances, ...branches], attrs);
  });
  const ofStatistics = lazily(() =>
    dmeans || dvariances
      ? statisticsGradients(mean, projections, branches, attrs, dmeans, dvariances)
      : { mean: undefined, covariance: undefined, kernels: [] },
  );
  const plus = (gradient: Tensor, part: Tensor | undefined) => (part ? F.add(gradient, part) : gradient);
  return [
    () => plus(moments()[0], ofStatistics().mean),
    () => plus(moments()[1], ofStatistics().covariance),
    ...gammas.map((gamma, i) => () => F.reshape(F.slice(parameters()[0], [i], [1]), gamma.shape)),
    ...betas.map(() => () => dbias),
    ...kernels.flatMap((kernel, branch) =>
      kernel === null
        ? []
        : [() => plus(parameters()[1 + branch - Number(attrs.hasIdentity)]!, ofStatistics().kernels[branch])],
    ),
  ];
};
