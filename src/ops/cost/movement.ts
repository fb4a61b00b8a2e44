import { sizeOf } from "../../tensor/shape.js";
import type { MovementOps } from "../spec/movement.js";
import { type CostRule, nothing } from "./rule.js";

export const movementCosts: { readonly [K in keyof MovementOps]: CostRule<K> } = {
  broadcastTo: nothing,
  reshape: nothing,
  transpose: nothing,
  slice: (_, { size }) => ({ reads: [sizeOf(size)] }),
  stridedSlice: (_, { size }) => ({ reads: [sizeOf(size)] }),
  stridedSliceGrad: nothing,
  pad: nothing,
  concat: nothing,
  oneHot: nothing,
};
