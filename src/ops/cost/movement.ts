import { sizeOf } from "../../tensor/shape.js";
import type { MovementOps } from "../spec/movement.js";
import { type CostRule, nothing, reduction } from "./rule.js";

export const movementCosts: { readonly [K in keyof MovementOps]: CostRule<K> } = {
  broadcastTo: nothing,
  reshape: nothing,
  transpose: nothing,
  slice: (_, { size }) => ({ reads: [sizeOf(size)] }),
  stridedSlice: (_, { size }) => ({ reads: [sizeOf(size)] }),
  stridedSliceGrad: nothing,
  pad: nothing,
  concat: nothing,
  // of the table the rows that are asked for, at most all of them
  gather: ([table], _, [y]) => ({ reads: [Math.min(sizeOf(table), sizeOf(y))] }),
  scatterAdd: reduction,
  // each number that is asked for once, at most all of them
  takeAlongAxis: ([x], _, [y]) => ({ reads: [Math.min(sizeOf(x), sizeOf(y))] }),
  takeAlongAxisGrad: reduction,
  scatter: nothing,
  oneHot: nothing,
};
