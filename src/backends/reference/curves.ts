/**
 * The definition of every function of one number (ops/spec/curves.ts): values, and gradients of activations as PyTorch has
 * them at kinks. Nothing here is the difference of close numbers, so that small results keep their digits.
 */
import type { ActivationName, CurveAttrs, FunctionName } from "../../ops/spec/curves.js";
import type { ArrayView } from "../kernel-table.js";
import { mapUnary } from "./elementwise.js";

const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);
const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);
/** From here on erfc is its continued fraction; below, 1 less a series that loses less than two digits. */
const FAR = 1.5;
/** Levels of the fraction: at FAR the rest is below float64's rounding. */
const LEVELS = 100;

/** The series of erf whose terms are all positive (Abramowitz and Stegun 7.1.6); for |x| < FAR. */
function seriesOfErf(x: number): number {
  const square = 2 * x * x;
  let term = x;
  let sum = x;
  for (let n = 3; Math.abs(term) > Math.abs(sum) * Number.EPSILON * 0.25; n += 2) {
    term *= square / n;
    sum += term;
  }
  return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum;
}

/** erfc(x) · exp(x²) of x >= FAR by its continued fraction (Abramowitz and Stegun 7.1.14). */
function scaledErfc(x: number): number {
  let fraction = x;
  for (let level = LEVELS; level > 0; level--) fraction = x + level / 2 / fraction;
  return 1 / (fraction * Math.sqrt(Math.PI));
}

const farErfc = (x: number): number => scaledErfc(x) * Math.exp(-x * x);

function erf(x: number): number {
  if (Math.abs(x) < FAR || Number.isNaN(x)) return seriesOfErf(x);
  return Math.sign(x) * (1 - farErfc(Math.abs(x)));
}

