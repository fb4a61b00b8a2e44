/**
 * Ops of single elements.
 */
import type { DType } from "../../tensor/dtype.js";
import type { Spec } from "./kinds.js";

type Unary = Spec<["x"]>;
/** Operands broadcast. */
export type Binary = Spec<["a", "b"]>;

export interface ElementwiseOps {
  neg: Unary;
  abs: Unary;
  sign: Unary;
  floor: Unary;
  ceil: Unary;
  round: Unary;
  exp: Unary;
  log: Unary;
  sqrt: Unary;
  rsqrt: Unary;
  square: Unary;
  reciprocal: Unary;
  sin: Unary;
  cos: Unary;
  tanh: Unary;
  sigmoid: Unary;
  relu: Unary;
  cast: Spec<["x"], { readonly dtype: DType }>;

  // two or three operands; comparisons give bool
  add: Binary;
  sub: Binary;
  mul: Binary;
  div: Binary;
  pow: Binary;
  maximum: Binary;
  minimum: Binary;
  equal: Binary;
  notEqual: Binary;
  less: Binary;
  lessEqual: Binary;
  greater: Binary;
  greaterEqual: Binary;
  /** Operands of one shape: dy, but 0 where y <= 0. */
  reluGrad: Spec<["dy", "y"]>;
  /** a where mask is not 0, else b; the three broadcast. A mask is bool or has the dtype of a and b. */
  where: Spec<["mask", "a", "b"]>;
}
