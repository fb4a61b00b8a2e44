/**
 * The bits of integers in two's complement, as functions. Of bool they are logic.
 */

import { logicalNot } from "../ops/functional/logic.js";
import { type AsMethods, installMethods } from "../ops/method.js";
import { type Operand, withPromoted } from "../ops/promotion.js";
import type { BitwiseAttrs } from "../ops/spec/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { apply } from "./divisions-ops.js";

/** Operands broadcast and promote; DTypeError where that gives floats. */
const bitwise =
  (operation: BitwiseAttrs["operation"]) =>
  (a: Operand, b: Operand): Tensor =>
    withPromoted("bitwise", [a, b], ([p, q]) => apply("bitwise", [p!, q!], { operation })[0]);

/**
 * The bits that both have, of integers or bool, element by element; the two broadcast and promote. Throws DTypeError for floats.
 *
 * @example
 * ```ts
 * console.log(bitwiseAnd(tensor(Int32Array.of(12, -1)), 10).toArray()); // [8, 10]
 * ```
 */
export const bitwiseAnd = bitwise("and");
/** The bits that either has, of integers or bool, element by element; the two broadcast and promote. Throws DTypeError for floats. */
export const bitwiseOr = bitwise("or");
/** The bits that just one has, of integers or bool, element by element; the two broadcast and promote. Throws DTypeError for floats. */
export const bitwiseXor = bitwise("xor");
/** All bits turned, element by element: −1 − x, of uint8 255 − x, of bool whether x is not true. Throws DTypeError for floats. */
export function bitwiseNot(x: Tensor): Tensor {
  if (x.dtype === "bool") return logicalNot(x);
  return bitwiseXor(x, x.dtype === "uint8" ? 255 : -1);
}
/**
 * a · 2^b cut to the bits of the dtype, of integers, element by element; the two broadcast and promote. b counts modulo 32, of int64
 * modulo 64, as in PyTorch 1.13 on x86. Throws DTypeError for floats and bool.
 */
export const bitwiseLeftShift = bitwise("leftShift");
/** The largest integer not above a / 2^b: bitwiseLeftShift's counterpart, in all that it says. */
export const bitwiseRightShift = bitwise("rightShift");

const methods = { bitwiseAnd, bitwiseOr, bitwiseXor, bitwiseNot, bitwiseLeftShift, bitwiseRightShift };
installMethods(methods);

declare module "../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./bits.js"), keyof typeof methods>> {}
}
