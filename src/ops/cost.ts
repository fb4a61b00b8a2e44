/**
 * What every op costs at least: arithmetic of its definition, and bytes of its operands read and written once. Numbers of
 * the padding take part in no product, and what strides leave out is not read. A kernel that finds sums of products with
 * fewer of them than the definition has (moments of depthwise patches share rows) can be faster than the flops let expect.
 *
 * Elementwise ops count one per element, functions such as exp included; reductions one per number that goes in.
 */
import { type DType, dtypes } from "../tensor/dtype.js";
import { type Shape, sizeOf } from "../tensor/shape.js";
import { splitBranches } from "./branches.js";
import type { Instruction, Program, ValueView } from "./program.js";
import { resolveScalars } from "./scalar.js";
import { windowOutput } from "./shapes.js";
import type {
  Attrs,
  Conv2dAttrs,
  FoldAttrs,
  OpName,
  PatchAttrs,
  PerInput,
  PerOutput,
  Pool2dAttrs,
  UpdateName,
} from "./spec.js";
import { type UpdateArithmetic, updateCosts } from "./update-cost.js";
import { countMeetings } from "./windows.js";

export interface Cost {
  /** Of sums of products, lone products beside them included; all other arithmetic is in `flops` alone. */
  readonly multiplyAdds: number;
  /** Operations on numbers; a multiply-add counts two. */
  readonly flops: number;
  readonly bytes: number;
}

/** Of one op. */
interface Arithmetic {
  readonly multiplyAdds?: number;
  /** Operations besides the multiply-adds. */
  readonly others?: number;
  /** Elements read of each input, in order; all of those that are not named. */
  readonly reads?: readonly (number | undefined)[];
}
type CostRule<K extends OpName> = (
  inputs: PerInput<K, Shape>,
  attrs: Attrs<K>,
  outputs: PerOutput<K, Shape>,
) => Arithmetic;

/** Moves numbers about. */
const nothing = (): Arithmetic => ({});
const perOutput =
  (operations: number) =>
  (_: unknown, __: unknown, [y]: readonly [Shape, ...Shape[]]): Arithmetic => ({ others: operations * sizeOf(y) });
const perInput =
  (operations: number) =>
  ([x]: readonly [Shape, ...Shape[]]): Arithmetic => ({ others: operations * sizeOf(x) });
const elementwise = perOutput(1);
const reduction = perInput(1);

/** Of a convolution of x with w to y, in whichever direction it is taken: multiply-adds, and elements that take part. */
function convolution(x: Shape, w: Shape, y: Shape, attrs: Conv2dAttrs) {
  const { pairs, inputs, outputs, taps } = countMeetings(x, y, { ...attrs, kernelSize: [w[0]!, w[1]!] });
  const perTap = w[2]! * w[3]!;
  return { multiplyAdds: pairs * perTap, x: inputs * x[3]!, w: taps * perTap, y: outputs * y[3]! };
}

function forward(x: Shape, w: Shape, y: Shape, attrs: Conv2dAttrs): Arithmetic {
  const conv = convolution(x, w, y, attrs);
  return { multiplyAdds: conv.multiplyAdds, reads: [conv.x, conv.w] };
}

/** One operation for each number of a window that lies on the image, and `perResult` for each window. */
const pooling = (x: Shape, y: Shape, attrs: Pool2dAttrs, perResult: number): number =>
  countMeetings(x, y, attrs).pairs * y[3]! + perResult * sizeOf(y);

/** Elements of x that windows read. */
const pooled = (x: Shape, y: Shape, attrs: Pool2dAttrs): number => countMeetings(x, y, attrs).inputs * x[3]!;

/** Where patches lie: [N, OH, OW] as a convolution with their geometry has outputs. */
function patches([n, h, w]: Shape, { kernelSize, stride, padding, dilation }: PatchAttrs): Shape {
  return [
    n!,
    windowOutput(h!, kernelSize[0], stride[0], padding[0], dilation[0]),
    windowOutput(w!, kernelSize[1], stride[1], padding[1], dilation[1]),
  ];
}

/** The output channels, the numbers of a patch, and for each branch how many of them its kernel sees; 1 for the identity. */
function folded(branches: readonly Shape[], k: number, attrs: FoldAttrs) {
  const { gammas, kernels } = splitBranches(branches, attrs);
  const seen = kernels.map((kernel) => (kernel ? sizeOf(kernel.slice(0, 3)) : 1));
  return {
    cOut: gammas[0]![0]!,
    k,
    sum: (of: (seen: number) => number) => seen.reduce((total, count) => total + of(count), 0),
  };
}

