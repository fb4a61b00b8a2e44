import { broadcastShapes, type Shape } from "../../tensor/shape.js";
import type { ElementwiseOps } from "../spec/elementwise.js";
import { expectSame } from "./checks.js";
import type { ShapeRule } from "./rule.js";

const unary = ([x]: readonly [Shape]): [Shape] => [x];

/** The common shape of two operands that broadcast. */
export const binary =
  (where: string) =>
  ([a, b]: readonly [Shape, Shape]): [Shape] => [broadcastShapes(a, b, where)];

export const elementwiseShapes: { readonly [K in keyof ElementwiseOps]: ShapeRule<K> } = {
  neg: unary,
  abs: unary,
  sign: unary,
  floor: unary,
  ceil: unary,
  round: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  rsqrt: unary,
  square: unary,
  reciprocal: unary,
  sin: unary,
  cos: unary,
  tanh: unary,
  sigmoid: unary,
  relu: unary,
  cast: unary,
  add: binary("add"),
  sub: binary("sub"),
  mul: binary("mul"),
  div: binary("div"),
  pow: binary("pow"),
  maximum: binary("maximum"),
  minimum: binary("minimum"),
  equal: binary("equal"),
  notEqual: binary("notEqual"),
  less: binary("less"),
  lessEqual: binary("lessEqual"),
  greater: binary("greater"),
  greaterEqual: binary("greaterEqual"),
  reluGrad: ([dy, y]) => {
    expectSame(dy, y, "reluGrad");
    return [dy];
  },
  where: ([mask, a, b]) => [broadcastShapes(mask, broadcastShapes(a, b, "where"), "where")],
};
