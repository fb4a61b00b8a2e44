/**
 * What the tables of ops know of functions of one number (spec/curves.ts): one row each.
 */
import type { ActivationName, CurveAttrs, CurveOps, FunctionName } from "./spec/curves.js";

/** Operations per element. */
export const functionFlops: { readonly [K in FunctionName]: number } = {
  erf: 34,
  tan: 1,
  asin: 1,
  acos: 1,
  atan: 1,
  sinh: 1,
  cosh: 1,
  asinh: 1,
  acosh: 1,
  atanh: 1,
  log1p: 1,
  expm1: 1,
  log2: 1,
  log10: 1,
  exp2: 1,
};

interface Activation<A> {
  /** Attributes that are numbers, in the order in which kernels take them. */
  readonly numbers: readonly (keyof A & string)[];
  /** Attributes as torch.nn.functional has them by default. */
  readonly usual: A;
}

export const activations: { readonly [K in ActivationName]: Activation<CurveAttrs[K]> } = {
  gelu: { numbers: [], usual: { approximate: "none" } },
  silu: { numbers: [], usual: {} },
  softplus: { numbers: ["beta", "threshold"], usual: { beta: 1, threshold: 20 } },
  hardswish: { numbers: [], usual: {} },
  hardsigmoid: { numbers: [], usual: {} },
  leakyRelu: { numbers: ["negativeSlope"], usual: { negativeSlope: 0.01 } },
  elu: { numbers: ["alpha", "scale", "inputScale"], usual: { alpha: 1, scale: 1, inputScale: 1 } },
  mish: { numbers: [], usual: {} },
};

export const functionNames = Object.keys(functionFlops) as FunctionName[];
export const activationNames = Object.keys(activations) as ActivationName[];

/** A formula that a backend writes: gelu has two. */
export type Form = ActivationName | "geluTanh";

export const formOf = <K extends ActivationName>(name: K, attrs: CurveAttrs[K]): Form =>
  "approximate" in attrs && attrs.approximate === "tanh" ? "geluTanh" : name;

/** Operations per element. */
export const formFlops: { readonly [F in Form]: readonly [value: number, gradient: number] } = {
  gelu: [32, 32],
  geluTanh: [10, 14],
  silu: [4, 8],
  softplus: [2, 2],
  hardswish: [4, 3],
  hardsigmoid: [3, 2],
  leakyRelu: [1, 1],
  elu: [2, 2],
  mish: [8, 12],
};

/** The numbers among the attributes, in the order of the table. */
export const numbersOf = <K extends ActivationName>(name: K, attrs: CurveAttrs[K]): number[] =>
  activations[name].numbers.map((attribute) => attrs[attribute] as number);

/** A row for every op of the chapter. */
export const curveRows = <T>(
  ofFunction: (name: FunctionName) => T,
  ofActivation: (name: ActivationName) => T,
  ofGradient: (name: ActivationName) => T,
): { readonly [K in keyof CurveOps]: T } =>
  Object.fromEntries([
    ...functionNames.map((name) => [name, ofFunction(name)]),
    ...activationNames.flatMap((name) => [
      [name, ofActivation(name)],
      [`${name}Grad`, ofGradient(name)],
    ]),
  ]) as { readonly [K in keyof CurveOps]: T };
