import { sizeOf } from "../../tensor/shape.js";
import type { ReductionOps } from "../spec/reductions.js";
import { type CostRule, perInput, reduction } from "./rule.js";

export const reductionsCosts: { readonly [K in keyof ReductionOps]: CostRule<K> } = {
  sum: reduction,
  mean: ([x], _, [y]) => ({ others: sizeOf(x) + sizeOf(y) }),
  max: reduction,
  min: reduction,
  argmax: reduction,
  // largest, difference, exp, sum; then a quotient or a difference
  softmax: perInput(5),
  logSoftmax: perInput(5),
  cumsum: reduction,
  // log2(n!) comparisons tell the orders of n numbers apart; Stirling: n (log2 n − log2 e)
  argsort: ([x]) => {
    const n = x.at(-1)!;
    const comparisons = Math.max(n - 1, Math.floor(n * (Math.log2(n) - Math.LOG2E)));
    return { others: n === 0 ? 0 : (sizeOf(x) / n) * comparisons };
  },
};
