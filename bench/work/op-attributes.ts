/**
 * Attributes of ops from the words of a command line: a reader for every attribute there is, and what each op takes when
 * nothing is given. Both tables are typed over the ops, so that the compiler names what a new one lacks.
 */
import { activations, curveRows } from "../../src/ops/curves.js";
import type { CurveOps } from "../../src/ops/spec/curves.js";
import type { Attrs, OpName, Pair } from "../../src/ops/spec/index.js";
import { type DType, dtypes } from "../../src/tensor/dtype.js";
import { UsageError } from "../../src/util/errors.js";

type KeysOfUnion<T> = T extends T ? (string extends keyof T ? never : keyof T) : never;
type ValueOf<T, A extends PropertyKey> = T extends T ? (A extends keyof T ? Exclude<T[A], undefined> : never) : never;

export type AttributeName = KeysOfUnion<Attrs<OpName>> & string;
type AttributeValue<A extends AttributeName> = ValueOf<Attrs<OpName>, A>;

interface Reader<T> {
  readonly placeholder: string;
  /** Throws UsageError with `where` and what was expected. */
  read(text: string, where: string): T;
}

const refuse = (where: string, text: string, expected: string): UsageError =>
  new UsageError(`${where}: ${text || "an empty value"}, expected ${expected}`);

function wholeNumber(text: string, where: string, expected: string): number {
  if (!/^\d+$/.test(text)) throw refuse(where, text, expected);
  return Number(text);
}

/** "32x56x56x64" -> [32, 56, 56, 64]; "scalar" -> []. */
export function readShape(text: string, where: string): number[] {
  if (text === "scalar") return [];
  return text.split("x").map((word) => wholeNumber(word, where, "sizes such as 32x56x56x64, or scalar"));
}

const numbers: Reader<readonly number[]> = { placeholder: "SIZES", read: readShape };
const steps: Reader<readonly number[]> = {
  placeholder: "STEPS",
  read: (text, where) =>
    text.split("x").map((word) => {
      if (!/^-?[1-9]\d*$/.test(word)) throw refuse(where, text, "steps such as 2x-1");
      return Number(word);
    }),
};
const pair: Reader<Pair> = {
  placeholder: "N[xN]",
  read: (text, where) => {
    const [h, w = h] = text.split("x").map((word) => wholeNumber(word, where, "one number or two, such as 3x3"));
    if (text.split("x").length > 2) throw refuse(where, text, "one number or two, such as 3x3");
    return [h!, w!];
  },
};
const whole: Reader<number> = {
  placeholder: "N",
  read: (text, where) => wholeNumber(text, where, "a whole number"),
};
const real: Reader<number> = {
  placeholder: "X",
  read: (text, where) => {
    if (text.trim() === "" || !Number.isFinite(Number(text))) throw refuse(where, text, "a number");
    return Number(text);
  },
};
const oneOf = <N extends string>(...names: readonly N[]): Reader<N> => ({
  placeholder: names.join("|"),
  read: (text, where) => {
    const found = names.find((name) => name === text);
    if (found === undefined) throw refuse(where, text, `one of ${names.join(", ")}`);
    return found;
  },
});
const yesOrNo: Reader<boolean> = {
  placeholder: "yes|no",
  read: (text, where) => oneOf("yes", "no").read(text, where) === "yes",
};

const yesses: Reader<readonly boolean[]> = {
  placeholder: "yes|no,…",
  read: (text, where) => text.split(",").map((word) => yesOrNo.read(word, where)),
};

export const attributeReaders: { readonly [A in AttributeName]: Reader<AttributeValue<A>> } = {
  axes: numbers,
  axis: whole,
  keepDims: yesOrNo,
  reverse: yesOrNo,
  exclusive: yesOrNo,
  descending: yesOrNo,
  shape: numbers,
  perm: numbers,
  begin: numbers,
  size: numbers,
  step: steps,
  before: numbers,
  after: numbers,
  value: real,
  rows: whole,
  depth: whole,
  dtype: oneOf<DType>(...(Object.keys(dtypes) as DType[])),
  transposeA: yesOrNo,
  transposeB: yesOrNo,
  stride: pair,
  padding: pair,
  paddingEnd: pair,
  ceilMode: yesOrNo,
  countIncludePad: yesOrNo,
  divisorOverride: real,
  dilation: pair,
  groups: whole,
  kernelSize: pair,
  activation: oneOf("none", "relu"),
  normalized: yesses,
  hasSkip: yesOrNo,
  behind: oneOf("none", "relu", "biasRelu"),
  inputShape: numbers,
  weightShape: numbers,
  eps: real,
  hasIdentity: yesOrNo,
  seed: whole,
  stream: whole,
  p: real,
  approximate: oneOf("none", "tanh"),
  beta: real,
  threshold: real,
  negativeSlope: real,
  alpha: real,
  operation: oneOf("and", "or", "xor", "leftShift", "rightShift"),
  scale: real,
  inputScale: real,
};

/** The attribute may be given; without it the op takes its own default. */
export const left = Symbol("left");
/** The attribute has to be given: nothing is usual. */
export const needed = Symbol("needed");

