/**
 * Functions of one number and activations in gpu.js's language. What may be NaN or infinite is answered first; polynomials are those
 * of the single precision Cephes library (S. Moshier, netlib.org/cephes) where no other source stands.
 */
import { activations, curveRows, type Form, formOf, functionNames, numbersOf } from "../../../ops/curves.js";
import type { ActivationName, CurveAttrs, CurveOps, FunctionName } from "../../../ops/spec/curves.js";
import { allOf, defineKernel, type GpuArgs, type GpuKernel } from "../kernel.js";
import { flat, type Lowering } from "../plan.js";

/** Horner's rule, highest coefficient first. */
const polynomial = (x: string, coefficients: readonly number[]): string =>
  coefficients.slice(1).reduce((sum, c) => `(${sum} * ${x} + ${literal(c)})`, literal(coefficients[0]!));
/** A number that gpu.js takes for a float, in parentheses where it is negative. */
const literal = (value: number): string => {
  const digits = Math.abs(value).toFixed(12);
  return value < 0 ? `(-${digits})` : digits;
};

const KEEP_NAN = "if (isNan(v) > 0.5) { return v; }";
const KEEP_NOT_FINITE = "if (isFinite(v) < 0.5) { return v; }";

/** (e^v − 1 − v) / v² for |v| < 0.35. */
const EXP_TAIL = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];
/** (ln(1 + v) − v + v²/2) / v³ for −0.29 < v < 0.41. */
const LOG_TAIL = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
];
const ATAN = [8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1];
const ASIN = [4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2, 1.6666752422e-1];
const SINH = [2.03721912945e-4, 8.33028376239e-3, 1.66667160211e-1];
const ASINH = [2.0122003309e-2, -4.2699340972e-2, 7.4847586088e-2, -1.6666288134e-1];
const ACOSH = [1.7596881071e-3, -7.5272886713e-3, 2.6454905019e-2, -1.1784741703e-1, 1.4142135263];
const ATANH = [1.81740078349e-1, 8.24370301058e-2, 1.4669143173e-1, 1.997821645e-1, 3.33337300303e-1];
/** As in the wasm kernels, where their source stands: the share of the normal distribution beyond u, and erf near 0. */
const SHARE = [
  -0.029157886281609535, 0.14403091371059418, -0.2558389902114868, 0.1593196988105774, -0.023212352767586708,
  0.10555250197649002, 0.11982128769159317, 0.139863520860672, 0.139621302485466,
];
const ERF = [
  -0.0006090359529480338, 0.005011962726712227, -0.02677890844643116, 0.11282140761613846, -0.3761252462863922,
  1.1283791065216064,
];
/** t · p(t) of the share beyond `u`, as a local of the name given. */
const shareText = (name: string, u: string): string => `const t = 1 / (1 + 0.35 * ${u});
    const ${name} = t * ${polynomial("t", SHARE)};`;

/** e^z − 1 as the local `y`. */
const expm1Text = (z: string): string => `let y = expOf(${z}) - 1;
    if (Math.abs(${z}) < 0.35) { y = ${z} + ${z} * ${z} * ${polynomial(z, EXP_TAIL)}; }`;
/** ln(1 + z) as the local `y`. */
const log1pText = (z: string): string => `let y = logOf(1 + ${z});
    if (Math.abs(${z}) < 0.28) { y = ${z} - 0.5 * ${z} * ${z} + ${z} * ${z} * ${z} * ${polynomial(z, LOG_TAIL)}; }`;
/** atan of `q` in [0, 1] as the local `angle`. */
const atanText = `let from = 0;
    let w = q;
    if (q > 0.4142135623) { from = ${literal(Math.PI / 4)}; w = (q - 1) / (q + 1); }
    const s = w * w;
    let angle = from + (w + w * s * ${polynomial("s", ATAN)});`;
/** asin of |v| <= 1 as the local `angle`, of |v|; beyond it NaN. */
const asinText = `if (isFinite(v) < 0.5) { return nanFrom(v); }
    const size = Math.abs(v);
    if (size > 1) { return nanFrom(v); }
    let s = size * size;
    let w = size;
    if (size > 0.5) { s = 0.5 * (1 - size); w = sqrtOf(s); }
    const part = w + w * s * ${polynomial("s", ASIN)};`;
const HALF_PI = literal(Math.PI / 2);

