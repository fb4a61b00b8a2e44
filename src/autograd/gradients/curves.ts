import { apply } from "../../ops/apply.js";
import { curveRows } from "../../ops/curves.js";
import * as F from "../../ops/functional/index.js";
import type { ActivationName, CurveAttrs, CurveOps, FunctionName } from "../../ops/spec/curves.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Entry, fromInputs, fromOutput } from "./entry.js";

/** Of a function, by its operand or by its result. */
type FunctionEntry = Entry<FunctionName>;
const byOperand = (slope: (dy: Tensor, x: Tensor) => Tensor): FunctionEntry =>
  fromInputs<FunctionName>(([dy], [x]) => [() => slope(dy, x)]);
const byResult = (slope: (dy: Tensor, y: Tensor) => Tensor): FunctionEntry =>
  fromOutput<FunctionName>(([dy], _, __, [y]) => [() => slope(dy, y)]);

const of = (op: FunctionName, x: Tensor): Tensor => apply(op, [x], {})[0];

/** 1 − x², without the difference of close numbers. */
const oneLessSquare = (x: Tensor): Tensor => F.mul(F.sub(1, x), F.add(x, 1));

const functions: { readonly [K in FunctionName]: FunctionEntry } = {
  erf: byOperand((dy, x) => F.mul(dy, F.mul(F.exp(F.neg(F.square(x))), 2 / Math.sqrt(Math.PI)))),
  tan: byResult((dy, y) => F.mul(dy, F.add(F.square(y), 1))),
  asin: byOperand((dy, x) => F.mul(dy, F.rsqrt(oneLessSquare(x)))),
  acos: byOperand((dy, x) => F.neg(F.mul(dy, F.rsqrt(oneLessSquare(x))))),
  atan: byOperand((dy, x) => F.div(dy, F.add(F.square(x), 1))),
  sinh: byOperand((dy, x) => F.mul(dy, of("cosh", x))),
  cosh: byOperand((dy, x) => F.mul(dy, of("sinh", x))),
  asinh: byOperand((dy, x) => F.mul(dy, F.rsqrt(F.add(F.square(x), 1)))),
  acosh: byOperand((dy, x) => F.mul(dy, F.rsqrt(F.mul(F.sub(x, 1), F.add(x, 1))))),
  atanh: byOperand((dy, x) => F.div(dy, oneLessSquare(x))),
  log1p: byOperand((dy, x) => F.div(dy, F.add(x, 1))),
  expm1: byOperand((dy, x) => F.mul(dy, F.exp(x))),
  log2: byOperand((dy, x) => F.div(dy, F.mul(x, Math.LN2))),
  log10: byOperand((dy, x) => F.div(dy, F.mul(x, Math.LN10))),
  exp2: byResult((dy, y) => F.mul(dy, F.mul(y, Math.LN2))),
};

/** The op of the activation's gradient: one pass over memory. */
const byGradientOp = (name: ActivationName): Entry<ActivationName> =>
  fromInputs<ActivationName>(([dy], [x], attrs) => [
    () => apply(`${name}Grad`, [dy, x], attrs as CurveAttrs["elu"])[0],
  ]);

export const curveGradients = curveRows<Entry<FunctionName> | Entry<ActivationName> | null>(
  (name) => functions[name],
  byGradientOp,
  () => null,
) as { readonly [K in keyof CurveOps]: Entry<K> | null };
