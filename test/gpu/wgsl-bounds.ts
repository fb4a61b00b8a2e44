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
/** Of a sum of n products, each rounded. */
const sumUlps = (n: number): number => n;

const EPSILON = 2 ** -23;
const isNearOne = (x: number): boolean => x >= 0.5 && x <= 2;

/** x and y are the operands at the place; n numbers were reduced. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly n: number;
  readonly expected: number;
  /** A unit in the last place of what is expected. */
  readonly ulp: number;
}
type Bound = (place: Place) => number;

const logBound: Bound = ({ x, ulp }) => (isNearOne(x) ? LOG_NEAR_ONE : LOG_ULPS * ulp);

/** Of exp2(y · log2 x), relative to the result. */
function powBound({ x, y, expected }: Place): number {
  const log = Math.log2(Math.abs(x));
  const exponent = y * log;
  const logError = isNearOne(Math.abs(x)) ? Math.abs(y) * LOG_NEAR_ONE : LOG_ULPS * EPSILON * Math.abs(exponent);
  return Math.abs(expected) * (EXP2_ULPS(exponent) * EPSILON + Math.LN2 * logError);
}

/** A share p of n: exp(v) by a sum of exps, with v = ln p but for the sum, which is at most n. */
const shareBound: Bound = ({ expected, n, ulp }) =>
  (EXP_ULPS(Math.abs(Math.log(Math.abs(expected))) + Math.log(n)) + EXP_ULPS(0) + sumUlps(n) + DIV_ULPS) * ulp;

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
};

/** What a finite output may be off, absolutely; 0 for an op that WGSL computes as exactly as the processor. */
export const outputBound = (op: string, at: Omit<Place, "ulp">): number =>
  bounds[op]?.({ ...at, ulp: ulpOf(at.expected, "float32") }) ?? 0;

/** What the finite gradient of an input may be off, absolutely. */
export function gradientBound(op: string, input: number, at: Omit<Place, "ulp">): number {
  const place = { ...at, ulp: ulpOf(at.expected, "float32") };
  return GRADIENT_FACTOR * (gradientBounds[op]?.(place, input) ?? bounds[op]?.(place) ?? 0);
}
