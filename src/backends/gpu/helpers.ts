/**
 * Functions that kernels may call by name. Each is written twice: in gpu.js's JavaScript for the modes on the processor, and
 * in WGSL, which takes its place in the translation. WGSL lets a compiler assume that NaN and ∞ never occur (section 15.7,
 * "Floating Point Evaluation"), and drivers use that: max(NaN, 0) is 0, NaN != NaN is false. Tests on bits are integer
 * arithmetic, which no compiler may simplify so. A bit pattern is always mixed with one that only the device knows, since WGSL
 * refuses constants that are not finite.
 */

interface Helper {
  readonly parameters: readonly string[];
  /** Statements, without calls of other helpers and without locals: gpu.js compiles helpers before their callers. */
  readonly js: string;
  /** The body of a WGSL function of the same parameters (f32) that returns an f32; may call helpers. */
  readonly wgsl: string;
}

/** A condition in WGSL. */
export const isNanBits = (v: string): string => `(bitcast<u32>(${v}) & 0x7fffffffu) > 0x7f800000u`;
const isInfBits = (v: string): string => `(bitcast<u32>(${v}) & 0x7fffffffu) == 0x7f800000u`;
const nanFrom = (v: string): string => `bitcast<f32>(bitcast<u32>(${v}) | 0x7fc00000u)`;
/** ∞ with the sign of v. */
const infinityFrom = (v: string): string => `bitcast<f32>((bitcast<u32>(${v}) & 0x80000000u) | 0x7f800000u)`;
const plusInfinityFrom = (v: string): string => `bitcast<f32>((bitcast<u32>(${v}) & 0u) | 0x7f800000u)`;

/** Largest x whose exp is finite, and least whose exp is not 0, in float32. */
const EXP_OVERFLOW = 88.72283935546875;
const EXP_UNDERFLOW = -103.97208404541016;
/** Below it a logarithm is taken of a multiple that is normal. */
const SMALLEST_NORMAL = 2 ** -126;
const DENORMAL_BITS = 24;
const DENORMAL_SCALE = 2 ** DENORMAL_BITS;
/** exp2 of this and above is not finite, of this and below it is 0, in float32. */
const EXP2_OVERFLOW = 128;
const EXP2_UNDERFLOW = -150;
/** Whole exponents up to here are products, which are exact where the result is. */
const LARGEST_PRODUCT = 64;
/** Up to here (some 30 quarter turns) π/2 in three parts is enough, near its multiples too. */
const NEAR_ANGLES = 50;

/** 2/π after the binary point, in words of 32 bits; a first word of 0 lets a window begin before the point. */
const TWO_OVER_PI = [
  0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561,
] as const;

/**
 * sin(v + quarters · π/2). WGSL's own sine need only be right to 2^-11 and to |v| ≤ π. Near 0 the nearest quarter turn is taken off
 * with π/2 in three parts (Cody and Waite 1980), of which the first two are short enough for exact products. Farther out v is
 * m · 2^e with a whole m, and only 96 bits of 2/π matter for v · 2/π modulo 4 (Payne and Hanek 1983). The polynomials are those
 * of the single precision Cephes library.
 */
