import type { RandomOps } from "../spec/random.js";
import type { ShapeRule } from "./rule.js";

export const randomShapes: { readonly [K in keyof RandomOps]: ShapeRule<K> } = {
  rand: (_, { shape }) => [shape],
  randn: (_, { shape }) => [shape],
  bernoulli: (_, { shape }) => [shape],
};
