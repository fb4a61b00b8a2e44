/**
 * Elementwise ops as formulas in gpu.js's language, and how operands of different shapes meet: axes that broadcast alike are
 * merged, and three are enough for a kernel; what needs more is expanded first.
 */
import type { DType } from "../../../tensor/dtype.js";
import { type Shape, sameShape, sizeOf } from "../../../tensor/shape.js";
import { allOf, defineKernel, type GpuArgs, type GpuKernel } from "../kernel.js";
import {
  type BufferOperand,
  flat,
  type Lowering,
  type Place,
  type Plan,
  part,
  splitRows,
  type View,
  viewOf,
} from "../plan.js";
import { ATAN2 } from "./curves.js";
import { divisionFormulas } from "./division.js";

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

/** Of `u` and `v`. */
const binaryFormulas = {
  add: "return u + v;",
  sub: "return u - v;",
  mul: "return u * v;",
  div: "return quotient(u, v);",
  // IEEE 754-2008, 9.2.1
  pow: `if (v === 0) { if (isNan(v) < 0.5) { return 1; } }
    if (u === 1) { if (isNan(u) < 0.5) { return 1; } }
    if (isNan(u) > 0.5) { return u; }
    if (isNan(v) > 0.5) { return v; }
    const size = Math.abs(u);
    let isWhole = 0;
    let isOdd = 0;
    if (Math.floor(v) === v) {
      isWhole = 1;
      if (Math.floor(v * 0.5) * 2 !== v) { isOdd = 1; }
    }
    let y = 1;
    if (isFinite(v) < 0.5) {
      if (size > 1) { y = reciprocalOf(v); if (v > 0) { y = v; } }
      if (size < 1) { y = reciprocalOf(v); if (v < 0) { y = -v; } }
      return Math.abs(y);
    }
    if (size === 0 || isFinite(u) < 0.5) {
      y = size;
      if (v < 0) { y = reciprocalOf(size); }
    } else {
      if (u < 0 && isWhole < 0.5) { return nanFrom(u); }
      y = powerOf(size, v);
    }
    if (isOdd > 0.5) { return signed(y, u); }
    return y;`,
  maximum: "return larger(u, v);",
  minimum: "return smaller(u, v);",
  atan2: ATAN2,
  ...divisionFormulas,
  equal: "return isEqual(u, v);",
  notEqual: "return 1 - isEqual(u, v);",
  less: "return isLess(u, v);",
  lessEqual: "return isLessOrEqual(u, v);",
  greater: "return isLess(v, u);",
  greaterEqual: "return isLessOrEqual(v, u);",
  // as PyTorch: 0 where y <= 0, which NaN is not
  reluGrad: "if (isLessOrEqual(v, 0) > 0.5) { return 0; } return u;",
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

/** An operand that broadcasts counts its coordinates with factors 0 or 1. */
const broadcastRead = (array: string): string =>
  `${array}[this.thread.z * ${array}z][this.thread.y * ${array}y][this.thread.x * ${array}x]`;
const axes = ["z", "y", "x"] as const;
const factors = <const N extends string>(...arrays: readonly N[]) =>
  allOf(
    "integer",
    arrays.flatMap((array) => axes.map((axis) => `${array}${axis}` as const)),
  );

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

const expandKernel = defineKernel(
  { name: "expand", rank: 3, args: { x: "array", ...factors("x") } },
  `return ${broadcastRead("x")};`,
);

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

/** How operands meet the output: at most three merged axes, from slow to fast, and which of them each operand has. */
interface Meeting {
  readonly dims: readonly [z: number, y: number, x: number];
  readonly has: readonly (readonly [z: boolean, y: boolean, x: boolean])[];
}

/** null where more than three axes remain. */
function meet(shapes: readonly Shape[], shape: Shape): Meeting | null {
  const merged: { size: number; has: readonly boolean[] }[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const has = shapes.map((s) => (s[axis - shape.length + s.length] ?? 1) !== 1);
    const last = merged.at(-1);
    if (last && has.every((h, i) => h === last.has[i])) last.size *= size;
    else merged.push({ size, has });
  });
  if (merged.length > 3) return null;
  while (merged.length < 3) merged.unshift({ size: 1, has: shapes.map(() => false) });
  let [z, y, x] = merged as [(typeof merged)[0], (typeof merged)[0], (typeof merged)[0]];
  if (z.size === 1 && y.size > 1) {
    const layers = splitRows(y.size);
    [z, y] = [
      { size: layers.z, has: y.has },
      { size: layers.y, has: y.has },
    ];
  }
  return { dims: [z.size, y.size, x.size], has: shapes.map((_, i) => [z.has[i]!, y.has[i]!, x.has[i]!]) };
}

