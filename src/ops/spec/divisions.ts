/**
 * Ops of two operands that few programs need: angles, rests of divisions, bits.
 */
import type { Binary } from "./elementwise.js";
import type { Spec } from "./kinds.js";

/** What is done to the bits of integers. */
export interface BitwiseAttrs {
  readonly operation: "and" | "or" | "xor" | "leftShift" | "rightShift";
}

export interface DivisionOps {
  atan2: Binary;
  /** The rest of a / b cut towards 0, with the sign of a. */
  fmod: Binary;
  /** The rest of floor(a / b), with the sign of b. */
  remainder: Binary;
  floorDivide: Binary;
  /** Of integers in two's complement; shifts count modulo the bits of the dtype, of uint8 modulo 32. */
  bitwise: Spec<["a", "b"], BitwiseAttrs>;
}
