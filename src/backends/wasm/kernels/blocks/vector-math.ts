/**
 * Transcendental functions on float32 lanes, after Cephes' single-precision routines (S. Moshier, netlib.org/cephes):
 * range reduction, a polynomial, and the ends put right (NaN stays NaN, infinities, zeros and denormals as in Math).
 * Errors are below 2 ulp. Arguments are locals: they are read several times.
 */
import type { FunctionBuilder, Vec } from "../../../../wasm/index.js";
import { Int } from "../../../../wasm/index.js";

const LOG2_E = Math.LOG2E;
/** ln 2 in two parts: the first has few enough bits that its product with an exponent is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444e-4;
/** exp is infinite above, and 0 below. */
const EXP_MAX = 89;
const EXP_MIN = -104;
/** The same of 2^x. */
const EXP2_MAX = 129;
const EXP2_MIN = -151;
/** e^x, as two factors in the range of exponents, is not below. */
const FACTORS_MIN = -170;

const MANTISSA_BITS = 23;
const EXPONENT_BIAS = 127;
const MANTISSA_MASK = 0x7fffff;
const SIGN_MASK = -0x80000000;
const ONE_BITS = 0x3f800000;
const SMALLEST_NORMAL = 2 ** -126;

/** expf's coefficients of (e^r − 1 − r) / r², |r| <= ln 2 / 2, highest first. */
const EXP_COEFFICIENTS = [
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
];
/** logf's coefficients of (ln(1 + r) − r + r²/2) / r³, √½ <= 1 + r < √2. */
const LOG_COEFFICIENTS = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
];
/** tanhf's coefficients of (tanh x − x) / x³ in x², |x| < TANH_SMALL. */
const TANH_COEFFICIENTS = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1];
const TANH_SMALL = 0.625;

/** The sign bit of x. */
export const signOf = (f: FunctionBuilder, x: Vec): Vec => x.and(f.splatInt(SIGN_MASK, x.parts.length));

/** Horner's rule. */
export function polynomial(f: FunctionBuilder, x: Vec, coefficients: readonly number[]): Vec {
  const parts = x.parts.length;
  const sum = f.vec(coefficients[0]!, parts);
  for (const coefficient of coefficients.slice(1)) sum.set(f.madd(sum, x, f.splat(coefficient, parts)));
  return sum;
}

/** 2^n for i32 lanes n in [−126, 127]. */
const powerOfTwo = (n: Vec): Vec => n.addInt(EXPONENT_BIAS).shlInt(Int.of(MANTISSA_BITS));

/** e^r − 1 of |r| <= ln 2 / 2. */
const tailOfExp = (f: FunctionBuilder, r: Vec): Vec => f.vec(f.madd(polynomial(f, r, EXP_COEFFICIENTS), r.mul(r), r));

/** x = n · ln 2 + r, in f32. */
function reduced(f: FunctionBuilder, x: Vec): { readonly n: Vec; readonly r: Vec } {
  const parts = x.parts.length;
  const n = f.vec(x.mul(LOG2_E).nearest());
  return { n, r: f.vec(f.nmadd(n, f.splat(LN2_LOW, parts), f.nmadd(n, f.splat(LN2_HIGH, parts), x))) };
}

/** A number as the product of two, which alone would leave the range of float32's exponents. */
export interface Factors {
  readonly near: Vec;
  readonly far: Vec;
}

/** (1 + tail) · 2^n. */
function scaled(f: FunctionBuilder, tail: Vec, n: Vec): Factors {
  const exponent = f.vec(n.toInt());
  const half = f.vec(exponent.sarInt(Int.of(1)));
  return { near: tail.add(1).mul(powerOfTwo(half)), far: powerOfTwo(exponent.subInt(half)) };
}

/** e^x. */
export function exp(f: FunctionBuilder, x: Vec): Vec {
  const { n, r } = reduced(f, f.vec(x.pmin(EXP_MAX).pmax(EXP_MIN)));
  const { near, far } = scaled(f, tailOfExp(f, r), n);
  return f.vec(near.mul(far));
}

/** e^x of x <= 0 as factors: y · near · far is right where e^x alone is a denormal number or 0. */
export function expFactors(f: FunctionBuilder, x: Vec): Factors {
  const { n, r } = reduced(f, f.vec(x.pmax(FACTORS_MIN)));
  const { near, far } = scaled(f, tailOfExp(f, r), n);
  // 0 below: a large y would make a number of what is left
  return { near: f.vec(near), far: f.vec(far.andNot(x.less(FACTORS_MIN))) };
}

/** 2^x. */
export function exp2(f: FunctionBuilder, x: Vec): Vec {
  const bounded = f.vec(x.pmin(EXP2_MAX).pmax(EXP2_MIN));
  const n = f.vec(bounded.nearest());
  const { near, far } = scaled(f, tailOfExp(f, f.vec(bounded.sub(n).mul(Math.LN2))), n);
  return f.vec(near.mul(far));
}

