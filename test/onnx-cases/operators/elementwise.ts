/**
 * Arithmetic, comparisons and logic, element by element.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, Operator, OperatorTable } from "../call.js";
import { wide } from "./steps.js";

const unary =
  (fn: (x: Tensor) => Tensor): Operator =>
  (call) =>
    fn(call.x(0));

const isInteger = (x: Tensor): boolean => x.dtype !== "float32" && x.dtype !== "float64";

/** The second operand; before version 7 its axes began where an attribute says. */
function secondOperand(call: Call): Tensor {
  const b = call.x(1);
  if (call.int("broadcast", 0) === 0 || !call.hasAttribute("axis")) return b;
  const after = call.x(0).rank - call.int("axis", 0) - b.rank;
  return t.reshape(b, [...b.shape, ...Array<number>(after).fill(1)]);
}

const binary =
  (fn: (a: Tensor, b: Tensor) => Tensor): Operator =>
  (call) =>
    fn(call.x(0), secondOperand(call));

const variadic =
  (fn: (a: Tensor, b: Tensor) => Tensor): Operator =>
  ({ tensors }) => {
    const [first, ...others] = tensors;
    // a result of its own, even of one operand
    return others.length === 0 ? t.cast(first!, first!.dtype) : others.reduce(fn, first!);
  };

/** Integers are divided towards zero. */
const div = (a: Tensor, b: Tensor): Tensor =>
  isInteger(a) ? t.cast(t.trunc(t.div(wide(a), wide(b))), a.dtype) : t.div(a, b);

const shift: Operator = (call) =>
  binary(call.text("direction", "LEFT") === "LEFT" ? t.bitwiseLeftShift : t.bitwiseRightShift)(call);

function clip(call: Call): Tensor {
  let x = call.x(0);
  // attributes until version 11, inputs since
  if (call.has(1)) x = t.maximum(x, call.x(1));
  else if (call.hasAttribute("min")) x = t.maximum(x, call.float("min", 0));
  if (call.has(2)) x = t.minimum(x, call.x(2));
  else if (call.hasAttribute("max")) x = t.minimum(x, call.float("max", 0));
  return x;
}

function isInf(call: Call): Tensor {
  const x = call.x(0);
  const positive = call.int("detect_positive", 1) === 1;
  const negative = call.int("detect_negative", 1) === 1;
  if (positive && negative) return t.isInf(x);
  return t.equal(x, positive ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
}

/** Whole powers of whole numbers stay whole; a float exponent of integers is cut to their dtype. */
const pow: Operator = (call) => t.cast(t.pow(call.x(0), call.x(1)), call.x(0).dtype);

export const elementwise: OperatorTable = {
  Abs: unary(t.abs),
  Neg: unary(t.neg),
  Sign: unary(t.sign),
  Floor: unary(t.floor),
  Ceil: unary(t.ceil),
  Round: unary(t.round),
  Exp: unary(t.exp),
  Log: unary(t.log),
  Sqrt: unary(t.sqrt),
  Reciprocal: unary(t.reciprocal),
  Sin: unary(t.sin),
  Cos: unary(t.cos),
  Tan: unary(t.tan),
  Asin: unary(t.asin),
  Acos: unary(t.acos),
  Atan: unary(t.atan),
  Sinh: unary(t.sinh),
  Cosh: unary(t.cosh),
  Asinh: unary(t.asinh),
  Acosh: unary(t.acosh),
  Atanh: unary(t.atanh),
  Erf: unary(t.erf),
  Add: binary(t.add),
  Sub: binary(t.sub),
  Mul: binary(t.mul),
  Div: binary(div),
  Pow: pow,
  // the sign is the divisor's, or with fmod that of the dividend
  Mod: (call) => binary(call.int("fmod", 0) === 1 ? t.fmod : t.remainder)(call),
  BitShift: shift,
  Max: variadic(t.maximum),
  Min: variadic(t.minimum),
  Sum: variadic(t.add),
  Mean: (call) => t.div(variadic(t.add)(call) as Tensor, call.inputs.length),
  Equal: binary(t.equal),
  Less: binary(t.less),
  LessOrEqual: binary(t.lessEqual),
  Greater: binary(t.greater),
  GreaterOrEqual: binary(t.greaterEqual),
  And: binary(t.logicalAnd),
  Or: binary(t.logicalOr),
  Xor: binary(t.logicalXor),
  Not: unary(t.logicalNot),
  IsNaN: unary(t.isNaN),
  IsInf: isInf,
  Clip: clip,
  Where: (call) => t.where(call.x(0), call.x(1), call.x(2)),
  Cast: (call) => t.cast(call.x(0), call.dtype("to", "float32")),
  CastLike: (call) => t.cast(call.x(0), call.x(1).dtype),
  Identity: ({ inputs }) => inputs,
};
