/**
 * Angles, and what divisions leave.
 */
import { type AsMethods, installMethods } from "../ops/method.js";
import { type Operand, withPromoted } from "../ops/promotion.js";
import type { DivisionOps } from "../ops/spec/divisions.js";
import type { Tensor } from "../tensor/tensor.js";
import { apply } from "./divisions-ops.js";

/** Operands broadcast, and promote to one dtype. */
const binary =
  (op: Exclude<keyof DivisionOps, "bitwise">) =>
  (a: Operand, b: Operand): Tensor =>
    withPromoted(op, [a, b], ([p, q]) => apply(op, [p!, q!], {})[0]);

/** The angle of the point (b, a) in radians, −π to π; the two broadcast, integers give float32. */
export const atan2 = binary("atan2");
/** The rest of a / b with the sign of a, C's and JavaScript's %; the two broadcast and promote. By 0: NaN, and 0 for integers. */
export const fmod = binary("fmod");
/**
 * The rest of a / b with the sign of b, Python's %; the two broadcast and promote. By 0: NaN, and 0 for integers.
 *
 * @example
 * ```ts
 * console.log(remainder(tensor([-5, 5]), 3).toArray()); // [1, 2]
 * ```
 */
export const remainder = binary("remainder");
/** The largest whole number not above a / b; the two broadcast and promote. It has no gradient. By 0: as a / b, and 0 for integers. */
export const floorDivide = binary("floorDivide");
const methods = { atan2, fmod, remainder, floorDivide };
installMethods(methods);

declare module "../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./divisions.js"), keyof typeof methods>> {}
}
