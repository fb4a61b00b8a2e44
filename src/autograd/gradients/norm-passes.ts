import type { NormPassOps } from "../../ops/spec/norm-passes.js";

/** compile() makes these of ops and of their gradients: nothing flows back through them. */
export const normPassGradients: { readonly [K in keyof NormPassOps]: null } = {
  batchNormStatistics: null,
  conv2dStatistics: null,
  batchNormSum: null,
  batchNormGradSums: null,
  batchNormInputGrad: null,
  normedInputGrad: null,
};