/** The share of the normal distribution below x. */
function normalShare(x: number): number {
  const z = x * Math.SQRT1_2;
  if (z <= -FAR) return farErfc(-z) / 2;
  if (z >= FAR) return 1 - farErfc(z) / 2;
  return (1 + seriesOfErf(z)) / 2;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const functionFormulas: { readonly [K in FunctionName]: (x: number) => number } = {
  erf,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  log1p: Math.log1p,
  expm1: Math.expm1,
  log2: Math.log2,
  log10: Math.log10,
  exp2: (x) => 2 ** x,
};

export const functionKernels = Object.fromEntries(
  Object.entries(functionFormulas).map(([name, formula]) => [name, mapUnary(formula)]),
) as { readonly [K in FunctionName]: ReturnType<typeof mapUnary> };

interface Activation<A> {
  value(x: number, attrs: A): number;
  gradient(dy: number, x: number, attrs: A): number;
}

/** Coefficients of gelu's approximation by tanh (Hendrycks and Gimpel 2016, section 2). */
const GELU_CUBE = 0.044715;
const GELU_SCALE = 2 * Math.sqrt(2 / Math.PI);
/** Beyond, in x², the slope of the approximation is that of its ends, whatever stands here: larger squares overflow. */
const GELU_END = 1e4;
/** (1 + tanh(z / 2)) / 2 is the sigmoid of z. */
const geluArgument = (x: number): number => GELU_SCALE * (x + GELU_CUBE * x * x * x);

/** The derivative of x · σ(z(x)), with the slope of z. */
const gatedSlope = (x: number, z: number, slope: number): number => sigmoid(z) * (1 + x * (sigmoid(-z) * slope));

/** tanh(log(1 + e^x)) = numerator / denominator, sums of positive terms; below 0 the numerator is e^x · start. */
function mishParts(x: number) {
  const e = Math.exp(-Math.abs(x));
  const start = x < 0 ? e + 2 : 1 + 2 * e;
  const numerator = x < 0 ? e * start : start;
  const rest = x < 0 ? 2 : 2 * e * e;
  return { e, start, numerator, rest, denominator: numerator + rest };
}

const formulas: { readonly [K in ActivationName]: Activation<CurveAttrs[K]> } = {
  gelu: {
    value: (x, { approximate }) => x * (approximate === "tanh" ? sigmoid(geluArgument(x)) : normalShare(x)),
    gradient: (dy, x, { approximate }) => {
      if (approximate === "tanh")
        return dy * gatedSlope(x, geluArgument(x), GELU_SCALE * (1 + 3 * GELU_CUBE * Math.min(x * x, GELU_END)));
      const density = Math.exp((-x * x) / 2);
      const z = x * Math.SQRT1_2;
      if (z <= -FAR) return dy * ((scaledErfc(-z) / 2 + x / SQRT_TWO_PI) * density);
      return dy * (normalShare(x) + (x * density) / SQRT_TWO_PI);
    },
  },
  silu: { value: (x) => x * sigmoid(x), gradient: (dy, x) => dy * gatedSlope(x, x, 1) },
  softplus: {
    value: (x, { beta, threshold }) => {
      const z = x * beta;
      if (z > threshold) return x;
      return (z > 0 ? z + Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z))) / beta;
    },
    gradient: (dy, x, { beta, threshold }) => (x * beta > threshold ? dy : dy * sigmoid(x * beta)),
  },
  hardswish: {
    value: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
    gradient: (dy, x) => (x < -3 ? 0 : x >= 3 ? dy : dy * (x / 3 + 0.5)),
  },
  hardsigmoid: {
    value: (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
    gradient: (dy, x) => (x > -3 && x < 3 ? dy / 6 : 0),
  },
  leakyRelu: {
    value: (x, { negativeSlope }) => (x > 0 ? x : x * negativeSlope),
    gradient: (dy, x, { negativeSlope }) => (x > 0 ? dy : dy * negativeSlope),
  },
  elu: {
    value: (x, { alpha, scale, inputScale }) => (x > 0 ? x * scale : Math.expm1(x * inputScale) * (alpha * scale)),
    gradient: (dy, x, { alpha, scale, inputScale }) =>
      x > 0 ? dy * scale : dy * (alpha * scale * inputScale * Math.exp(x * inputScale)),
  },
  mish: {
    value: (x) => {
      const { numerator, denominator } = mishParts(x);
      return x * (numerator / denominator);
    },
    gradient: (dy, x) => {
      const { e, start, numerator, rest, denominator } = mishParts(x);
      const restOfSquare = (rest * (numerator + denominator)) / (denominator * denominator);
      const slope = start / denominator + (x * restOfSquare) / (1 + e);
      return dy * (x < 0 ? slope * e : slope);
    },
  },
};

const valueKernel =
  <A>({ value }: Activation<A>) =>
  ([x]: readonly [ArrayView], attrs: A, [y]: readonly [ArrayView]): void => {
    for (let i = 0; i < y.data.length; i++) y.data[i] = value(x.data[i]!, attrs);
  };

const gradientKernel =
  <A>({ gradient }: Activation<A>) =>
  ([dy, x]: readonly [ArrayView, ArrayView], attrs: A, [dx]: readonly [ArrayView]): void => {
    for (let i = 0; i < dx.data.length; i++) dx.data[i] = gradient(dy.data[i]!, x.data[i]!, attrs);
  };

type ValueKernels = { readonly [K in ActivationName]: ReturnType<typeof valueKernel<CurveAttrs[K]>> };
type GradientKernels = {
  readonly [K in ActivationName as `${K}Grad`]: ReturnType<typeof gradientKernel<CurveAttrs[K]>>;
};

export const activationKernels = Object.fromEntries(
  Object.entries(formulas).flatMap(([name, formula]) => [
    [name, valueKernel(formula as Activation<unknown>)],
    [`${name}Grad`, gradientKernel(formula as Activation<unknown>)],
  ]),
) as unknown as ValueKernels & GradientKernels;
