/**
 * Activations with torch.nn.functional's names, options and gradients at kinks. Those that models train with are ops; the others
 * are composed of ops.
 */

import { activations } from "../ops/curves.js";
import {
  abs,
  add,
  div,
  greater,
  greaterEqual,
  less,
  lessEqual,
  mul,
  neg,
  sub,
  tanh,
  where,
} from "../ops/functional/elementwise.js";
import { type AsMethods, installMethods } from "../ops/method.js";
import type { CurveAttrs } from "../ops/spec/curves.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError, UsageError } from "../util/errors.js";
import { apply } from "./curves-ops.js";

/** tanh: the approximation by tanh of the original BERT and GPT-2. */
export type GeluOptions = Partial<CurveAttrs["gelu"]>;
/** beta: steepness, 1 by default. threshold: 20 by default, of beta · x. */
export type SoftplusOptions = Partial<CurveAttrs["softplus"]>;

/**
 * x times the share of the normal distribution below x, any shape (Hendrycks and Gimpel 2016): exact by the error function, or
 * approximated by tanh. Throws DTypeError for integers.
 *
 * @example
 * ```ts
 * const y = gelu(tensor([-1, 0, 1]), { approximate: "tanh" });
 * ```
 */
export function gelu(x: Tensor, { approximate = "none" }: GeluOptions = {}): Tensor {
  if (approximate !== "none" && approximate !== "tanh")
    throw new UsageError(`gelu: approximate is ${String(approximate)}, expected "none" or "tanh"`);
  return apply("gelu", [x], { approximate })[0];
}

/** x · sigmoid(x), any shape; also called swish. Throws DTypeError for integers. */
export const silu = (x: Tensor): Tensor => apply("silu", [x], {})[0];

/** log(1 + exp(beta · x)) / beta, any shape, and x itself where beta · x is above `threshold`. Throws DTypeError for integers. */
export const softplus = (x: Tensor, options: SoftplusOptions = {}): Tensor =>
  apply("softplus", [x], { ...activations.softplus.usual, ...options })[0];

/** x · clamp(x + 3, 0, 6) / 6, any shape (MobileNetV3). Throws DTypeError for integers. */
export const hardswish = (x: Tensor): Tensor => apply("hardswish", [x], {})[0];

/** clamp(x + 3, 0, 6) / 6, any shape; the gradient at ±3 is 0. Throws DTypeError for integers. */
export const hardsigmoid = (x: Tensor): Tensor => apply("hardsigmoid", [x], {})[0];

/** x where x > 0, else negativeSlope · x, any shape. Throws DTypeError for integers. */
export const leakyRelu = (x: Tensor, negativeSlope = 0.01): Tensor => apply("leakyRelu", [x], { negativeSlope })[0];

/** x where x > 0, else alpha · (exp(x) − 1), any shape. Throws DTypeError for integers. */
export const elu = (x: Tensor, alpha = 1): Tensor => apply("elu", [x], { ...activations.elu.usual, alpha })[0];

/** Klambauer et al. 2017, section 2: the digits of torch.nn.SELU. */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** elu with the factors that keep mean 0 and variance 1 (Klambauer et al. 2017), any shape. Throws DTypeError for integers. */
export const selu = (x: Tensor): Tensor =>
  apply("elu", [x], { alpha: SELU_ALPHA, scale: SELU_SCALE, inputScale: 1 })[0];

/** x where x > 0, else alpha · (exp(x / alpha) − 1), any shape. Throws DTypeError for integers and for an alpha of 0. */
export function celu(x: Tensor, alpha = 1): Tensor {
  if (alpha === 0) throw new UsageError("celu: alpha is 0, expected another number");
  return apply("elu", [x], { alpha, scale: 1, inputScale: 1 / alpha })[0];
}

/** x · tanh(softplus(x)), any shape (Misra 2019). Throws DTypeError for integers. */
export const mish = (x: Tensor): Tensor => apply("mish", [x], {})[0];

/**
 * x where x > 0, else weight · x, any shape; weight has one number, or one per channel, the last axis of x: [..., C] and [C].
 * Throws ShapeError for another weight.
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const channels = x.shape.at(-1) ?? 1;
  if (weight.size !== 1 && (weight.rank !== 1 || weight.size !== channels))
    throw new ShapeError(
      `prelu: weight [${weight.shape.join(", ")}] for an input [${x.shape.join(", ")}], expected [1] or [${channels}]`,
      "channels are the last axis: [N, H, W, C]",
    );
  const isPositive = greater(x, 0);
  // products with what is 0 where x is taken as it is: the gradient of weight then meets no infinity
  return where(
    isPositive,
    x,
    mul(weight.size === 1 && x.rank === 0 ? weight.reshape([]) : weight, where(isPositive, 0, x)),
  );
}

/** x limited to [low, high], any shape; NaN stays. The gradient is dy strictly between the bounds, else 0. Throws UsageError unless low < high. */
export function hardtanh(x: Tensor, low = -1, high = 1): Tensor {
  if (!(low < high)) throw new UsageError(`hardtanh: low is ${low} and high is ${high}, expected low < high`);
  return where(lessEqual(x, low), low, where(greaterEqual(x, high), high, x));
}

/** x limited to [0, 6], any shape; the gradient at 0 and 6 is 0. */
export const relu6 = (x: Tensor): Tensor => hardtanh(x, 0, 6);

/** From here on log(1 + exp(z)) is z in float64. */
const SOFTPLUS_EXACT = 40;

/** log(sigmoid(x)), any shape. Throws DTypeError for integers. */
export const logSigmoid = (x: Tensor): Tensor => neg(softplus(neg(x), { threshold: SOFTPLUS_EXACT }));

/** x / (1 + |x|), any shape. */
export const softsign = (x: Tensor): Tensor => div(x, add(abs(x), 1));

/** x − tanh(x), any shape. */
export const tanhshrink = (x: Tensor): Tensor => sub(x, tanh(x));

/** 0 where |x| <= lambd, else x, any shape. */
export const hardshrink = (x: Tensor, lambd = 0.5): Tensor => where(lessEqual(abs(x), lambd), 0, x);

/** x moved towards 0 by lambd, 0 where |x| <= lambd, any shape; NaN stays. Throws UsageError for a negative lambd. */
export function softshrink(x: Tensor, lambd = 0.5): Tensor {
  if (!(lambd >= 0)) throw new UsageError(`softshrink: lambd is ${lambd}, expected at least 0`);
  const isOutside = (y: Tensor): Tensor => where(lessEqual(abs(x), lambd), 0, y);
  return isOutside(where(less(x, 0), add(x, lambd), sub(x, lambd)));
}

/** x where x is above `limit`, else `value`, any shape; NaN stays (torch.nn.functional.threshold). */
export const threshold = (x: Tensor, limit: number, value: number): Tensor => where(lessEqual(x, limit), value, x);

const methods = { gelu, silu, softplus, hardswish, hardsigmoid, leakyRelu, elu, mish };
installMethods(methods);

declare module "../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./activations.js"), keyof typeof methods>> {}
}