const sineText = (quarters: 0 | 1): string => `
  if ((bitcast<u32>(v) & 0x7f800000u) == 0x7f800000u) { return ${nanFrom("v")}; }
  var quarter : u32 = ${quarters}u;
  var r : f32;
  if (abs(v) <= ${NEAR_ANGLES}.0) {
    let n = floor(v * 0.636619772 + 0.5);
    r = v - n * 1.5703125 - n * 0.000483751297 - n * 7.54978995e-8;
    if (n == 0.0) { r = v; }
    quarter += bitcast<u32>(i32(n));
  } else {
    let bits = bitcast<u32>(v);
    let m = (bits & 0x7fffffu) | 0x800000u;
    // v = m · 2^e; the window begins at bit e − 1 behind the point, 32 bits later in the table
    let first = 32 + (i32((bits >> 23u) & 255u) - 150) - 2;
    var words = array<u32, ${TWO_OVER_PI.length}>(${TWO_OVER_PI.map((word) => `0x${word.toString(16)}u`).join(", ")});
    var window : array<u32, 3>;
    for (var i = 0; i < 3; i++) {
      let word = first / 32 + i;
      let shift = u32(first % 32);
      window[i] = words[word] << shift;
      if (shift > 0u) { window[i] |= words[word + 1] >> (32u - shift); }
    }
    // m · window modulo 2^96, from the lowest word up, in halves of 16 bits
    var carry : u32 = 0u;
    var product : array<u32, 3>;
    for (var i = 2; i >= 0; i--) {
      let low = (m & 0xffffu) * (window[i] & 0xffffu);
      let cross1 = (m & 0xffffu) * (window[i] >> 16u);
      let cross2 = (m >> 16u) * (window[i] & 0xffffu);
      let middle = (low >> 16u) + (cross1 & 0xffffu) + (cross2 & 0xffffu);
      let bottom = (low & 0xffffu) | (middle << 16u);
      product[i] = bottom + carry;
      carry = (m >> 16u) * (window[i] >> 16u) + (cross1 >> 16u) + (cross2 >> 16u) + (middle >> 16u);
      if (product[i] < bottom) { carry += 1u; }
    }
    var turns = product[0] >> 30u;
    var high = (product[0] << 2u) | (product[1] >> 30u);
    var low = (product[1] << 2u) | (product[2] >> 30u);
    // to the nearest quarter turn
    var isNegative = false;
    if (high >= 0x80000000u) {
      turns += 1u;
      isNegative = true;
      low = ~low + 1u;
      high = ~high;
      if (low == 0u) { high += 1u; }
    }
    var scale : f32 = 1.0;
    if (high < 0x10000u) {
      high = (high << 16u) | (low >> 16u);
      low = low << 16u;
      scale = 1.0 / 65536.0;
    }
    let fraction = (f32(high) * (1.0 / 4294967296.0) + f32(low >> 8u) * (1.0 / 72057594037927936.0)) * scale;
    r = fraction * 1.57079632679;
    if (isNegative != (v < 0.0)) { r = -r; }
    quarter += select(turns, 4u - (turns & 3u), v < 0.0);
  }
  let q = r * r;
  var y = r + r * q * (-0.16666654611 + q * (0.0083321608736 - q * 0.00019515295891));
  if ((quarter & 1u) == 1u) {
    y = 1.0 - 0.5 * q + q * q * (0.041666645683 + q * (-0.001388731626 + q * 0.00002443315711));
  } else if (r == 0.0) { y = r; }
  if ((quarter & 2u) == 2u) { y = -y; }
  return y;`;

const whenOrdered = (condition: string): string =>
  `if (${isNanBits("u")}) { return 0.0; }
  if (${isNanBits("v")}) { return 0.0; }
  return select(0.0, 1.0, ${condition});`;
const comparison = (operator: "===" | "<" | "<="): Helper => ({
  parameters: ["u", "v"],
  js: `if (u ${operator} v) { return 1; } return 0;`,
  wgsl: whenOrdered(`u ${operator === "===" ? "==" : operator} v`),
});

/** The one that is NaN, else the extreme one; −0 is below +0. */
const extreme = (name: "max" | "min"): Helper => ({
  parameters: ["u", "v"],
  js: `return Math.${name}(u, v);`,
  // equal numbers differ in the sign of zero at most
  wgsl: `if (${isNanBits("u")}) { return u; }
  if (${isNanBits("v")}) { return v; }
  if (u == v) { return bitcast<f32>(bitcast<u32>(u) ${name === "max" ? "&" : "|"} bitcast<u32>(v)); }
  return select(v, u, u ${name === "max" ? ">" : "<"} v);`,
});

