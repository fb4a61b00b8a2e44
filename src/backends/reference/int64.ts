/**
 * What ops mean for int64, whose elements are bigints: formulas modulo 2^64, as stores to a BigInt64Array cut them. Ops that
 * only move elements are the same kernels as for numbers. All others work on float64 copies, where every integer below 2^53 is
 * exact, and refuse what is not.
 */
import type { Attrs, OpName } from "../../ops/spec/index.js";
import { dtypes, type ElementArray, type TypedArray } from "../../tensor/dtype.js";
import { DTypeError } from "../../util/errors.js";
import type { ArrayKernels, ArrayView } from "../kernel-table.js";
import { mapBinary, mapUnary } from "./elementwise.js";
import { matrixProduct } from "./matmul.js";
import { reduceWith } from "./reduce.js";

export type Kernel = (inputs: readonly ArrayView[], attrs: never, outputs: readonly ArrayView[]) => void;
/** A view's elements as what they are. */
export const bigintsOf = ({ data }: ArrayView): BigInt64Array => data as ElementArray as BigInt64Array;

const unary = (formula: (x: bigint) => bigint): Kernel =>
  mapUnary(formula as unknown as (x: number) => number) as unknown as Kernel;
export const binary = (formula: (a: bigint, b: bigint) => bigint): Kernel =>
  mapBinary(formula as unknown as (a: number, b: number) => number) as unknown as Kernel;

const same = (x: bigint): bigint => x;
const sizeOf = (x: bigint): bigint => (x < 0n ? -x : x);

/** base to the power of an integer, by squaring modulo 2^64; of a negative power only ±1 are integers. */
function power(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) {
    if (base === 1n) return 1n;
    if (base === -1n) return exponent % 2n === 0n ? 1n : -1n;
    return 0n;
  }
  let result = 1n;
  let square = base;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}

/** Above it a sum of int32 numbers goes into a bigint, long before it rounds. */
const LARGEST_PARTIAL = 2 ** 52;

/** Of bool, uint8 and int32 as well: their sums are int64. */
function sum([x]: readonly [ArrayView], { axes }: Attrs<"sum">, [y]: readonly [ArrayView]): void {
  const totals = bigintsOf(y);
  const isWide = x.dtype === "int64";
  reduceWith(x, axes, (output, base, inner) => {
    let total = 0n;
    let partial = 0;
    for (const offset of inner) {
      if (isWide) total += bigintsOf(x)[base + offset]!;
      else partial += x.data[base + offset]!;
      if (Math.abs(partial) < LARGEST_PARTIAL) continue;
      total += BigInt(partial);
      partial = 0;
    }
    totals[output] = total + BigInt(partial);
  });
}

const extreme =
  (exceeds: (a: bigint, b: bigint) => boolean) =>
  ([x]: readonly [ArrayView], { axes }: Attrs<"max">, [y]: readonly [ArrayView]): void =>
    reduceWith(x, axes, (output, base, inner) => {
      // of nothing it is 0, as of other integers
      let best = inner.length > 0 ? bigintsOf(x)[base + inner[0]!]! : 0n;
      for (const offset of inner) if (exceeds(bigintsOf(x)[base + offset]!, best)) best = bigintsOf(x)[base + offset]!;
      bigintsOf(y)[output] = best;
    });

const scratch = new DataView(new ArrayBuffer(8));
/** The float32 number nearest to an integer: by way of the float64 neighbour with an odd last bit, which no rounding ties. */
function nearestFloat32(value: bigint): number {
  const near = Number(value);
  const rest = value - BigInt(near);
  if (rest === 0n) return Math.fround(near);
  scratch.setFloat64(0, near);
  const bits = scratch.getBigInt64(0);
  if ((bits & 1n) === 0n) scratch.setBigInt64(0, rest > 0n === near > 0 ? bits + 1n : bits - 1n);
  return Math.fround(scratch.getFloat64(0));
}

const LEAST = -(2 ** 63);

/** To and from int64. What it does not hold, NaN included, becomes −2⁶³; it is cut to the low bits of smaller integers. */
function cast([x]: readonly [ArrayView], _: unknown, [y]: readonly [ArrayView]): void {
  const size = y.data.length;
  if (y.dtype === "int64") {
    const to = bigintsOf(y);
    for (let i = 0; i < size; i++) {
      const whole = Math.trunc(Number(x.data[i]));
      to[i] = BigInt(whole >= LEAST && whole < -LEAST ? whole : LEAST);
    }
    return;
  }
  const from = bigintsOf(x);
  const held = {
    bool: (v: bigint) => Number(v !== 0n),
    uint8: (v: bigint) => Number(BigInt.asUintN(8, v)),
    int32: (v: bigint) => Number(BigInt.asIntN(32, v)),
    float32: nearestFloat32,
    float64: Number,
  }[y.dtype];
  for (let i = 0; i < size; i++) y.data[i] = held(from[i]!);
}

