/** Elementwise ops as formulas in gpu.js's language. */
import { type DType, isFloat } from "../../../tensor/dtype.js";
import { defineKernel, type GpuKernel } from "../kernel.js";
import { flat, type Lowering } from "../plan.js";
import { binaryFormulas, wholeFormulas } from "./binary-formulas.js";
import { bitFormulaOf, bitFormulas } from "./bit-formulas.js";
import { broadcastRead, expand, expandKernel, factors, runBroadcast } from "./broadcast.js";

/** What is not finite, and what is too large to have a fraction, is itself. */
const WHOLE = "if (isFinite(v) < 0.5) { return v; } if (Math.abs(v) >= 8388608) { return v; }";

/** Of `v`, as statements that end in a return. Helpers are called where v may be NaN, ∞ or −0 and the operator may not see it. */
const unaryFormulas = {
  neg: "return -v;",
  abs: "return Math.abs(v);",
  sign: `if (isNan(v) > 0.5) { return v; }
    if (v > 0) { return 1; }
    if (v < 0) { return -1; }
    return v;`,
  floor: `${WHOLE}
    return signed(Math.floor(v), v);`,
  ceil: `${WHOLE}
    return signed(Math.floor(-v), v);`,
  // half to even
  round: `${WHOLE}
    const low = Math.floor(v);
    const rest = v - low;
    let near = low;
    if (rest > 0.5) { near = low + 1; }
    if (rest === 0.5) { if (Math.floor(low * 0.5) * 2 !== low) { near = low + 1; } }
    return signed(near, v);`,
  exp: "return expOf(v);",
  log: "return logOf(v);",
  sqrt: "return sqrtOf(v);",
  rsqrt: "return reciprocalOf(sqrtOf(v));",
  square: "return v * v;",
  reciprocal: "return reciprocalOf(v);",
  sin: "return sine(v);",
  cos: "return cosine(v);",
  // near 0 the first five terms of its series, else through exp of what is not positive, which does not overflow
  tanh: `if (isNan(v) > 0.5) { return v; }
    if (Math.abs(v) < 0.25) {
      const q = v * v;
      return signed(v + v * q * (q * (0.133333333 + q * (q * 0.021869488 - 0.053968254)) - 0.333333333), v);
    }
    const e = expOf(-2 * Math.abs(v));
    return signed((1 - e) / (1 + e), v);`,
  sigmoid: "return reciprocalOf(1 + expOf(-v));",
  relu: "return reluOf(v);",
} as const;

const castFormulas = {
  float32: "return v;",
  float64: "return v;",
  // what int32 does not hold is the least it holds, as on x86
  int32: `if (isLess(v, 2147483648) < 0.5) { return -2147483648; }
    if (v < -2147483648) { return -2147483648; }
    const t = Math.floor(Math.abs(v));
    if (t === 0) { return 0; }
    return signed(t, v);`,
  // likewise; 2^63 as a product, since a whole constant of that size is none in WGSL
  int64: `if (isLess(v * 2.3283064365386963e-10, 2147483648) < 0.5) { return -2147483648 * 4294967296.0; }
    if (v * 2.3283064365386963e-10 < -2147483648) { return -2147483648 * 4294967296.0; }
    const t = Math.floor(Math.abs(v));
    if (t === 0) { return 0; }
    return signed(t, v);`,
  // the low byte of the whole number
  uint8: `if (isFinite(v) < 0.5) { return 0; }
    let t = Math.floor(Math.abs(v));
    if (v < 0) { t = -t; }
    if (t === 0) { return 0; }
    return t - 256 * Math.floor(t / 256);`,
  // NaN is not 0
  bool: "return 1 - isEqual(v, 0);",
} as const;

const unaryKernel = (name: string, formula: string) =>
  defineKernel({ name, rank: 1, args: { x: "array" } }, `const v = x[this.thread.x];\n${formula}`);

const binaryKernels = (name: string, formula: string) => ({
  same: defineKernel(
    { name, rank: 1, args: { a: "array", b: "array" } },
    `const u = a[this.thread.x];\nconst v = b[this.thread.x];\n${formula}`,
  ),
  spread: defineKernel(
    { name: `${name} spread`, rank: 3, args: { a: "array", b: "array", ...factors("a", "b") } },
    `const u = ${broadcastRead("a")};\nconst v = ${broadcastRead("b")};\n${formula}`,
  ),
});