/** Elements read of "...branches" by the gradients, which do without β, and of γ without as many as `skipped`. */
function readsOfBranches(branches: readonly Shape[], attrs: FoldAttrs, skipped = 0): (number | undefined)[] {
  const { length: count } = splitBranches(branches, attrs).gammas;
  return branches.map((_, i) => (i < skipped || (i >= count && i < 2 * count) ? 0 : undefined));
}

export const costs: { readonly [K in OpName]: CostRule<K> } = {
  neg: elementwise,
  abs: elementwise,
  sign: elementwise,
  floor: elementwise,
  ceil: elementwise,
  round: elementwise,
  exp: elementwise,
  log: elementwise,
  sqrt: elementwise,
  rsqrt: perOutput(2),
  square: elementwise,
  reciprocal: elementwise,
  sin: elementwise,
  cos: elementwise,
  tanh: elementwise,
  // 1 / (1 + exp(−x))
  sigmoid: perOutput(4),
  relu: elementwise,
  cast: nothing,

  add: elementwise,
  sub: elementwise,
  mul: elementwise,
  div: elementwise,
  pow: elementwise,
  maximum: elementwise,
  minimum: elementwise,
  equal: elementwise,
  notEqual: elementwise,
  less: elementwise,
  lessEqual: elementwise,
  greater: elementwise,
  greaterEqual: elementwise,
  reluGrad: elementwise,
  biasReluGrad: perOutput(2),
  where: elementwise,

  sum: reduction,
  mean: ([x], _, [y]) => ({ others: sizeOf(x) + sizeOf(y) }),
  max: reduction,
  min: reduction,
  argmax: reduction,
  // largest, difference, exp, sum; then a quotient or a difference
  softmax: perInput(5),
  logSoftmax: perInput(5),

  broadcastTo: nothing,
  reshape: nothing,
  transpose: nothing,
  slice: (_, { size }) => ({ reads: [sizeOf(size)] }),
  pad: nothing,
  concat: nothing,
  // of the table the rows that are asked for, at most all of them
  gather: ([table], _, [y]) => ({ reads: [Math.min(sizeOf(table), sizeOf(y))] }),
  scatterAdd: reduction,
  oneHot: nothing,

  matmul: ([a], { transposeA }, [y]) => ({ multiplyAdds: sizeOf(y) * (transposeA ? a.at(-2)! : a.at(-1)!) }),
  conv2d: ([x, w], attrs, [y]) => forward(x, w, y, attrs),
  conv2dBias: ([x, w], { activation, ...attrs }, [y]) => ({
    ...forward(x, w, y, attrs),
    others: (activation === "none" ? 1 : 2) * sizeOf(y),
  }),
  conv2dInputGrad: ([dy, w], attrs) => {
    const conv = convolution(attrs.inputShape, w, dy, attrs);
    return { multiplyAdds: conv.multiplyAdds, reads: [conv.y, conv.w] };
  },
  conv2dWeightGrad: ([x, dy], attrs) => {
    const conv = convolution(x, attrs.weightShape, dy, attrs);
    return { multiplyAdds: conv.multiplyAdds, reads: [conv.x, conv.y] };
  },
  avgPool2d: ([x], attrs, [y]) => ({
    others: pooling(x, y, attrs, 1),
    reads: [pooled(x, y, attrs)],
  }),
  avgPool2dGrad: ([dy], attrs) => ({ others: pooling(attrs.inputShape, dy, attrs, 1) }),
  // one comparison less than there are numbers
  maxPool2d: ([x], attrs, [y]) => ({
    others: pooling(x, y, attrs, -1),
    reads: [pooled(x, y, attrs)],
  }),
  maxPool2dGrad: ([dy, x], attrs) => ({
    others: pooling(x, dy, attrs, 0),
    reads: [undefined, pooled(x, dy, attrs)],
  }),

  // sum; difference, square, sum; product, sum
  batchNorm: perInput(6),
  // sum of dy; difference, product, sum; dx = A·dy + B·x + C
  batchNormGrad: perInput(8),
  batchNormEval: perInput(2),

  // a covariance is symmetric: one of each pair of products; then the sum and the difference of each number
  patchMoments: ([x], attrs) => {
    const at = patches(x, attrs);
    const { pairs, inputs, taps } = countMeetings(x, at, attrs);
    const count = sizeOf(at) * attrs.groups;
    // taps that lie in the padding of every patch have moments of 0
    const k = taps * (x[3]! / attrs.groups);
    return {
      multiplyAdds: (count * k * (k + 1)) / 2,
      others: pairs * x[3]! + count * k,
      reads: [inputs * x[3]!],
    };
  },
  patchMomentsGrad: ([x, mean], attrs) => {
    const { pairs, inputs, taps } = countMeetings(x, patches(x, attrs), attrs);
    const numbers = pairs * x[3]!;
    return {
      multiplyAdds: numbers * mean[1]!,
      others: 2 * numbers,
      reads: [inputs * x[3]!, undefined, taps * x[3]!],
    };
  },
  // each kernel times Σ, times μ, times Σw, into the weight; the weight times μ into the bias
  foldBranches: ([mean, , ...branches], attrs) => {
    const { cOut, k, sum } = folded(branches, mean[1]!, attrs);
    return { multiplyAdds: cOut * (sum((seen) => seen * (k + 3)) + k) };
  },
  // G = dweight − μ·dbias; w·G; s·(G − (dγ/σ)·Σw)
  foldBranchesGrad: ([dweight, dbias, mean, variances, projections, ...branches], attrs) => {
    const { cOut, k, sum } = folded(branches, mean[1]!, attrs);
    const kernels = sum((seen) => seen) - Number(attrs.hasIdentity);
    const all = [dweight, dbias, mean, variances].map(() => undefined);
    return {
      multiplyAdds: cOut * (sum((seen) => k + seen) + 2 * kernels),
      // of Σw as much as the kernel sees of a patch
      reads: [...all, projections[2]! * kernels, ...readsOfBranches(branches, attrs, Number(attrs.hasIdentity))],
    };
  },
  // the weight times dbias; for each branch its factor, and the square of its kernel times that
  foldMomentsGrad: ([, , weight, , ...branches], attrs) => {
    const { cOut, k, sum } = folded(branches, sizeOf(weight.slice(0, 3)), attrs);
    const before = [undefined, undefined, undefined, undefined];
    return {
      multiplyAdds: cOut * (k + sum((seen) => 2 + seen + seen ** 2)),
      reads: [...before, ...readsOfBranches(branches, attrs)],
    };
  },

  // hashes of counters are integers
  rand: nothing,
  randn: nothing,
  bernoulli: nothing,
};

