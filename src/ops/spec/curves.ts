/**
 * Functions of one float number. Their rows in the tables of shapes, dtypes, promotion, cost and attributes follow from
 * ops/curves.ts; each backend has one table of formulas.
 */
import type { NoAttrs, Spec } from "./kinds.js";

/** Functions of mathematics, whose gradients are made of other ops. Integers become float32. */
export type FunctionName =
  | "erf"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "asinh"
  | "acosh"
  | "atanh"
  | "log1p"
  | "expm1"
  | "log2"
  | "log10"
  | "exp2";

/** Activations, each with an op `…Grad` of [dy, x], which passes over memory once. */
export interface CurveAttrs {
  gelu: { readonly approximate: "none" | "tanh" };
  silu: NoAttrs;
  /** x itself where beta · x is above the threshold. */
  softplus: { readonly beta: number; readonly threshold: number };
  hardswish: NoAttrs;
  hardsigmoid: NoAttrs;
  leakyRelu: { readonly negativeSlope: number };
  /** scale · x where x > 0, else scale · alpha · (exp(inputScale · x) − 1): elu, selu and celu. */
  elu: { readonly alpha: number; readonly scale: number; readonly inputScale: number };
  mish: NoAttrs;
}
export type ActivationName = keyof CurveAttrs;

export type FunctionOps = { [K in FunctionName]: Spec<["x"]> };
export type ActivationOps = { [K in ActivationName]: Spec<["x"], CurveAttrs[K]> };
export type ActivationGradOps = {
  [K in ActivationName as `${K}Grad`]: Spec<["dy", "x"], CurveAttrs[K], ["dx"]>;
};

export interface CurveOps extends FunctionOps, ActivationOps, ActivationGradOps {}