type Operands<N extends string> = { readonly [A in N]: Place };
type MeetingArgs<N extends string> = { readonly [A in N]: View } & {
  readonly [F in `${N}${(typeof axes)[number]}`]: number;
};

/** Operands under a meeting: a view, and a factor per axis, of each. */
function meetingArgs<N extends string>({ dims, has }: Meeting, places: Operands<N>): MeetingArgs<N> {
  const entries = Object.entries<Place>(places).flatMap(([name, place], i) => {
    const [z, y, x] = dims.map((size, axis) => (has[i]![axis] ? size : 1)) as [number, number, number];
    return [[name, viewOf(place, z, y, x)], ...axes.map((axis, a) => [`${name}${axis}`, Number(has[i]![a])])];
  });
  return Object.fromEntries(entries) as MeetingArgs<N>;
}

/** What x can count, in rows of any width; a run that is longer is seen as rows of LONG numbers, and a rest. */
const MAX_X = 65_535 * 8;
const LONG = 65_536;

/** The calls that do a meeting: one, or two where a single run is too long for one dispatch. */
function inReach<N extends string>(meeting: Meeting, places: Operands<N>, out: Place) {
  const { dims, has } = meeting;
  const [z, y, x] = dims;
  const callOf = (one: Meeting, operands: Operands<N>, target: Place) => ({
    dims: [one.dims[2], one.dims[1], one.dims[0]] as const,
    args: meetingArgs(one, operands),
    out: target,
  });
  if (z * y > 1 || x <= MAX_X) return [callOf(meeting, places, out)];
  const rows = Math.floor(x / LONG);
  const [first, rest] = [rows * LONG, x % LONG];
  const piece = (place: Place, hasX: boolean, from: number, length: number): Place =>
    hasX ? part(place, from, length) : place;
  const pieces = (from: number, length: number): Operands<N> =>
    Object.fromEntries(
      Object.entries<Place>(places).map(([name, place], i) => [name, piece(place, has[i]![2], from, length)]),
    ) as Operands<N>;
  const wide: Meeting = { dims: [1, rows, LONG], has: has.map(([, , hasX]) => [false, hasX, hasX]) };
  const narrow: Meeting = { dims: [1, 1, rest], has };
  const calls = [callOf(wide, pieces(0, first), part(out, 0, first))];
  return rest === 0 ? calls : [...calls, callOf(narrow, pieces(first, rest), part(out, first, rest))];
}

/** Writes x, repeated, over `shape`: one axis after the other where a kernel cannot do all at once. */
export function expand(x: Pick<BufferOperand, "place" | "shape">, shape: Shape, out: Place, plan: Plan): void {
  const meeting = meet([x.shape], shape);
  if (meeting) {
    for (const call of inReach(meeting, { x: x.place }, out)) plan.call(expandKernel, call.out, call.dims, call.args);
    return;
  }
  const padded = [...shape.slice(x.shape.length).map(() => 1), ...x.shape];
  while (padded.length < shape.length) padded.unshift(1);
  const axis = padded.findIndex((size, i) => size !== shape[i]);
  const wider = padded.map((size, i) => (i === axis ? shape[i]! : size));
  const isLast = sameShape(wider, shape);
  const place = isLast ? out : plan.scratch(sizeOf(wider));
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(padded.slice(axis + 1));
  const view = viewOf(x.place, outer, 1, inner);
  plan.call(expandKernel, place, [inner, shape[axis]!, outer], { x: view, xz: 1, xy: 0, xx: 1 });
  if (!isLast) expand({ place, shape: wider }, shape, out, plan);
}