/** A tensor as far as its cost goes. */
export interface Sized {
  readonly shape: Shape;
  readonly dtype: DType;
}

const bytesOf = ({ shape, dtype }: Sized, elements = sizeOf(shape)): number => elements * dtypes[dtype].bytes;

function total(
  { multiplyAdds = 0, others = 0, reads = [] }: Arithmetic,
  inputs: readonly Sized[],
  outputs: readonly Sized[],
): Cost {
  const read = inputs.reduce((sum, input, i) => sum + bytesOf(input, reads[i]), 0);
  const written = outputs.reduce((sum, output) => sum + bytesOf(output), 0);
  return { multiplyAdds, flops: 2 * multiplyAdds + others, bytes: read + written };
}

/** Costs of an op on operands of these shapes and dtypes; the shapes fit the op. */
export function costOfOp<K extends OpName>(
  op: K,
  inputs: readonly Sized[],
  attrs: Attrs<K>,
  outputs: readonly Sized[],
): Cost {
  type Rule = (inputs: readonly Shape[], attrs: Attrs<K>, outputs: readonly Shape[]) => Arithmetic;
  const shapesOf = (operands: readonly Sized[]): Shape[] => operands.map(({ shape }) => shape);
  return total((costs[op] as unknown as Rule)(shapesOf(inputs), attrs, shapesOf(outputs)), inputs, outputs);
}

/** Costs of an update of operands alike, of which `outputs` are written. */
export function costOfUpdate(
  op: UpdateName,
  operands: readonly Sized[],
  attrs: object,
  outputs: readonly Sized[],
): Cost {
  const { operations, reads } = (updateCosts[op] as (attrs: object) => UpdateArithmetic)(resolveScalars(attrs));
  const size = sizeOf(operands[0]!.shape);
  return total({ others: operations * size, reads: reads.map((isRead) => (isRead ? size : 0)) }, operands, outputs);
}

/** Costs of one instruction of a program. */
export function costOf(program: Program, instruction: Instruction): Cost {
  const { inputs, outputs } = instruction;
  const sized = ({ value, shape }: ValueView): Sized => ({ shape, dtype: program.values[value]!.dtype });
  const [from, to] = [inputs.map(sized), outputs.map(sized)];
  if (instruction.kind === "check") return total({}, from, to);
  if (instruction.kind === "update") return costOfUpdate(instruction.op, from, instruction.attrs, to);
  return costOfOp(instruction.op, from, instruction.attrs as Attrs<OpName>, to);
}
