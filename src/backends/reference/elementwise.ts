/**
 * The definition of every elementwise op, as a formula on numbers, and the loops that apply them with broadcasting.
 */

import { elementOf, isFloat } from "../../tensor/dtype.js";
import { type Shape, sameShape, sizeOf, stridesOf } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";
import { integerPower, totalsOf } from "./integers.js";

/** Round half to even, as IEEE and NumPy do. */
function roundHalfEven(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** 1, −1, or +0 for both zeros; NaN stays. */
const signOf = (x: number): number => (x > 0 ? 1 : x < 0 ? -1 : x + 0);

/** 0 for what is negative; −0 and NaN stay, as in PyTorch. */
export const reluOf = (x: number): number => (x < 0 ? 0 : x);

/** C's pow, whose 1 survives NaN and infinite exponents, where JavaScript's ** gives NaN. */
const powerOf = (a: number, b: number): number => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b);

export const unaryFormulas = {
  neg: (x: number) => -x,
  abs: Math.abs,
  sign: signOf,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  rsqrt: (x: number) => 1 / Math.sqrt(x),
  square: (x: number) => x * x,
  reciprocal: (x: number) => 1 / x,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  relu: reluOf,
} as const;

const mask = (condition: boolean): number => (condition ? 1 : 0);

export const binaryFormulas = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  pow: powerOf,
  maximum: (a: number, b: number) => Math.max(a, b),
  minimum: (a: number, b: number) => Math.min(a, b),
  equal: (a: number, b: number) => mask(a === b),
  notEqual: (a: number, b: number) => mask(a !== b),
  less: (a: number, b: number) => mask(a < b),
  lessEqual: (a: number, b: number) => mask(a <= b),
  greater: (a: number, b: number) => mask(a > b),
  greaterEqual: (a: number, b: number) => mask(a >= b),
  // a NaN passes its gradient on, as in PyTorch
  reluGrad: (dy: number, y: number) => (y <= 0 ? 0 : dy),
} as const;

/** Ops whose formula on float64 numbers would round what integers do not. */
export const integerFormulas = {
  square: (x: number) => Math.imul(x, x),
  mul: Math.imul,
  pow: integerPower,
} as const;

/** The formula for the operand's dtype, applied to every element. */
export const mapUnary =
  (ofFloats: (x: number) => number, ofIntegers = ofFloats) =>
  ([x]: readonly [ArrayView], _: unknown, [y]: readonly [ArrayView]): void => {
    const formula = isFloat(x.dtype) ? ofFloats : ofIntegers;
    for (let i = 0; i < y.data.length; i++) y.data[i] = formula(x.data[i]!);
  };

/** For each element of `shape`, the index into an operand of shape `from` that broadcasts to it. */
function broadcastIndices(from: Shape, shape: Shape): Int32Array | null {
  if (sameShape(from, shape)) return null;
  const strides = stridesOf(from);
  const lead = shape.length - from.length;
  const steps = shape.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : strides[axis - lead]!));
  const indices = new Int32Array(sizeOf(shape));
  const position = new Array<number>(shape.length).fill(0);
  let at = 0;
  for (let i = 0; i < indices.length; i++) {
    indices[i] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      if (++position[axis]! < shape[axis]!) break;
      at -= steps[axis]! * shape[axis]!;
      position[axis] = 0;
    }
  }
  return indices;
}

const reader = (operand: ArrayView, shape: Shape): ((i: number) => number) => {
  const { data } = operand;
  const indices = broadcastIndices(operand.shape, shape);
  return indices ? (i) => data[indices[i]!]! : (i) => data[i]!;
};

export const mapBinary =
  (ofFloats: (a: number, b: number) => number, ofIntegers = ofFloats) =>
  ([a, b]: readonly [ArrayView, ArrayView], _: unknown, [y]: readonly [ArrayView]): void => {
    const formula = isFloat(a.dtype) ? ofFloats : ofIntegers;
    const readA = reader(a, y.shape);
    const readB = reader(b, y.shape);
    for (let i = 0; i < y.data.length; i++) y.data[i] = formula(readA(i), readB(i));
  };

export function where(
  [m, a, b]: readonly [ArrayView, ArrayView, ArrayView],
  _: unknown,
  [y]: readonly [ArrayView],
): void {
  const zero = elementOf(m.dtype, 0);
  const [readM, readA, readB] = [m, a, b].map((operand) => reader(operand, y.shape));
  for (let i = 0; i < y.data.length; i++) y.data[i] = readM!(i) !== zero ? readA!(i) : readB!(i);
}

/** Copies with repetition. */
export function broadcastTo([x]: readonly [ArrayView], _: unknown, [y]: readonly [ArrayView]): void {
  const read = reader(x, y.shape);
  for (let i = 0; i < y.data.length; i++) y.data[i] = read(i);
}

/** dx = dy, but 0 where y <= 0; dbias = Σ dx over all rows, per channel. */
export function biasReluGrad(
  [dy, y]: readonly [ArrayView, ArrayView],
  _: unknown,
  [dx, dbias]: readonly [ArrayView, ArrayView],
): void {
  const channels = dbias.data.length;
  const totals = totalsOf(dbias.dtype, channels);
  for (let i = 0; i < dx.data.length; i++) {
    const passed = y.data[i]! <= 0 ? 0 : dy.data[i]!;
    dx.data[i] = passed;
    totals[i % channels]! += passed;
  }
  dbias.data.set(totals);
}
