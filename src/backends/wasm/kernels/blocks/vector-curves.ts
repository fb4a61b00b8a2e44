/**
 * Activations and their slopes on float32 lanes. Each is one exponential, of a number <= 0, and sums of positive terms: small
 * results keep their digits, and y · e^x is made of two factors so that denormal results do. Arguments are locals.
 */
import type { FunctionBuilder, Vec } from "../../../../wasm/index.js";
import { exp, expFactors, expm1, log1p, polynomial, signOf } from "./vector-math.js";

type Slopes = readonly Vec[];
/** Of dy and x, and numbers among the attributes. */
export interface Curve {
  value(f: FunctionBuilder, x: Vec, numbers: Slopes): Vec;
  gradient(f: FunctionBuilder, dy: Vec, x: Vec, numbers: Slopes): Vec;
}

/**
 * The share of the normal distribution beyond u >= 0 is t · p(t) · exp(−u²/2) with t = 1 / (1 + SHARE_SCALE · u). Fitted for this
 * project to mpmath's erfc on [0, 14.5] by iterated least squares; relative error 3.2e-8. Highest first.
 */
const SHARE_SCALE = 0.35;
const SHARE_COEFFICIENTS = [
  -0.029157886281609535, 0.14403091371059418, -0.2558389902114868, 0.1593196988105774, -0.023212352767586708,
  0.10555250197649002, 0.11982128769159317, 0.139863520860672, 0.139621302485466,
];
/** erf x = x · p(x²) for |x| < ERF_SMALL, likewise; relative error 1.2e-8. */
const ERF_SMALL = 0.9;
const ERF_COEFFICIENTS = [
  -0.0006090359529480338, 0.005011962726712227, -0.02677890844643116, 0.11282140761613846, -0.3761252462863922,
  1.1283791065216064,
];
const INVERSE_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

/** gelu's approximation by tanh (Hendrycks and Gimpel 2016, section 2): x · σ(GELU_SCALE · (x + GELU_CUBE · x³)). */
const GELU_CUBE = 0.044715;
const GELU_SCALE = 2 * Math.sqrt(2 / Math.PI);
/** Squares beyond would overflow in the slope, which has ended there. */
const GELU_END = 1e4;

const half = (f: FunctionBuilder, x: Vec): Vec => f.splat(0.5, x.parts.length);
const ones = (f: FunctionBuilder, x: Vec): Vec => f.splat(1, x.parts.length);
const isNegative = (f: FunctionBuilder, x: Vec): Vec => f.vec(x.less(0));

/** t · p(t) of the share beyond u. */
function shareOf(f: FunctionBuilder, u: Vec): Vec {
  const t = f.vec(ones(f, u).div(f.madd(u, f.splat(SHARE_SCALE, u.parts.length), ones(f, u))));
  return f.vec(polynomial(f, t, SHARE_COEFFICIENTS).mul(t));
}

/** The error function. */
export function erf(f: FunctionBuilder, x: Vec): Vec {
  const size = f.vec(x.abs());
  const square = f.vec(x.mul(x));
  const small = x.mul(polynomial(f, square, ERF_COEFFICIENTS));
  const beyond = shareOf(f, f.vec(size.mul(Math.SQRT2))).mul(exp(f, f.vec(square.neg())));
  const large = ones(f, x).sub(beyond.add(beyond)).or(signOf(f, x));
  return f.vec(size.less(ERF_SMALL).select(small, large));
}

const gelu: Curve = {
  value(f, x) {
    const { near, far } = expFactors(f, f.vec(x.mul(x).mul(-0.5)));
    const share = f.vec(shareOf(f, f.vec(x.abs())).mul(near));
    return isNegative(f, x).select(x.mul(share).mul(far), x.mul(ones(f, x).sub(share.mul(far))));
  },
  gradient(f, dy, x) {
    const { near, far } = expFactors(f, f.vec(x.mul(x).mul(-0.5)));
    const share = f.vec(shareOf(f, f.vec(x.abs())));
    const density = f.vec(x.mul(INVERSE_SQRT_TWO_PI));
    const negative = share.add(density).mul(near).mul(far);
    const positive = ones(f, x).add(density.sub(share).mul(near).mul(far));
    return dy.mul(isNegative(f, x).select(negative, positive));
  },
};

/** x · σ(z), where z has the sign of x. */
function gated(f: FunctionBuilder, x: Vec, z: Vec): Vec {
  const { near, far } = expFactors(f, f.vec(z.abs().neg()));
  const isBelow = isNegative(f, x);
  const share = ones(f, x).div(near.mul(far).add(1));
  return x
    .mul(share)
    .mul(isBelow.select(near, ones(f, x)))
    .mul(isBelow.select(far, ones(f, x)));
}

/** Its derivative, where z has the slope given: σ(z) · (1 + x · σ(−z) · slope). */
function gatedSlope(f: FunctionBuilder, x: Vec, z: Vec, slope: Vec | null): Vec {
  const { near, far } = expFactors(f, f.vec(z.abs().neg()));
  const share = f.vec(ones(f, x).div(near.mul(far).add(1)));
  const steep = f.vec(slope ? share.mul(slope) : share);
  const negative = share
    .mul(f.madd(x, steep, ones(f, x)))
    .mul(near)
    .mul(far);
  const positive = share.mul(f.madd(x.mul(near).mul(far), steep, ones(f, x)));
  return isNegative(f, x).select(negative, positive);
}

