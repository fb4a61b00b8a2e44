import type { RandomOps } from "../../ops/spec/random.js";
import type { Entry } from "./entry.js";

export const randomGradients: { readonly [K in keyof RandomOps]: Entry<K> | null } = {
  rand: null,
  randn: null,
  bernoulli: null,
};