type Usual<K extends OpName> = string extends keyof Attrs<K>
  ? Readonly<Record<string, never>>
  : { readonly [A in keyof Attrs<K>]-?: Attrs<K>[A] | typeof needed | typeof left };

const none = {};
const reduce = { axes: needed, keepDims: false } as const;
const geometry = { stride: [1, 1], padding: [0, 0], dilation: [1, 1] } as const;
const conv = { ...geometry, paddingEnd: left, groups: 1 } as const;
const pool = { ...geometry, kernelSize: [2, 2], stride: [2, 2], paddingEnd: left, ceilMode: false } as const;
const avgPool = { ...pool, countIncludePad: true, divisorOverride: left } as const;
const eps = { eps: 1e-5 } as const;
const patches = { ...geometry, groups: 1, kernelSize: [3, 3] } as const;
const fold = { ...eps, kernelSize: [3, 3], groups: 1, hasIdentity: false } as const;
const random = { shape: needed, dtype: "float32", seed: 0, stream: 0 } as const;

export const usualAttributes: { readonly [K in OpName]: Usual<K> } = {
  neg: none,
  abs: none,
  sign: none,
  floor: none,
  ceil: none,
  round: none,
  exp: none,
  log: none,
  sqrt: none,
  rsqrt: none,
  square: none,
  reciprocal: none,
  sin: none,
  cos: none,
  tanh: none,
  sigmoid: none,
  relu: none,
  cast: { dtype: needed },
  add: none,
  sub: none,
  mul: none,
  div: none,
  pow: none,
  maximum: none,
  minimum: none,
  atan2: none,
  fmod: none,
  remainder: none,
  floorDivide: none,
  bitwise: { operation: needed },
  ...(curveRows<object>(
    () => none,
    (name) => activations[name].usual,
    (name) => activations[name].usual,
  ) as { readonly [K in keyof CurveOps]: Usual<K> }),
  equal: none,
  notEqual: none,
  less: none,
  lessEqual: none,
  greater: none,
  greaterEqual: none,
  reluGrad: none,
  biasReluGrad: none,
  where: none,
  sum: reduce,
  mean: reduce,
  max: reduce,
  min: reduce,
  argmax: { axis: needed },
  softmax: { axis: needed },
  logSoftmax: { axis: needed },
  cumsum: { axis: needed, reverse: false, exclusive: false },
  argsort: { descending: false },
  broadcastTo: { shape: needed },
  reshape: { shape: needed },
  transpose: { perm: needed },
  slice: { begin: needed, size: needed },
  stridedSlice: { begin: needed, size: needed, step: needed },
  stridedSliceGrad: { begin: needed, step: needed, inputShape: needed },
  pad: { before: needed, after: needed, value: 0 },
  concat: { axis: needed },
  gather: none,
  scatterAdd: { rows: needed },
  takeAlongAxis: { axis: needed },
  takeAlongAxisGrad: { axis: needed, rows: needed },
  scatter: { axis: needed },
  oneHot: { depth: needed, dtype: "float32" },
  matmul: { transposeA: false, transposeB: false },
  conv2d: conv,
  conv2dBias: { ...conv, activation: "relu" },
  conv2dInputGrad: { ...conv, inputShape: needed },
  conv2dWeightGrad: { ...conv, weightShape: needed },
  avgPool2d: avgPool,
  avgPool2dGrad: { ...avgPool, inputShape: needed },
  maxPool2d: pool,
  maxPool2dGrad: pool,
  maxPool2dIndices: pool,
  batchNorm: eps,
  batchNormGrad: eps,
  batchNormEval: eps,
  batchNormStatistics: eps,
  conv2dStatistics: eps,
  batchNormSum: { normalized: [true], activation: "relu" },
  batchNormGradSums: { eps: [1e-5] },
  batchNormInputGrad: none,
  normedInputGrad: { hasSkip: false, behind: "none" },
  layerNorm: eps,
  layerNormGrad: none,
  patchMoments: patches,
  patchMomentsGrad: patches,
  foldedInputGrad: { ...patches, behind: "none" },
  foldBranches: fold,
  foldBranchesGrad: fold,
  foldMomentsGrad: fold,
  resample: { axis: needed },
  rand: random,
  randn: random,
  bernoulli: { ...random, p: 0.5 },
};

export const opNames = Object.keys(usualAttributes) as OpName[];

/** Attributes of `op`: those given, the usual ones for the others. Throws UsageError for one that is needed, or not the op's. */
export function attributesOf<K extends OpName>(op: K, given: { readonly [name: string]: unknown }): Attrs<K> {
  const usual = usualAttributes[op] as { readonly [name: string]: unknown };
  const names = Object.keys(usual);
  const odd = Object.keys(given).find((name) => !names.includes(name));
  if (odd !== undefined)
    throw new UsageError(
      `bench: ${op} has no attribute ${odd}, expected ${names.length > 0 ? `only ${names.join(", ")}` : "none"}`,
    );
  const attrs = { ...usual, ...given };
  const missing = names.find((name) => attrs[name] === needed);
  if (missing !== undefined) throw new UsageError(`bench: ${op} needs the attribute ${missing}`);
  return Object.fromEntries(Object.entries(attrs).filter(([, value]) => value !== left)) as unknown as Attrs<K>;
}
