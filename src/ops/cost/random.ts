import type { RandomOps } from "../spec/random.js";
import { type CostRule, nothing } from "./rule.js";

export const randomCosts: { readonly [K in keyof RandomOps]: CostRule<K> } = {
  // hashes of counters are integers
  rand: nothing,
  randn: nothing,
  bernoulli: nothing,
};