/** e^x − 1. Close to 0 it is the tail of e^x, and 2^n · tail + (2^n − 1) for n = ±1; elsewhere e^x − 1 loses no digits. */
export function expm1(f: FunctionBuilder, x: Vec): Vec {
  const { n, r } = reduced(f, f.vec(x.pmin(EXP_MAX).pmax(EXP_MIN)));
  const tail = tailOfExp(f, r);
  const { near, far } = scaled(f, tail, n);
  const power = f.vec(powerOfTwo(n.pmin(1).pmax(-1).toInt()));
  const close = f.madd(tail, power, power.sub(1));
  const isClose = n.abs().lessEqual(1);
  // −0 is lost in the sum
  return f.vec(isClose.select(close, near.mul(far).sub(1)).or(signOf(f, x)));
}

/** ln x = e · ln 2 + r − square / 2 + tail, but for the ends. */
interface LogParts {
  readonly e: Vec;
  readonly r: Vec;
  readonly square: Vec;
  readonly tail: Vec;
}

function logParts(f: FunctionBuilder, x: Vec): LogParts {
  const parts = x.parts.length;
  const isSmall = f.vec(x.less(SMALLEST_NORMAL));
  const scaled = f.vec(isSmall.select(x.mul(2 ** MANTISSA_BITS), x));
  const mantissa = f.vec(scaled.and(f.splatInt(MANTISSA_MASK, parts)).or(f.splatInt(ONE_BITS, parts)));
  const isLarge = f.vec(mantissa.greaterEqual(Math.SQRT2));
  // a mask is −1 as an integer
  const exponent = scaled
    .shrInt(Int.of(MANTISSA_BITS))
    .subInt(EXPONENT_BIAS)
    .subInt(isLarge)
    .subInt(isSmall.and(f.splatInt(MANTISSA_BITS, parts)));
  const e = f.vec(exponent.toFloat());
  const r = f.vec(isLarge.select(mantissa.mul(0.5), mantissa).sub(1));
  const square = f.vec(r.mul(r));
  return { e, r, square, tail: f.vec(polynomial(f, r, LOG_COEFFICIENTS).mul(r).mul(square)) };
}

/** A logarithm with its ends: −∞ at 0, NaN below, ∞ at ∞. */
function withEndsOfLog(f: FunctionBuilder, x: Vec, finite: Vec): Vec {
  const parts = x.parts.length;
  const infinity = f.splat(Number.POSITIVE_INFINITY, parts);
  const notPositive = x.equal(0).select(infinity.neg(), f.splat(Number.NaN, parts));
  return f.vec(x.greater(0).select(x.equal(infinity).select(infinity, finite), notPositive));
}

/** ln x. */
export function log(f: FunctionBuilder, x: Vec): Vec {
  const parts = x.parts.length;
  const { e, r, square, tail } = logParts(f, x);
  const rest = f.nmadd(square, f.splat(0.5, parts), f.madd(e, f.splat(LN2_LOW, parts), tail));
  return withEndsOfLog(f, x, f.madd(e, f.splat(LN2_HIGH, parts), r.add(rest)));
}

/** log₂ x: a whole number for a power of two, of which r is 0. */
export function log2(f: FunctionBuilder, x: Vec): Vec {
  const parts = x.parts.length;
  const { e, r, square, tail } = logParts(f, x);
  const low = f.vec(f.nmadd(square, f.splat(0.5, parts), tail));
  // r · log₂ e in two parts: the factor's first is 1
  const fraction = f.madd(r.add(low), f.splat(LOG2_E - 1, parts), low).add(r);
  return withEndsOfLog(f, x, e.add(fraction));
}

/** log₁₀ x. */
export const log10 = (f: FunctionBuilder, x: Vec): Vec => f.vec(log(f, x).mul(Math.LOG10E));

/** ln(1 + x): the logarithm of the rounded sum, put right by what rounding took (W. Kahan, HP-15C handbook). */
export function log1p(f: FunctionBuilder, x: Vec): Vec {
  const sum = f.vec(x.add(1));
  const corrected = log(f, sum).mul(x.div(sum.sub(1)));
  return f.vec(sum.equal(1).or(x.equal(Number.POSITIVE_INFINITY)).select(x, corrected));
}

/** 1 / (1 + e^−x), for negative x as e^x / (1 + e^x): e^−x would overflow where the result is still a denormal number. */
export function sigmoid(f: FunctionBuilder, x: Vec): Vec {
  const one = f.splat(1, x.parts.length);
  const e = exp(f, f.vec(x.abs().neg()));
  return f.vec(x.less(0).select(e, one).div(e.add(1)));
}

/** tanh x: odd polynomial near 0, else sign(x)·(1 − 2 / (e^2|x| + 1)). */
export function tanh(f: FunctionBuilder, x: Vec): Vec {
  const parts = x.parts.length;
  const magnitude = f.vec(x.abs());
  const square = f.vec(x.mul(x));
  const small = f.vec(f.madd(polynomial(f, square, TANH_COEFFICIENTS).mul(square), x, x));
  const large = f.splat(1, parts).sub(f.splat(2, parts).div(exp(f, f.vec(magnitude.add(magnitude))).add(1)));
  // −0 is lost in the polynomial
  return f.vec(magnitude.less(TANH_SMALL).select(small, large).or(signOf(f, x)));
}
