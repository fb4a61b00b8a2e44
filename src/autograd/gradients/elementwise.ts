import { apply } from "../../ops/apply.js";
import * as F from "../../ops/functional/index.js";
import type { ElementwiseOps } from "../../ops/spec/elementwise.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Rule } from "../rule.js";
import { zerosLike } from "../zeros.js";
import { type Entry, fromBoth, fromInputs, fromOutput, fromShapes } from "./entry.js";

/** The gradient of what is constant between its jumps. */
const zero: Rule<"floor"> = ([dy]) => [() => zerosLike(dy)];

/**
 * Of maximum and minimum: all of dy, half of it at a tie, 0 where the other operand won. Selected, not multiplied by a mask,
 * so that an infinite dy leaves no NaN; a NaN operand loses to none, and both get dy.
 */
const won = (dy: Tensor, own: Tensor, other: Tensor, hasLost: Tensor): Tensor =>
  F.where(hasLost, 0, F.where(F.equal(own, other), F.mul(dy, 0.5), dy));

/** The derivative of the sigmoid. */
const slope = (x: Tensor): Tensor => F.mul(F.sigmoid(x), F.sigmoid(F.neg(x)));

export const elementwiseGradients: { readonly [K in keyof ElementwiseOps]: Entry<K> | null } = {
  sign: fromShapes(zero),
  floor: fromShapes(zero),
  ceil: fromShapes(zero),
  round: fromShapes(zero),
  equal: null,
  notEqual: null,
  less: null,
  lessEqual: null,
  greater: null,
  greaterEqual: null,
  neg: fromShapes(([dy]) => [() => F.neg(dy)]),
  // 0 at 0 and at NaN, as in PyTorch
  abs: fromInputs(([dy], [x]) => [() => F.mul(dy, F.where(F.less(x, 0), -1, F.cast(F.greater(x, 0), x.dtype)))]),
  exp: fromOutput(([dy], _, __, [y]) => [() => F.mul(dy, y)]),
  log: fromInputs(([dy], [x]) => [() => F.div(dy, x)]),
  sqrt: fromOutput(([dy], _, __, [y]) => [() => F.div(dy, F.mul(y, 2))]),
  rsqrt: fromOutput(([dy], _, __, [y]) => [() => F.mul(F.mul(dy, -0.5), F.mul(y, F.square(y)))]),
  square: fromInputs(([dy], [x]) => [() => F.mul(F.mul(dy, 2), x)]),
  reciprocal: fromOutput(([dy], _, __, [y]) => [() => F.neg(F.mul(dy, F.square(y)))]),
  sin: fromInputs(([dy], [x]) => [() => F.mul(dy, F.cos(x))]),
  cos: fromInputs(([dy], [x]) => [() => F.neg(F.mul(dy, F.sin(x)))]),
  // through σ(−x), not 1 − σ(x): that is all rounding where σ(x) is close to 1
  tanh: fromInputs(([dy], [x]) => [() => F.mul(dy, F.mul(slope(F.mul(x, 2)), 4))]),
  sigmoid: fromInputs(([dy], [x]) => [() => F.mul(dy, slope(x))]),
  // 0 at the kink, as PyTorch
  relu: fromOutput(([dy], _, __, [y]) => [() => apply("reluGrad", [dy, y], {})[0]]),
  cast: fromShapes(([dy], [x]) => [() => F.cast(dy, x.dtype)]),
  add: fromShapes(([dy]) => [() => dy, () => dy]),
  sub: fromShapes(([dy]) => [() => dy, () => F.neg(dy)]),
  mul: fromInputs(([dy], [a, b]) => [() => F.mul(dy, b), () => F.mul(dy, a)]),
  div: fromInputs(([dy], [a, b]) => [() => F.div(dy, b), () => F.mul(F.neg(dy), F.div(F.div(a, b), b))]),
  // da = dy · b · a^(b−1), 0 where b is 0; db = dy · y · log a, 0 where a is 0 and b is not negative
  pow: fromBoth(([dy], [a, b], _, [y]) => [
    () => F.where(b, F.mul(dy, F.mul(b, F.pow(a, F.sub(b, 1)))), 0),
    () => F.mul(dy, F.where(F.mul(F.equal(a, 0), F.greaterEqual(b, 0)), 0, F.mul(y, F.log(a)))),
  ]),
  maximum: fromInputs(([dy], [a, b]) => [() => won(dy, a, b, F.less(a, b)), () => won(dy, b, a, F.less(b, a))]),
  minimum: fromInputs(([dy], [a, b]) => [() => won(dy, a, b, F.greater(a, b)), () => won(dy, b, a, F.greater(b, a))]),
  reluGrad: fromInputs(([dy], [, y]) => [() => apply("reluGrad", [dy, y], {})[0], null], [1]),
  where: fromInputs(([dy], [mask]) => [null, () => F.where(mask, dy, 0), () => F.where(mask, 0, dy)], [0]),
};
