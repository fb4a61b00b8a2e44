import { sizeOf } from "../../tensor/shape.js";
import type { ResizeOps } from "../spec/resize.js";
import type { CostRule } from "./rule.js";

export const resizeCosts: { readonly [K in keyof ResizeOps]: CostRule<K> } = {
  // how many taps a row of the table counts is not in the shapes: a product for each, and about as many sums, where all do
  resample: ([, , weights], _, [y]) => ({
    others: weights[1]! * sizeOf(y),
    reads: [undefined, undefined, undefined, 0, 0],
  }),
};