/** The operand itself, or its numbers repeated over `shape`. */
function expanded(x: BufferOperand, shape: Shape, plan: Plan): Place {
  if (sameShape(x.shape, shape) || x.size === sizeOf(shape)) return x.place;
  const place = plan.scratch(sizeOf(shape));
  expand(x, shape, place, plan);
  return place;
}

type Factors<N extends string> = { readonly [F in `${N}${(typeof axes)[number]}`]: "integer" };
interface BroadcastKernels<N extends string> {
  readonly same: GpuKernel<{ readonly [A in N]: "array" }>;
  readonly spread: GpuKernel<{ readonly [A in N]: "array" } & Factors<N>>;
}

function runBroadcast<N extends string>(
  kernels: BroadcastKernels<NoInfer<N>>,
  inputs: { readonly [A in N]: BufferOperand },
  y: BufferOperand,
  plan: Plan,
): void {
  const operands = Object.entries<BufferOperand>(inputs);
  const views = (placeOf: (x: BufferOperand) => Place) =>
    Object.fromEntries(operands.map(([name, x]) => [name, flat(placeOf(x))])) as { readonly [A in N]: View };
  const same = (placeOf: (x: BufferOperand) => Place) =>
    plan.call<GpuArgs>(kernels.same, y.place, [y.size, 1, 1], views(placeOf));
  if (operands.every(([, x]) => x.size === y.size)) {
    same(({ place }) => place);
    return;
  }
  const meeting = meet(
    operands.map(([, x]) => x.shape),
    y.shape,
  );
  if (meeting) {
    const places = Object.fromEntries(operands.map(([name, { place }]) => [name, place])) as Operands<N>;
    for (const { dims, args, out } of inReach(meeting, places, y.place))
      plan.call<GpuArgs>(kernels.spread, out, dims, args);
    return;
  }
  same((x) => expanded(x, y.shape, plan));
}

type UnaryName = keyof typeof unaryFormulas;
type BinaryName = keyof typeof binaryFormulas;

const mapEntries = <K extends string, V, R>(table: { readonly [N in K]: V }, map: (name: K, value: V) => R) =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [name, map(name as K, value as V)])) as Record<K, R>;

type UnaryKernel = ReturnType<typeof unaryKernel>;
type BinaryKernels = ReturnType<typeof binaryKernels>;

const unaryKernels = mapEntries<UnaryName, string, UnaryKernel>(unaryFormulas, unaryKernel);
const binaryKernelTable = mapEntries<BinaryName, string, BinaryKernels>(binaryFormulas, binaryKernels);
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
  where: (([mask, a, b], _, [y], plan) => runBroadcast(whereKernels, { mask, a, b }, y, plan)) as Lowering<"where">,
  cast: (([x], { dtype }, [y], plan) =>
    plan.call(castKernels[dtype], y.place, [y.size, 1, 1], { x: flat(x.place) })) as Lowering<"cast">,
  broadcastTo: (([x], { shape }, [y], plan) => expand(x, shape, y.place, plan)) as Lowering<"broadcastTo">,
  reshape: (([x], _, [y], plan) => plan.copy(x.place, y.place)) as Lowering<"reshape">,
};

/** All kernels of this file, for the test that scans them. */
export const elementwiseKernels: readonly GpuKernel[] = [
  ...Object.values(unaryKernels),
  ...Object.values(binaryKernelTable).flatMap(({ same, spread }) => [same, spread]),
  ...Object.values(castKernels),
  ...Object.values(whereKernels),
  expandKernel,
];