const silu: Curve = {
  value: (f, x) => gated(f, x, x),
  gradient: (f, dy, x) => dy.mul(gatedSlope(f, x, x, null)),
};

const geluArgument = (f: FunctionBuilder, x: Vec): Vec => f.vec(f.madd(x.mul(x).mul(GELU_CUBE), x, x).mul(GELU_SCALE));

const geluTanh: Curve = {
  value: (f, x) => gated(f, x, geluArgument(f, x)),
  gradient(f, dy, x) {
    const square = x.mul(x).pmin(GELU_END);
    const slope = f.vec(
      f.madd(square, f.splat(3 * GELU_CUBE * GELU_SCALE, x.parts.length), f.splat(GELU_SCALE, x.parts.length)),
    );
    return dy.mul(gatedSlope(f, x, geluArgument(f, x), slope));
  },
};

const softplus: Curve = {
  value(f, x, [beta, threshold]) {
    const z = f.vec(x.mul(beta!));
    const rest = log1p(f, exp(f, f.vec(z.abs().neg())));
    return z.greater(threshold!).select(x, z.pmax(0).add(rest).div(beta!));
  },
  gradient(f, dy, x, [beta, threshold]) {
    const z = f.vec(x.mul(beta!));
    const { near, far } = expFactors(f, f.vec(z.abs().neg()));
    const share = f.vec(dy.div(near.mul(far).add(1)));
    const smooth = isNegative(f, z).select(share.mul(near).mul(far), share);
    return z.greater(threshold!).select(dy, smooth);
  },
};

/** clamp(x + 3, 0, 6) / 6. */
const ramp = (x: Vec): Vec =>
  x
    .add(3)
    .pmax(0)
    .pmin(6)
    .mul(1 / 6);

const hardswish: Curve = {
  value: (_, x) => x.mul(ramp(x)),
  gradient: (f, dy, x) =>
    x
      .greaterEqual(3)
      .select(dy, dy.mul(f.madd(x, f.splat(1 / 3, x.parts.length), half(f, x))))
      .andNot(x.less(-3)),
};

const hardsigmoid: Curve = {
  value: (_, x) => ramp(x),
  gradient: (_, dy, x) => dy.mul(1 / 6).and(x.abs().less(3)),
};

const leakyRelu: Curve = {
  value: (_, x, [slope]) => x.greater(0).select(x, x.mul(slope!)),
  gradient: (_, dy, x, [slope]) => x.greater(0).select(dy, dy.mul(slope!)),
};

const elu: Curve = {
  value: (f, x, [alpha, scale, inputScale]) =>
    x.greater(0).select(x.mul(scale!), expm1(f, f.vec(x.mul(inputScale!))).mul(alpha!.mul(scale!))),
  gradient: (f, dy, x, [alpha, scale, inputScale]) => {
    const slope = exp(f, f.vec(x.mul(inputScale!))).mul(alpha!.mul(scale!).mul(inputScale!));
    return dy.mul(x.greater(0).select(scale!, slope));
  },
};

/** tanh(ln(1 + e^x)) = numerator / denominator, sums of positive terms; e is e^−|x|. */
const mish: Curve = {
  value(f, x) {
    const { near, far } = expFactors(f, f.vec(x.abs().neg()));
    const e = f.vec(near.mul(far));
    const isBelow = isNegative(f, x);
    const twice = e.add(e);
    // below 0 the numerator is e · (e + 2), of which e is multiplied last
    const numerator = f.vec(isBelow.select(e.add(2), twice.add(1)));
    const denominator = isBelow.select(f.madd(e, numerator, f.splat(2, x.parts.length)), f.madd(twice, e, numerator));
    const product = f.vec(x.mul(numerator.div(denominator)));
    return isBelow.select(product.mul(near).mul(far), product);
  },
  gradient(f, dy, x) {
    const { near, far } = expFactors(f, f.vec(x.abs().neg()));
    const e = f.vec(near.mul(far));
    const isBelow = isNegative(f, x);
    const twice = f.vec(e.add(e));
    const start = f.vec(isBelow.select(e.add(2), twice.add(1)));
    const numerator = isBelow.select(e.mul(start), start);
    const rest = f.vec(isBelow.select(f.splat(2, x.parts.length), twice.mul(e)));
    const inverse = f.vec(ones(f, x).div(numerator.add(rest)));
    // 1 − (numerator / denominator)²
    const restOfSquare = rest.mul(numerator.add(numerator).add(rest)).mul(inverse).mul(inverse);
    // the sigmoid without its factor e below 0
    const slope = f.vec(f.madd(x, restOfSquare.div(e.add(1)), start.mul(inverse)));
    return dy.mul(isBelow.select(slope.mul(near).mul(far), slope));
  },
};

export const curves = { gelu, geluTanh, silu, softplus, hardswish, hardsigmoid, leakyRelu, elu, mish } as const;
