import type { DivisionOps } from "../../../src/ops/spec/divisions.js";
import type { ElementwiseOps } from "../../../src/ops/spec/elementwise.js";
import type { EpilogueOps } from "../../../src/ops/spec/epilogue.js";
import type { Attrs } from "../../../src/ops/spec/index.js";
import type { DType } from "../../../src/tensor/dtype.js";
import type { Shape } from "../../../src/tensor/shape.js";
import { type Case, type Fill, input, largeShape, vectorShapes } from "./input.js";

export const unary = (fill: Fill = "normal"): readonly Case<Attrs<"neg">>[] => [
  ...vectorShapes.map((shape) => ({ inputs: [input(shape, fill)], attrs: {} })),
  { inputs: [input(largeShape, fill)], attrs: {}, isLarge: true },
];

const binary = (fillA: Fill = "normal", fillB: Fill = fillA): readonly Case<Attrs<"add">>[] => [
  ...broadcastPairs.map(([a, b]) => ({ inputs: [input(a, fillA), input(b, fillB)], attrs: {} })),
  { inputs: [input([64, 515], fillA), input([515], fillB)], attrs: {}, isLarge: true },
  { inputs: [input([67, 1031], fillA), input([67, 1031], fillB)], attrs: {}, isLarge: true },
  { inputs: [input([64, 37, 8], fillA), input([64, 1, 8], fillB)], attrs: {}, isLarge: true },
];

/** Normal numbers, cut: far ones and NaN are in golden/numbers/promotion.json. */
const castTargets = ["float32", "float64", "int64", "int32", "uint8", "bool"] as const satisfies readonly DType[];

/** Pairs of shapes that broadcast in every way. */
const broadcastPairs: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[5], []],
  [[], [3, 4]],
  [
    [2, 3, 4],
    [2, 3, 4],
  ],
  [[2, 3, 5], [5]],
  [
    [2, 1, 5],
    [1, 3, 1],
  ],
  [[4], [3, 1]],
  [
    [2, 3, 1],
    [2, 1, 4],
  ],
];

export const elementwiseCases: {
  readonly [K in keyof ElementwiseOps | keyof DivisionOps | keyof EpilogueOps]: readonly Case<Attrs<K>>[];
} = {
  neg: unary(),
  abs: unary("distinct"),
  sign: unary(),
  floor: unary(),
  ceil: unary(),
  round: unary(),
  exp: unary(),
  log: unary("positive"),
  sqrt: unary("positive"),
  rsqrt: unary("positive"),
  square: unary(),
  reciprocal: unary("positive"),
  sin: unary(),
  cos: unary(),
  tanh: unary(),
  sigmoid: unary(),
  relu: unary("distinct"),
  cast: unary().flatMap((c) => castTargets.map((dtype) => ({ ...c, attrs: { dtype } }))),
  add: binary(),
  sub: binary(),
  mul: binary(),
  div: binary("normal", "positive"),
  pow: binary("positive"),
  maximum: binary("distinct"),
  minimum: binary("distinct"),
  atan2: binary(),
  fmod: binary("positive"),
  remainder: binary("positive"),
  floorDivide: binary("positive"),
  // all results below 2^24
  bitwise: (["and", "or", "xor", "leftShift", "rightShift"] as const).flatMap((operation) =>
    binary({ indicesBelow: 1000 }, { indicesBelow: operation.endsWith("Shift") ? 14 : 1000 }).map((one) => ({
      ...one,
      attrs: { operation },
    })),
  ),
  equal: binary("mask"),
  notEqual: binary("mask"),
  less: binary("distinct"),
  lessEqual: binary("mask"),
  greater: binary("distinct"),
  greaterEqual: binary("mask"),
  reluGrad: [...vectorShapes, largeShape].map((shape) => ({
    inputs: [input(shape), input(shape, "distinct")],
    attrs: {},
    isLarge: shape === largeShape,
  })),
  biasReluGrad: [[5], [3, 4], [2, 3, 5], [33, 1025], [700, 40]].map((shape) => ({
    inputs: [input(shape), input(shape, "distinct")],
    attrs: {},
    isLarge: shape[0]! > 32,
  })),
  where: [
    ...broadcastPairs.map(([a, b]) => ({ inputs: [input(a, "mask"), input(b), input(a)], attrs: {} })),
    { inputs: [input([64, 515], "mask"), input([64, 515]), input([515])], attrs: {}, isLarge: true },
  ],
};