/** Of `v`, as statements that end in a return. */
const functions: { readonly [K in FunctionName]: string } = {
  erf: `if (isFinite(v) < 0.5) { if (isNan(v) > 0.5) { return v; } return signed(1, v); }
    const s = v * v;
    if (Math.abs(v) < 0.9) { return signed(v * ${polynomial("s", ERF)}, v); }
    ${shareText("beyond", "(1.41421356237 * Math.abs(v))")}
    return signed(1 - 2 * beyond * expOf(-s), v);`,
  tan: "return quotient(sine(v), cosine(v));",
  asin: `${asinText}
    let y = part;
    if (size > 0.5) { y = ${HALF_PI} - 2 * part; }
    return signed(y, v);`,
  acos: `${asinText}
    if (size > 0.5) {
      if (v > 0) { return 2 * part; }
      return ${literal(Math.PI)} - 2 * part;
    }
    return ${HALF_PI} - signed(part, v);`,
  atan: `${KEEP_NAN}
    const size = Math.abs(v);
    let q = size;
    if (size > 1) { q = reciprocalOf(size); }
    ${atanText}
    if (size > 1) { angle = ${HALF_PI} - angle; }
    return signed(angle, v);`,
  sinh: `${KEEP_NOT_FINITE}
    const size = Math.abs(v);
    const s = v * v;
    if (size < 1) { return signed(v + v * s * ${polynomial("s", SINH)}, v); }
    const e = expOf(0.5 * size);
    return signed(0.5 * e * e - 0.5 * reciprocalOf(e) * reciprocalOf(e), v);`,
  cosh: `if (isFinite(v) < 0.5) { return Math.abs(v); }
    const e = expOf(0.5 * Math.abs(v));
    return 0.5 * e * e + 0.5 * reciprocalOf(e) * reciprocalOf(e);`,
  asinh: `${KEEP_NOT_FINITE}
    const size = Math.abs(v);
    const s = v * v;
    if (size < 0.5) { return signed(v + v * s * ${polynomial("s", ASINH)}, v); }
    if (size > 10000) { return signed(logOf(size) + ${literal(Math.LN2)}, v); }
    return signed(logOf(size + sqrtOf(s + 1)), v);`,
  acosh: `${KEEP_NAN}
    if (v < 1) { return nanFrom(v); }
    if (isFinite(v) < 0.5) { return v; }
    const t = v - 1;
    if (t < 0.5) { return sqrtOf(t) * ${polynomial("t", ACOSH)}; }
    if (v > 10000) { return logOf(v) + ${literal(Math.LN2)}; }
    return logOf(v + sqrtOf(v * v - 1));`,
  atanh: `${KEEP_NAN}
    const size = Math.abs(v);
    if (size > 1) { return nanFrom(v); }
    const s = v * v;
    if (size < 0.5) { return signed(v + v * s * ${polynomial("s", ATANH)}, v); }
    return signed(0.5 * logOf(quotient(1 + size, 1 - size)), v);`,
  log1p: `if (isFinite(v) < 0.5) { return logOf(v); }
    ${log1pText("v")}
    if (v === 0) { return v; }
    return y;`,
  expm1: `${KEEP_NAN}
    ${expm1Text("v")}
    if (v === 0) { return v; }
    return y;`,
  log2: `return logOf(v) * ${literal(Math.LOG2E)};`,
  log10: `return logOf(v) * ${literal(Math.LOG10E)};`,
  exp2: `if (isFinite(v) < 0.5) { return expOf(v); }
    if (v === 0) { return 1; }
    return powerOf(2, v);`,
};

/** Of x · share(x): x at ∞, and 0 · ∞ at −∞. */
const GATE = `if (isFinite(v) < 0.5) {
      if (isLess(0, v) > 0.5) { return v; }
      return nanFrom(v);
    }`;
const NO_SLOPE = "if (isFinite(v) < 0.5) { return nanFrom(v); }";
const DENSITY = literal(1 / Math.sqrt(2 * Math.PI));

/** e^−|z| as the local `e` and its root as `h`: where e has lost digits or is 0, since it is denormal, a number times h twice may be normal. */
const rootedText = (z: string): string => `let h = 0.5 * Math.abs(${z});
    h = expOf(-h);
    const e = h * h;`;
