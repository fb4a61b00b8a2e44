import { sizeOf } from "../../tensor/shape.js";
import type { OrderOps } from "../spec/orders.js";
import { type CostRule, reduction } from "./rule.js";

export const orderCosts: { readonly [K in keyof OrderOps]: CostRule<K> } = {
  cumsum: reduction,
  // log2(n!) comparisons tell the orders of n numbers apart; Stirling: n (log2 n − log2 e)
  argsort: ([x]) => {
    const n = x.at(-1)!;
    const comparisons = Math.max(n - 1, Math.floor(n * (Math.log2(n) - Math.LOG2E)));
    return { others: n === 0 ? 0 : (sizeOf(x) / n) * comparisons };
  },
};
