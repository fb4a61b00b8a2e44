import type { NormalisationOps } from "../spec/normalisation.js";
import { type CostRule, perInput } from "./rule.js";

export const normalisationCosts: { readonly [K in keyof NormalisationOps]: CostRule<K> } = {
  // sum; difference, square, sum; product, sum
  batchNorm: perInput(6),
  // sum of dy; difference, product, sum; dx = A·dy + B·x + C
  batchNormGrad: perInput(8),
  batchNormEval: perInput(2),
  // sum; difference, square, sum; product, product, sum
  layerNorm: perInput(7),
  // difference, product; sums of dy, dy·x̂, g, g·x̂ with their products; dx
  layerNormGrad: perInput(13),
};