// NaN is not 0
const CHOICE = "if (isEqual(m, 0) > 0.5) { return v; } return u;";
const whereKernels = {
  same: defineKernel(
    { name: "where", rank: 1, args: { mask: "array", a: "array", b: "array" } },
    `const m = mask[this.thread.x];\nconst u = a[this.thread.x];\nconst v = b[this.thread.x];\n${CHOICE}`,
  ),
  spread: defineKernel(
    {
      name: "where spread",
      rank: 3,
      args: { mask: "array", a: "array", b: "array", ...factors("mask", "a", "b") },
    },
    `const m = ${broadcastRead("mask")};\nconst u = ${broadcastRead("a")};\nconst v = ${broadcastRead("b")};\n${CHOICE}`,
  ),
};

type UnaryName = keyof typeof unaryFormulas;
type BinaryName = keyof typeof binaryFormulas;

const mapEntries = <K extends string, V, R>(table: { readonly [N in K]: V }, map: (name: K, value: V) => R) =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [name, map(name as K, value as V)])) as Record<K, R>;

type UnaryKernel = ReturnType<typeof unaryKernel>;
type BinaryKernels = ReturnType<typeof binaryKernels>;

const unaryKernels = mapEntries<UnaryName, string, UnaryKernel>(unaryFormulas, unaryKernel);
const binaryKernelTable = mapEntries<BinaryName, string, BinaryKernels>(binaryFormulas, binaryKernels);
const wholeKernels = mapEntries<keyof typeof wholeFormulas, string, BinaryKernels>(wholeFormulas, (name, formula) =>
  binaryKernels(`${name} whole`, formula),
);
const bitKernels = mapEntries<keyof typeof bitFormulas, string, BinaryKernels>(bitFormulas, (name, formula) =>
  binaryKernels(`bitwise ${name}`, formula),
);
/** Between dtypes, of flat places. */
export const castKernels = mapEntries<DType, string, UnaryKernel>(castFormulas, (dtype, formula) =>
  unaryKernel(`cast to ${dtype}`, formula),
);

export const absKernel = unaryKernels.abs;

const unaryLowering =
  (kernel: UnaryKernel): Lowering<"neg"> =>
  ([x], _, [y], plan) =>
    plan.call(kernel, y.place, [y.size, 1, 1], { x: flat(x.place) });

export const elementwise = {
  ...mapEntries<UnaryName, UnaryKernel, Lowering<"neg">>(unaryKernels, (_, kernel) => unaryLowering(kernel)),
  ...mapEntries<BinaryName, BinaryKernels, Lowering<"add">>(
    binaryKernelTable,
    (_, kernels) =>
      ([a, b], __, [y], plan) =>
        runBroadcast(kernels, { a, b }, y, plan),
  ),
  ...mapEntries<keyof typeof wholeFormulas, BinaryKernels, Lowering<"add">>(
    wholeKernels,
    (name, kernels) =>
      ([a, b], _, [y], plan) =>
        runBroadcast(isFloat(y.dtype) ? binaryKernelTable[name] : kernels, { a, b }, y, plan),
  ),
  bitwise: (([a, b], { operation }, [y], plan) =>
    runBroadcast(bitKernels[bitFormulaOf(operation, y.dtype)], { a, b }, y, plan)) as Lowering<"bitwise">,
  where: (([mask, a, b], _, [y], plan) => runBroadcast(whereKernels, { mask, a, b }, y, plan)) as Lowering<"where">,
  cast: (([x], { dtype }, [y], plan) =>
    plan.call(castKernels[dtype], y.place, [y.size, 1, 1], { x: flat(x.place) })) as Lowering<"cast">,
  broadcastTo: (([x], { shape }, [y], plan) => expand(x, shape, y.place, plan)) as Lowering<"broadcastTo">,
  reshape: (([x], _, [y], plan) => plan.copy(x.place, y.place)) as Lowering<"reshape">,
};

/** All kernels of this file, for the test that scans them. */
export const elementwiseKernels: readonly GpuKernel[] = [
  ...Object.values(unaryKernels),
  ...[...Object.values(binaryKernelTable), ...Object.values(wholeKernels), ...Object.values(bitKernels)].flatMap(
    ({ same, spread }) => [same, spread],
  ),
  ...Object.values(castKernels),
  ...Object.values(whereKernels),
  expandKernel,
];