export const helpers = {
  isNan: {
    parameters: ["v"],
    js: "if (v === v) { return 0; } return 1;",
    wgsl: `return select(0.0, 1.0, ${isNanBits("v")});`,
  },
  isFinite: {
    parameters: ["v"],
    // v − v is 0 for finite numbers alone
    js: "if (v - v === 0) { return 1; } return 0;",
    wgsl: "return select(1.0, 0.0, (bitcast<u32>(v) & 0x7f800000u) == 0x7f800000u);",
  },
  nanFrom: { parameters: ["v"], js: "return (v - v) / (v - v);", wgsl: `return ${nanFrom("v")};` },
  /** |size| with the sign of v, of a zero too. */
  signed: {
    parameters: ["size", "v"],
    js: `if (v < 0) { return -Math.abs(size); }
    if (v === 0) { if (1 / v < 0) { return -Math.abs(size); } }
    return Math.abs(size);`,
    wgsl: "return bitcast<f32>((bitcast<u32>(size) & 0x7fffffffu) | (bitcast<u32>(v) & 0x80000000u));",
  },
  isEqual: comparison("==="),
  isLess: comparison("<"),
  isLessOrEqual: comparison("<="),
  larger: extreme("max"),
  smaller: extreme("min"),
  /** 0 for what is below it; NaN and −0 stay. */
  reluOf: {
    parameters: ["v"],
    js: "if (v < 0) { return 0; } return v;",
    wgsl: `if (${isNanBits("v")}) { return v; }
  return select(v, 0.0, v < 0.0);`,
  },
  expOf: {
    parameters: ["v"],
    js: "return Math.exp(v);",
    wgsl: `if (${isNanBits("v")}) { return v; }
  if (v > ${EXP_OVERFLOW}) { return ${plusInfinityFrom("v")}; }
  if (v < ${EXP_UNDERFLOW}) { return 0.0; }
  return exp(v);`,
  },
  logOf: {
    parameters: ["v"],
    js: "return Math.log(v);",
    wgsl: `if (${isNanBits("v")}) { return v; }
  if (v == 0.0) { return bitcast<f32>((bitcast<u32>(v) & 0u) | 0xff800000u); }
  if (v < 0.0) { return ${nanFrom("v")}; }
  if (${isInfBits("v")}) { return v; }
  if (v < ${SMALLEST_NORMAL}) { return log(v * ${DENORMAL_SCALE}.0) - ${DENORMAL_BITS * Math.LN2}; }
  return log(v);`,
  },
  sqrtOf: {
    parameters: ["v"],
    js: "return Math.sqrt(v);",
    wgsl: `if (${isNanBits("v")} || v == 0.0) { return v; }
  if (v < 0.0) { return ${nanFrom("v")}; }
  if (${isInfBits("v")}) { return v; }
  return sqrt(v);`,
  },
  reciprocalOf: {
    parameters: ["v"],
    js: "return 1 / v;",
    wgsl: `if (${isNanBits("v")}) { return v; }
  if (v == 0.0) { return ${infinityFrom("v")}; }
  if (${isInfBits("v")}) { return bitcast<f32>(bitcast<u32>(v) & 0x80000000u); }
  return 1.0 / v;`,
  },
  quotient: {
    parameters: ["u", "v"],
    js: "return u / v;",
    wgsl: `if (${isNanBits("u")}) { return u; }
  if (${isNanBits("v")}) { return v; }
  let sign = (bitcast<u32>(u) ^ bitcast<u32>(v)) & 0x80000000u;
  if (${isInfBits("u")}) {
    if (${isInfBits("v")}) { return ${nanFrom("v")}; }
    return bitcast<f32>(sign | 0x7f800000u);
  }
  if (v == 0.0) {
    if (u == 0.0) { return ${nanFrom("v")}; }
    return bitcast<f32>(sign | 0x7f800000u);
  }
  if (${isInfBits("v")}) { return bitcast<f32>(sign); }
  return u / v;`,
  },
  /** Of a size > 0 that is finite and an exponent that is finite and not 0. */
  powerOf: {
    parameters: ["size", "v"],
    js: "return Math.pow(size, v);",
    wgsl: `if (size == 1.0) { return size; }
  if (v == floor(v) && abs(v) <= ${LARGEST_PRODUCT}.0) {
    var y : f32 = 1.0;
    var factor = size;
    for (var left = u32(abs(v)); left > 0u; left >>= 1u) {
      if ((left & 1u) == 1u) { y *= factor; }
      factor *= factor;
    }
    if (v > 0.0) { return y; }
    if (y > 0.0 && !(${isInfBits("y")})) { return 1.0 / y; }
  }
  if (v == 0.5) { return sqrt(size); }
  if (v == -0.5) { return 1.0 / sqrt(size); }
  var exponent = v * log2(size);
  if (size < ${SMALLEST_NORMAL}) { exponent = v * (log2(size * ${DENORMAL_SCALE}.0) - ${DENORMAL_BITS}.0); }
  if (exponent >= ${EXP2_OVERFLOW}.0) { return ${plusInfinityFrom("v")}; }
  if (exponent <= ${EXP2_UNDERFLOW}.0) { return 0.0; }
  return exp2(exponent);`,
  },
  sine: { parameters: ["v"], js: "return Math.sin(v);", wgsl: sineText(0) },
  cosine: { parameters: ["v"], js: "return Math.cos(v);", wgsl: sineText(1) },
} as const satisfies Readonly<Record<string, Helper>>;

const table: Readonly<Record<string, Helper>> = helpers;

/** The helpers that a kernel's body calls, as functions of gpu.js's JavaScript that go before it. */
export const helpersIn = (body: string): string =>
  Object.entries(table)
    .filter(([name]) => new RegExp(`\\b${name}\\(`).test(body))
    .map(([name, { parameters, js }]) => `function ${name}(${parameters.join(", ")}) { ${js} }\n`)
    .join("");

const signatureOf = (name: string, { parameters }: Helper): string =>
  `fn ${name}(${parameters.map((p) => `${p} : f32`).join(", ")}) -> f32`;

/** The helpers that WGSL written by hand calls, as functions that go before it. */
export const nativeHelpersIn = (wgsl: string): string =>
  Object.entries(table)
    .filter(([name]) => new RegExp(`\\b${name}\\(`).test(wgsl))
    .map(([name, helper]) => `${signatureOf(name, helper)} {\n  ${helper.wgsl.trim()}\n}\n`)
    .join("");

/** gpu.js's translation with the bodies of helpers in WGSL's own words. */
export const withNativeHelpers = (wgsl: string): string =>
  wgsl.replace(/^fn fn_(\w+)\(.*?(?=^fn |^@compute)/gms, (text, name: string) => {
    const helper = table[name];
    if (!helper) return text;
    return `${signatureOf(`fn_${name}`, helper)} {\n  ${helper.wgsl.trim()}\n}\n`;
  });
