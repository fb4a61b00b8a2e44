import { sizeOf } from "../../tensor/shape.js";
import type { IndexingOps } from "../spec/indexing.js";
import { type CostRule, nothing, reduction } from "./rule.js";

export const indexingCosts: { readonly [K in keyof IndexingOps]: CostRule<K> } = {
  // of the table the rows that are asked for, at most all of them
  gather: ([table], _, [y]) => ({ reads: [Math.min(sizeOf(table), sizeOf(y))] }),
  scatterAdd: reduction,
  // each number that is asked for once, at most all of them
  takeAlongAxis: ([x], _, [y]) => ({ reads: [Math.min(sizeOf(x), sizeOf(y))] }),
  takeAlongAxisGrad: reduction,
  scatter: nothing,
};
