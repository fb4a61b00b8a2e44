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
};
