import { sizeOf } from "../../tensor/shape.js";
import type { NormPassOps } from "../spec/norm-passes.js";
import { type CostRule, perInput } from "./rule.js";

/** Of a·dy + b·(x − mean) + c: difference, two products, two sums. */
const INPUT_GRAD = 5;

export const normPassCosts: { readonly [K in keyof NormPassOps]: CostRule<K> } = {
  // sum; difference, square, sum
  batchNormStatistics: perInput(4),
  conv2dStatistics: ([x, w]) => {
    const [cIn, cOut] = [w[2]!, w[3]!];
    return { multiplyAdds: sizeOf(x) * cOut, others: (4 * sizeOf(x) * cOut) / cIn };
  },
  // difference, product, sum; the sum of terms; relu
  batchNormSum: ([x], { normalized, activation }) => ({
    others:
      sizeOf(x) * (3 * normalized.filter((is) => is).length + normalized.length - 1 + Number(activation === "relu")),
  }),
  // sum of dy; of each branch difference, product, sum
  batchNormGradSums: ([dy], { eps }) => ({ others: sizeOf(dy) * (1 + 3 * eps.length) }),
  batchNormInputGrad: perInput(INPUT_GRAD),
  normedInputGrad: ([dy, , , w, x], { hasSkip, behind }) => ({
    multiplyAdds: sizeOf(dy) * w[2]!,
    others:
      INPUT_GRAD * sizeOf(dy) +
      (x ? sizeOf(x) * ((hasSkip ? INPUT_GRAD + 1 : 0) + { none: 0, relu: 1, biasRelu: 2 }[behind]) : 0),
  }),
};
