/**
 * Ops of single elements.
 */
import type { DType } from "../../tensor/dtype.js";
import type { NoAttrs, Spec } from "./kinds.js";

type Unary = Spec<["x"]>;
/** Operands broadcast. */
type Binary = Spec<["a", "b"]>;

/** What is done to the bits of integers. */
export interface BitwiseAttrs {
  readonly operation: "and" | "or" | "xor" | "leftShift" | "rightShift";
}

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
  atan2: Binary;
  /** The rest of a / b cut towards 0, with the sign of a. */
  fmod: Binary;
  /** The rest of floor(a / b), with the sign of b. */
  remainder: Binary;
  floorDivide: Binary;
  /** Of integers in two's complement; shifts count modulo the bits of the dtype, of uint8 modulo 32. */
  bitwise: Spec<["a", "b"], BitwiseAttrs>;
  less: Binary;
  lessEqual: Binary;
  greater: Binary;
  greaterEqual: Binary;
  /** Operands of one shape: dy, but 0 where y <= 0. */
  reluGrad: Spec<["dy", "y"]>;
  /** [..., C] both -> dy, but 0 where y <= 0, and the sum of that over all rows [C]: the gradient behind bias and relu. */
  biasReluGrad: Spec<["dy", "y"], NoAttrs, ["dx", "dbias"]>;
  /** a where mask is not 0, else b; the three broadcast. A mask is bool or has the dtype of a and b. */
  where: Spec<["mask", "a", "b"]>;
}