type Kernels = { readonly [K in OpName]?: Kernel };

const wide: Kernels = {
  neg: unary((x) => -x),
  abs: unary(sizeOf),
  sign: unary((x) => (x > 0n ? 1n : x < 0n ? -1n : 0n)),
  floor: unary(same),
  ceil: unary(same),
  round: unary(same),
  square: unary((x) => x * x),
  relu: unary((x) => (x < 0n ? 0n : x)),
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  pow: binary(power),
  maximum: binary((a, b) => (a > b ? a : b)),
  minimum: binary((a, b) => (a < b ? a : b)),
  reluGrad: binary((dy, y) => (y <= 0n ? 0n : dy)),
  matmul: ((inputs, attrs, outputs) =>
    matrixProduct(inputs as never, attrs, outputs as never, {
      product: ((a: bigint, b: bigint) => a * b) as never,
      total: new BigInt64Array(1) as never,
      zero: 0n as never,
    })) as Kernel,
  sum: sum as unknown as Kernel,
  max: extreme((a, b) => a > b) as unknown as Kernel,
  min: extreme((a, b) => a < b) as unknown as Kernel,
  cast: cast as unknown as Kernel,
};

/** Ops whose kernels only move or compare elements, whatever these are. */
const typeless: ReadonlySet<OpName> = new Set<OpName>([
  "equal",
  "notEqual",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
  "where",
  "broadcastTo",
  "reshape",
  "transpose",
  "slice",
  "stridedSlice",
  "takeAlongAxis",
  "scatter",
  "concat",
  "pad",
  "gather",
  "argmax",
  "argsort",
]);

const isWide = ({ dtype }: ArrayView): boolean => dtype === "int64";

function refuse(op: OpName, value: number | bigint): never {
  throw new DTypeError(
    `${op}: the int64 number ${value} is in play, expected numbers below 2^53 in size: it is computed in float64`,
    'cast to what you want it in first: x.cast("float64")',
  );
}

function asFloat64(op: OpName, view: ArrayView): ArrayView {
  const data = Float64Array.from(bigintsOf(view), (value) => {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : refuse(op, value);
  });
  return { data, shape: view.shape, dtype: "float64" };
}

const blankOf = (view: ArrayView): ArrayView => ({
  data: new (isWide(view) ? Float64Array : dtypes[view.dtype].array)(view.data.length) as TypedArray,
  shape: view.shape,
  dtype: isWide(view) ? "float64" : view.dtype,
});

/** On float64 copies; the same op on absolute values must stay exact, and then so did every partial sum. */
function throughFloat64(
  op: OpName,
  kernel: Kernel,
  inputs: readonly ArrayView[],
  attrs: never,
  outputs: readonly ArrayView[],
): void {
  const from = inputs.map((x) => (isWide(x) ? asFloat64(op, x) : x));
  const made = outputs.map(blankOf);
  kernel(from, attrs, made);
  if (inputs.some(isWide)) {
    const sizes = from.map((x, i) => (isWide(inputs[i]!) ? { ...x, data: x.data.map(Math.abs) } : x));
    const bounds = outputs.map(blankOf);
    kernel(sizes, attrs, bounds);
    bounds.forEach(({ data }, i) => {
      if (isWide(outputs[i]!)) for (const bound of data) if (!Number.isSafeInteger(bound)) refuse(op, bound);
    });
  }
  outputs.forEach((y, i) => {
    const { data } = made[i]!;
    if (!isWide(y)) y.data.set(data);
    else
      data.forEach((value, at) => {
        if (!Number.isSafeInteger(value)) refuse(op, value);
        bigintsOf(y)[at] = BigInt(value);
      });
  });
}

/** Kernels for numbers, with int64 added to each; `own` are those of a chapter. */
export function withInt64(kernels: Partial<ArrayKernels>, own: Kernels = wide): Partial<ArrayKernels> {
  const rows = Object.entries(kernels).map(([name, kernel]) => {
    const op = name as OpName;
    const ofNumbers = kernel as unknown as Kernel;
    const ofBigints: Kernel =
      own[op] ??
      (typeless.has(op)
        ? ofNumbers
        : (inputs, attrs, outputs) => throughFloat64(op, ofNumbers, inputs, attrs, outputs));
    const either: Kernel = (inputs, attrs, outputs) =>
      (inputs.some(isWide) || outputs.some(isWide) ? ofBigints : ofNumbers)(inputs, attrs, outputs);
    return [name, either];
  });
  return Object.fromEntries(rows) as unknown as Partial<ArrayKernels>;
}
