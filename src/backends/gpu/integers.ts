/**
 * Integers where every number is a float32: what each op does to them, so that a result is the integer that its dtype wants
 * or an error, never a rounded number. int32 and int64 tensors hold integers that float32 has; results of arithmetic are cut to their
 * dtype by a cast, and checked to be below 2^24, where nothing has been rounded.
 */
import { curveRows } from "../../ops/curves.js";
import type { OpName, UpdateName } from "../../ops/spec/index.js";
import { isFloat } from "../../tensor/dtype.js";
import { DTypeError } from "../../util/errors.js";
import { EXACT_BELOW } from "./faults.js";
import { absKernel, castKernels } from "./kernels/elementwise.js";
import { type BufferOperand, flat, type Lowerings, type Plan } from "./plan.js";

/**
 * kept: integers of its operands come out again, or small ones.
 * computed: one operation, rounded once: below 2^24 it was exact.
 * summed: below 2^24 throughout if the same op on absolute values is.
 * floats: integers have no meaning there.
 */
type Rule = "kept" | "computed" | "summed" | "floats";

type Lowered = keyof Lowerings | UpdateName;

const rules: { readonly [K in Lowered]: Rule } = {
  neg: "computed",
  abs: "computed",
  sign: "kept",
  floor: "kept",
  ceil: "kept",
  round: "kept",
  exp: "floats",
  log: "floats",
  sqrt: "floats",
  rsqrt: "floats",
  square: "computed",
  reciprocal: "floats",
  sin: "floats",
  cos: "floats",
  tanh: "floats",
  sigmoid: "floats",
  relu: "kept",
  cast: "kept",
  add: "computed",
  sub: "computed",
  mul: "computed",
  div: "floats",
  pow: "computed",
  maximum: "kept",
  minimum: "kept",
  ...curveRows<Rule>(
    () => "floats",
    () => "floats",
    () => "floats",
  ),
  atan2: "floats",
  fmod: "kept",
  remainder: "kept",
  floorDivide: "computed",
  bitwise: "computed",
  equal: "kept",
  notEqual: "kept",
  less: "kept",
  lessEqual: "kept",
  greater: "kept",
  greaterEqual: "kept",
  reluGrad: "kept",
  biasReluGrad: "summed",
  where: "kept",
  sum: "summed",
  mean: "floats",
  max: "kept",
  min: "kept",
  argmax: "kept",
  softmax: "floats",
  logSoftmax: "floats",
  cumsum: "summed",
  argsort: "kept",
  broadcastTo: "kept",
  reshape: "kept",
  transpose: "kept",
  slice: "kept",
  stridedSlice: "kept",
  stridedSliceGrad: "kept",
  pad: "kept",
  concat: "kept",
  gather: "kept",
  scatterAdd: "summed",
  takeAlongAxis: "kept",
  takeAlongAxisGrad: "summed",
  scatter: "kept",
  oneHot: "kept",
  matmul: "summed",
  conv2d: "summed",
  conv2dBias: "summed",
  conv2dInputGrad: "summed",
  conv2dWeightGrad: "summed",
  avgPool2d: "floats",
  avgPool2dGrad: "floats",
  maxPool2d: "kept",
  maxPool2dGrad: "summed",
  maxPool2dIndices: "kept",
  batchNorm: "floats",
  batchNormGrad: "floats",
  batchNormEval: "floats",
  batchNormStatistics: "floats",
  conv2dStatistics: "floats",
  batchNormSum: "floats",
  batchNormGradSums: "floats",
  batchNormInputGrad: "floats",
  normedInputGrad: "floats",
  layerNorm: "floats",
  layerNormGrad: "floats",
  patchMoments: "floats",
  patchMomentsGrad: "floats",
  foldedInputGrad: "floats",
  foldBranches: "floats",
  foldBranchesGrad: "floats",
  foldMomentsGrad: "floats",
  resample: "floats",
  accumulate: "computed",
  fill: "kept",
  assign: "kept",
  lerp: "floats",
  sgd: "floats",
  adam: "floats",
  amsgrad: "floats",
};

const isSigned = ({ dtype }: BufferOperand): boolean => dtype === "int32" || dtype === "int64";
const hasIntegers = ({ dtype }: BufferOperand): boolean => !isFloat(dtype);

/** Below what a result was not rounded: negation and absolute value round nothing. */
const largestOf = (op: string): number => (op === "neg" || op === "abs" ? 2 ** 31 - 128 : EXACT_BELOW - 1);

function expectExact(op: string, place: BufferOperand["place"], plan: Plan): void {
  const high = largestOf(op);
  plan.check({ kind: "whole", op, place, low: -high, high });
}

type Lower = (inputs: readonly BufferOperand[], outputs: readonly BufferOperand[]) => void;

/** Lowers an op, `lower`, whose outputs hold integers or floats. Throws DTypeError for an op that integers have none of. */
export function lowerIntegers(
  op: OpName | UpdateName,
  inputs: readonly BufferOperand[],
  outputs: readonly BufferOperand[],
  plan: Plan,
  lower: Lower,
): void {
  const rule = rules[op as Lowered];
  if (!outputs.some(hasIntegers) || rule === "kept") {
    lower(inputs, outputs);
    return;
  }
  if (rule === "floats")
    throw new DTypeError(
      `gpu: ${op} of ${outputs.find(hasIntegers)!.dtype}, expected float32 or float64`,
      'cast first: x.cast("float32")',
    );
  const scratch = (like: BufferOperand): BufferOperand => ({ ...like, place: plan.scratch(like.size) });
  if (rule === "summed" && inputs.some(isSigned)) {
    const sizes = inputs.map((x) => {
      if (!isSigned(x)) return x;
      const size = scratch(x);
      plan.call(absKernel, size.place, [x.size, 1, 1], { x: flat(x.place) });
      return size;
    });
    const bounds = outputs.map(scratch);
    lower(sizes, bounds);
    for (const { place } of bounds) expectExact(op, place, plan);
  }
  const made = outputs.map(scratch);
  lower(inputs, made);
  outputs.forEach((y, i) => {
    const { place } = made[i]!;
    expectExact(op, place, plan);
    plan.call(castKernels[y.dtype], y.place, [y.size, 1, 1], { x: flat(place) });
  });
}
