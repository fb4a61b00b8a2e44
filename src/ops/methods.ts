/**
 * The ops as methods: `x.matmul(w).add(b).relu()`. One row per method; each is the function of the same name.
 */
import { Tensor } from "../tensor/tensor.js";
import * as F from "./functional/index.js";

const methods = {
  neg: F.neg,
  abs: F.abs,
  sign: F.sign,
  floor: F.floor,
  ceil: F.ceil,
  round: F.round,
  exp: F.exp,
  log: F.log,
  sqrt: F.sqrt,
  rsqrt: F.rsqrt,
  square: F.square,
  reciprocal: F.reciprocal,
  sin: F.sin,
  cos: F.cos,
  tanh: F.tanh,
  sigmoid: F.sigmoid,
  relu: F.relu,
  cast: F.cast,
  add: F.add,
  sub: F.sub,
  mul: F.mul,
  div: F.div,
  pow: F.pow,
  maximum: F.maximum,
  minimum: F.minimum,
  clamp: F.clamp,
  equal: F.equal,
  notEqual: F.notEqual,
  less: F.less,
  lessEqual: F.lessEqual,
  greater: F.greater,
  greaterEqual: F.greaterEqual,
  logicalAnd: F.logicalAnd,
  logicalOr: F.logicalOr,
  logicalXor: F.logicalXor,
  logicalNot: F.logicalNot,
  sum: F.sum,
  mean: F.mean,
  max: F.max,
  min: F.min,
  argmax: F.argmax,
  argmin: F.argmin,
  any: F.any,
  all: F.all,
  prod: F.prod,
  norm: F.norm,
  variance: F.variance,
  std: F.std,
  varMean: F.varMean,
  logSumExp: F.logSumExp,
  cumsum: F.cumsum,
  cumprod: F.cumprod,
  maxWithIndices: F.maxWithIndices,
  minWithIndices: F.minWithIndices,
  argsort: F.argsort,
  sort: F.sort,
  topK: F.topK,
  median: F.median,
  softmax: F.softmax,
  logSoftmax: F.logSoftmax,
  reshape: F.reshape,
  transpose: F.transpose,
  broadcastTo: F.broadcastTo,
  slice: F.slice,
  pad: F.pad,
  gather: F.gather,
  matmul: F.matmul,
} as const;

type Rest<F> = F extends (x: Tensor, ...rest: infer R) => infer Y ? (...rest: R) => Y : never;
/** Mapped over the functions themselves, not over the table: editors then show their docstrings on hover. */
type Methods = { readonly [K in keyof Pick<typeof F, keyof typeof methods>]: Rest<(typeof F)[K]> };

declare module "../tensor/tensor.js" {
  interface Tensor extends Methods {}
}

for (const [name, fn] of Object.entries(methods) as [string, (...args: unknown[]) => unknown][])
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return fn(this, ...rest);
    },
  });
