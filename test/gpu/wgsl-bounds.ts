/**
 * How far a finite result on a device may lie from the truth: WGSL's stated bounds ("Floating Point Accuracy", section 15.7.4 of
 * the WGSL specification), put together the way the kernels put its functions together.
 */
import { ulpOf } from "../conformance/special.js";

/** Units in the last place. */
const EXP_ULPS = (x: number): number => 3 + 2 * Math.abs(x);
const EXP2_ULPS = EXP_ULPS;
const LOG_ULPS = 3;
/** Absolute, for arguments in [0.5, 2], where a logarithm passes 0. */
const LOG_NEAR_ONE = 2 ** -21;
const DIV_ULPS = 2.5;
const INVERSE_SQRT_ULPS = 2;
const SQRT_ULPS = INVERSE_SQRT_ULPS + DIV_ULPS;
const TANH_ABSOLUTE = 1e-5;
/** Of a polynomial, or of sums, products and constants around one of the functions above. */
const FEW = 4;
/** Of a sum of n products, each rounded. */
const sumUlps = (n: number): number => n;

const EPSILON = 2 ** -23;
const isNearOne = (x: number): boolean => x >= 0.5 && x <= 2;

/** x and y are the operands at the place, scale the factor that the op has for x before anything else; n numbers were reduced. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly n: number;
  readonly expected: number;
  /** A unit in the last place of what is expected. */
  readonly ulp: number;
}
type Bound = (place: Place) => number;

const logBound = ({ x, ulp }: Pick<Place, "x" | "ulp">): number => (isNearOne(x) ? LOG_NEAR_ONE : LOG_ULPS * ulp);

/** Of exp2(y · log2 x), relative to the result. */
function powBound({ x, y, expected }: Pick<Place, "x" | "y" | "expected">): number {
  const log = Math.log2(Math.abs(x));
  const exponent = y * log;
  const logError = isNearOne(Math.abs(x)) ? Math.abs(y) * LOG_NEAR_ONE : LOG_ULPS * EPSILON * Math.abs(exponent);
  return Math.abs(expected) * (EXP2_ULPS(exponent) * EPSILON + Math.LN2 * logError);
}

/** A share p of n: exp(v) by a sum of exps, with v = ln p but for the sum, which is at most n. */
const shareBound: Bound = ({ expected, n, ulp }) =>
  (EXP_ULPS(Math.abs(Math.log(Math.abs(expected))) + Math.log(n)) + EXP_ULPS(0) + sumUlps(n) + DIV_ULPS) * ulp;

/** Of log(argument) plus or times constants, the argument itself off by as many units of its own. */
const curveOfLog = ({ expected, ulp }: Place, argument: number, ulps: number, factor = 1): number =>
  Math.abs(factor) * (logBound({ x: argument, ulp: EPSILON * Math.abs(expected / factor) }) + ulps * EPSILON) + ulp;

/** Of a constant multiple of e^z, where z itself was rounded. */
const multipleOfExp = (z: number, ulp: number): number => (EXP_ULPS(z) + Math.abs(z) / 2 + FEW) * ulp;

/** Of a multiple of e^z − 1, a polynomial near 0. */
function expm1Bound({ x, scale, expected, ulp }: Place): number {
  const z = x * scale;
  return FEW * ulp + (Math.abs(z) < 0.35 ? 0 : EXP_ULPS(z) * EPSILON * Math.abs(expected / Math.expm1(-z)));
}

/** A share 1 / (1 + e^−x) of x, or a rational function of e^x for which as much holds, by the square of e^(x/2). */
const gateBound: Bound = ({ x, ulp }) => (2 * EXP_ULPS(x / 2) + DIV_ULPS + FEW) * ulp;

/** asin and acos: a part, w + w³ p(w²) with w = sqrt((1 − |x|) / 2), that is twice taken from a constant. */
const arcBound =
  (partOf: (expected: number) => number): Bound =>
  ({ x, expected, ulp }) =>
    2 * ulp + (Math.abs(x) > 0.5 ? (SQRT_ULPS + FEW) * EPSILON * Math.abs(partOf(expected)) : FEW * ulp);