/** x · σ(z), and dy times its derivative where z has the slope of that name. */
const gatedText = (z: string): string => `${rootedText(z)}
    const share = v / (1 + e);
    if (v < 0) { return share * h * h; }
    return share;`;
const gatedSlopeText = (z: string, slope: string): string => `${rootedText(z)}
    const share = 1 / (1 + e);
    const steep = v * share * ${slope};
    if (v < 0) { return u * (share * (1 + steep) * h * h); }
    return u * (share * (1 + steep * e));`;
const GELU_SCALE = literal(2 * Math.sqrt(2 / Math.PI));
/** Where the cube would overflow, the function has long reached its ends. */
const GELU_BOUND = "const b = Math.max(Math.min(v, 1000), -1000);";
const GELU_ARGUMENT = `${GELU_BOUND}
    const z = ${GELU_SCALE} * (b + 0.044715 * b * b * b);`;

/** Parts of tanh(ln(1 + e^v)). */
const MISH = `${rootedText("v")}
    const twice = e + e;
    let first = twice + 1;
    let numerator = twice + 1;
    let rest = twice * e;
    if (v < 0) { first = e + 2; numerator = e * first; rest = 2; }`;

interface Texts {
  /** Of `v` and the numbers p0, p1, p2, as statements that end in a return. */
  readonly value: string;
  /** Of `u`, which is dy, as well. */
  readonly gradient: string;
}
const forms: { readonly [F in Form]: Texts } = {
  gelu: {
    value: `${GATE}
    ${shareText("beyond", "Math.abs(v)")}
    const e = expOf(-0.5 * v * v);
    if (v < 0) { return v * beyond * e; }
    return v * (1 - beyond * e);`,
    gradient: `${NO_SLOPE}
    ${shareText("beyond", "Math.abs(v)")}
    const e = expOf(-0.5 * v * v);
    let slope = 1;
    if (e > 0) {
      if (v < 0) { slope = (beyond + v * ${DENSITY}) * e; }
      else { slope = 1 + (v * ${DENSITY} - beyond) * e; }
    } else if (v < 0) { slope = 0; }
    return u * slope;`,
  },
  geluTanh: {
    value: `${GATE}
    ${GELU_ARGUMENT}
    ${gatedText("z")}`,
    gradient: `${NO_SLOPE}
    ${GELU_ARGUMENT}
    const slope = ${GELU_SCALE} * (1 + 3 * 0.044715 * b * b);
    ${gatedSlopeText("z", "slope")}`,
  },
  silu: { value: `${GATE}\n    ${gatedText("v")}`, gradient: `${NO_SLOPE}\n    ${gatedSlopeText("v", "1")}` },
  softplus: {
    value: `${KEEP_NAN}
    const z = v * p0;
    if (z > p1) { return v; }
    const e = expOf(-Math.abs(z));
    ${log1pText("e")}
    if (z > 0) { return (z + y) / p0; }
    return y / p0;`,
    gradient: `if (isNan(v) > 0.5) { return nanFrom(v); }
    const z = v * p0;
    if (z > p1) { return u; }
    const e = expOf(-Math.abs(z));
    if (z < 0) { return u * (e / (1 + e)); }
    return u / (1 + e);`,
  },
  hardswish: {
    value: `${GATE}
    if (v >= 3) { return v; }
    if (v <= -3) { return signed(0, v); }
    return v * (v + 3) / 6;`,
    gradient: `if (isNan(v) > 0.5) { return nanFrom(v); }
    if (v >= 3) { return u; }
    if (v < -3) { return 0; }
    return u * (v / 3 + 0.5);`,
  },
  hardsigmoid: {
    value: `${KEEP_NAN}
    if (v >= 3) { return 1; }
    if (v <= -3) { return 0; }
    return (v + 3) / 6;`,
    gradient: `if (isNan(v) > 0.5) { return 0; }
    if (Math.abs(v) < 3) { return u / 6; }
    return 0;`,
  },
  leakyRelu: {
    value: `${KEEP_NAN}
    if (v > 0) { return v; }
    return v * p0;`,
    gradient: `if (isLess(0, v) > 0.5) { return u; }
    return u * p0;`,
  },
  elu: {
    value: `${KEEP_NAN}
    if (v > 0) { return v * p1; }
    const z = v * p2;
    ${expm1Text("z")}
    if (z === 0) { y = z; }
    return y * (p0 * p1);`,
    gradient: `if (isNan(v) > 0.5) { return nanFrom(v); }
    if (v > 0) { return u * p1; }
    return u * (p0 * p1 * p2 * expOf(v * p2));`,
  },
  mish: {
    value: `${GATE}
    ${MISH}
    const ratio = v * (first / (numerator + rest));
    if (v < 0) { return ratio * h * h; }
    return ratio;`,
    gradient: `${NO_SLOPE}
    ${MISH}
    const inverse = 1 / (numerator + rest);
    const restOfSquare = rest * (2 * numerator + rest) * inverse * inverse;
    const slope = first * inverse + v * (restOfSquare / (1 + e));
    if (v < 0) { return u * (slope * h * h); }
    return u * slope;`,
  },
};

