/**
 * Functions of one number by their names. Integers become float32.
 */

import { type AsMethods, installMethods } from "../ops/method.js";
import { withPromoted } from "../ops/promotion.js";
import type { FunctionName } from "../ops/spec/curves.js";
import { isFloat } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { apply } from "./curves-ops.js";

const curve =
  (op: FunctionName) =>
  (x: Tensor): Tensor =>
    isFloat(x.dtype) ? apply(op, [x], {})[0] : withPromoted(op, [x], (tensors) => apply(op, tensors, {})[0]);

/** The error function, 2/√π times the integral of exp(−t²) from 0 to x, element by element. */
export const erf = curve("erf");
/** The tangent of x in radians, element by element. */
export const tan = curve("tan");
/** The angle in [−π/2, π/2] whose sine is x, element by element: NaN outside [−1, 1]. */
export const asin = curve("asin");
/** The angle in [0, π] whose cosine is x, element by element: NaN outside [−1, 1]. */
export const acos = curve("acos");
/** The angle in [−π/2, π/2] whose tangent is x, element by element. */
export const atan = curve("atan");
/** The hyperbolic sine, element by element. */
export const sinh = curve("sinh");
/** The hyperbolic cosine, element by element. */
export const cosh = curve("cosh");
/** The number whose hyperbolic sine is x, element by element. */
export const asinh = curve("asinh");
/** The number >= 0 whose hyperbolic cosine is x, element by element: NaN below 1. */
export const acosh = curve("acosh");
/** The number whose hyperbolic tangent is x, element by element: ±∞ at ±1, NaN beyond. */
export const atanh = curve("atanh");
/** log(1 + x), element by element, with all digits where x is close to 0. */
export const log1p = curve("log1p");
/** exp(x) − 1, element by element, with all digits where x is close to 0. */
export const expm1 = curve("expm1");
/** The logarithm to base 2, element by element; exact for powers of two, but on a GPU. */
export const log2 = curve("log2");
/** The logarithm to base 10, element by element. */
export const log10 = curve("log10");
/**
 * 2 to the power of x, element by element.
 *
 * @example
 * ```ts
 * console.log(exp2(tensor([-1, 0, 3])).toArray()); // [0.5, 1, 8]
 * ```
 */
export const exp2 = curve("exp2");

const methods = { erf, tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh, log1p, expm1, log2, log10, exp2 };
installMethods(methods);

declare module "../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./curves.js"), keyof typeof methods>> {}
}