/** Per op, absolute, of its outputs. Ops without a row are held to the bound of the other backends. */
const bounds: { readonly [op: string]: Bound } = {
  exp: ({ x, ulp }) => EXP_ULPS(x) * ulp,
  log: logBound,
  sqrt: ({ ulp }) => SQRT_ULPS * ulp,
  rsqrt: ({ ulp }) => (SQRT_ULPS + DIV_ULPS) * ulp,
  sigmoid: ({ x, ulp }) => (EXP_ULPS(x) + 1 + DIV_ULPS) * ulp,
  tanh: () => TANH_ABSOLUTE,
  pow: powBound,
  softmax: shareBound,
  logSoftmax: ({ ulp, n }) => LOG_NEAR_ONE + (LOG_ULPS + sumUlps(n)) * ulp,
  // shares less targets, which may nearly cancel
  crossEntropy: ({ n }) => LOG_NEAR_ONE + sumUlps(n) * EPSILON,
  log2: (place) => curveOfLog(place, place.x, 0, Math.LOG2E),
  log10: (place) => curveOfLog(place, place.x, 0, Math.LOG10E),
  log1p: (place) => (Math.abs(place.x) < 0.28 ? FEW * place.ulp : curveOfLog(place, 1 + place.x, 1)),
  exp2: ({ x, expected }) => powBound({ x: 2, y: x, expected }),
  expm1: expm1Bound,
  sinh: ({ x, ulp }) => (1.5 * 2 * EXP_ULPS(x / 2) + DIV_ULPS + FEW) * ulp,
  cosh: ({ x, ulp }) => (2 * EXP_ULPS(x / 2) + DIV_ULPS + FEW) * ulp,
  asinh: (place) =>
    Math.abs(place.x) < 0.5
      ? FEW * place.ulp
      : curveOfLog(place, Math.abs(place.x) + Math.hypot(place.x, 1), SQRT_ULPS + FEW),
  acosh: (place) =>
    place.x < 1.5
      ? (SQRT_ULPS + FEW) * place.ulp
      : curveOfLog(place, place.x + Math.sqrt(place.x ** 2 - 1), SQRT_ULPS + FEW),
  atanh: (place) =>
    Math.abs(place.x) < 0.5
      ? FEW * place.ulp
      : curveOfLog(place, (1 + Math.abs(place.x)) / (1 - Math.abs(place.x)), DIV_ULPS + 1, 0.5),
  asin: arcBound((y) => Math.PI / 2 - Math.abs(y)),
  acos: arcBound((y) => Math.min(Math.abs(y), Math.PI - y)),
  atan: ({ ulp }) => (2 * DIV_ULPS + FEW) * ulp,
  atan2: ({ ulp }) => (2 * DIV_ULPS + FEW) * ulp,
  tan: ({ ulp }) => (DIV_ULPS + FEW) * ulp,
  erf: ({ x, expected, ulp }) => ulp + (multipleOfExp(x * x, EPSILON) + DIV_ULPS * EPSILON) * (1 - Math.abs(expected)),
  silu: gateBound,
  mish: gateBound,
  elu: expm1Bound,
  // a logarithm where e^−|z| is no less than 0.28
  softplus: ({ x, scale, ulp }) =>
    (EXP_ULPS(x * scale) + DIV_ULPS + FEW) * ulp + (Math.abs(x * scale) < 1.3 ? LOG_NEAR_ONE / scale : 0),
};

/** A gradient is made of its op's results, each rounded again: of the result itself for exp, of products for others. */
const GRADIENT_FACTOR = 2;
/** Of the gradient of one input, where it is made of more than the op itself. */
const gradientBounds: { readonly [op: string]: (place: Place, input: number) => number } = {
  // da = b · a^(b − 1); db = y · log a
  pow: (place, input) => {
    if (input === 0) return powBound({ ...place, y: place.y - 1 });
    const log = Math.log(place.x);
    return powBound(place) + Math.abs(place.expected / log) * logBound({ ...place, ulp: EPSILON * Math.abs(log) });
  },
  log2: ({ ulp }) => (DIV_ULPS + 1) * ulp,
  log10: ({ ulp }) => (DIV_ULPS + 1) * ulp,
  log1p: ({ ulp }) => (DIV_ULPS + 1) * ulp,
  expm1: ({ x, ulp }) => EXP_ULPS(x) * ulp,
  // 2 / √π · e^(−x²)
  erf: ({ x, ulp }) => multipleOfExp(x * x, ulp),
  elu: ({ x, scale, ulp }) => multipleOfExp(x * scale, ulp),
  softplus: ({ x, scale, ulp }) => (EXP_ULPS(x * scale) + DIV_ULPS + FEW) * ulp,
};

/** What a finite output may be off, absolutely; 0 for an op that WGSL computes as exactly as the processor. */
export const outputBound = (op: string, at: Omit<Place, "ulp">): number =>
  bounds[op]?.({ ...at, ulp: ulpOf(at.expected, "float32") }) ?? 0;

/** What the finite gradient of an input may be off, absolutely. */
export function gradientBound(op: string, input: number, at: Omit<Place, "ulp">): number {
  const place = { ...at, ulp: ulpOf(at.expected, "float32") };
  return GRADIENT_FACTOR * (gradientBounds[op]?.(place, input) ?? bounds[op]?.(place) ?? 0);
}