const functionKernel = (name: FunctionName) =>
  defineKernel({ name, rank: 1, args: { x: "array" } }, `const v = x[this.thread.x];\n${functions[name]}`);

const numbersIn = (form: Form): readonly string[] =>
  activations[form === "geluTanh" ? "gelu" : form].numbers.map((_, i) => `p${i}`);

const valueKernel = (form: Form): GpuKernel =>
  defineKernel(
    { name: form, rank: 1, args: { x: "array", ...allOf("float", numbersIn(form)) } },
    `const v = x[this.thread.x];\n${forms[form].value}`,
  );
const gradientKernel = (form: Form): GpuKernel =>
  defineKernel(
    { name: `${form}Grad`, rank: 1, args: { dy: "array", x: "array", ...allOf("float", numbersIn(form)) } },
    `const u = dy[this.thread.x];\nconst v = x[this.thread.x];\n${forms[form].gradient}`,
  );

const formNames = Object.keys(forms) as Form[];
const tableOf = <K extends string, T>(names: readonly K[], make: (name: K) => T): { readonly [N in K]: T } =>
  Object.fromEntries(names.map((name) => [name, make(name)])) as { readonly [N in K]: T };
const functionKernels = tableOf(functionNames, functionKernel);
const valueKernels = tableOf(formNames, valueKernel);
const gradientKernels = tableOf(formNames, gradientKernel);

const numberArgs = (name: ActivationName, attrs: CurveAttrs["elu"]): Readonly<Record<string, number>> =>
  Object.fromEntries(numbersOf(name as "elu", attrs).map((value, i) => [`p${i}`, value]));

export const curveLowerings = curveRows<unknown>(
  (name): Lowering<"erf"> =>
    ([x], _, [y], plan) =>
      plan.call(functionKernels[name], y.place, [y.size, 1, 1], { x: flat(x.place) }),
  (name): Lowering<"elu"> =>
    ([x], attrs, [y], plan) =>
      plan.call<GpuArgs>(valueKernels[formOf(name, attrs)], y.place, [y.size, 1, 1], {
        x: flat(x.place),
        ...numberArgs(name, attrs),
      }),
  (name): Lowering<"eluGrad"> =>
    ([dy, x], attrs, [dx], plan) =>
      plan.call<GpuArgs>(gradientKernels[formOf(name, attrs)], dx.place, [dx.size, 1, 1], {
        dy: flat(dy.place),
        x: flat(x.place),
        ...numberArgs(name, attrs),
      }),
) as { readonly [K in keyof CurveOps]: Lowering<K> };

/** All kernels of this file, for the test that scans them. */
export const curveKernels: readonly GpuKernel[] = [functionKernels, valueKernels, gradientKernels].flatMap((table) =>
  Object.values<GpuKernel>(table),
);

/** The angle of the point (v, u). */
export const ATAN2 = `if (isNan(u) > 0.5) { return u; }
    if (isNan(v) > 0.5) { return v; }
    const height = Math.abs(u);
    const width = Math.abs(v);
    const isSteep = isLess(width, height);
    let q = 0;
    if (isFinite(u) < 0.5) { if (isFinite(v) < 0.5) { q = 1; } }
    if (isFinite(u) > 0.5) { if (isFinite(v) > 0.5) { if (width + height > 0) {
      q = Math.min(width, height) / Math.max(width, height);
    } } }
    ${atanText}
    if (isSteep > 0.5) { angle = ${HALF_PI} - angle; }
    if (signed(1, v) < 0) { angle = ${literal(Math.PI)} - angle; }
    return signed(angle, u);`;
