/**
 * The ops as named functions with readable options and defaults. Each is one call of apply(), or a short composition.
 */

import { type CreateOptions, tensor } from "../tensor/create.js";
import { type DType, isFloat, newArray } from "../tensor/dtype.js";
import { Random } from "../tensor/random.js";
import {
  checkShape,
  normalizeAxes,
  normalizeAxis,
  resolveReshape,
  type Shape,
  showShape,
  sizeOf,
} from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { DTypeError, ShapeError } from "../util/errors.js";
import { apply } from "./apply.js";
import { inferDType } from "./dtypes.js";
import { areFloatsAlike, floatOps, type Operand, withPromoted } from "./promotion.js";
import { nextStream, type RandomOp, randomOps } from "./random.js";
import type { ActivationAttrs, Attrs, NoAttrs, OpName, OpSpecs, Pair } from "./spec.js";

export type { Operand } from "./promotion.js";

type OpsWith<Inputs extends readonly string[]> = {
  [K in OpName]: OpSpecs[K]["inputs"] extends Inputs ? (Inputs extends OpSpecs[K]["inputs"] ? K : never) : never;
}[OpName];
type BinaryName = OpsWith<["a", "b"]>;

/** Operands broadcast, and promote to one dtype as PyTorch's do (promotion.ts). */
function binary(op: Exclude<BinaryName, "matmul">) {
  return (a: Operand, b: Operand): Tensor =>
    areFloatsAlike(a, b)
      ? apply(op, [a as Tensor, b as Tensor], {})[0]
      : withPromoted(op, [a, b], (tensors) => apply(op, tensors, {})[0]);
}

/** One operand, no attributes. */
type UnaryName = {
  [K in OpsWith<["x"]>]: OpSpecs[K]["attrs"] extends NoAttrs ? K : never;
}[OpsWith<["x"]>];
/** exp, log and their like give float32 for integers. */
const unary = (op: UnaryName) => {
  const isFloatOp = floatOps.has(op);
  return (x: Tensor): Tensor =>
    isFloatOp && !isFloat(x.dtype)
      ? withPromoted(op, [x], (tensors) => apply(op, tensors, {})[0])
      : apply(op, [x], {})[0];
};

export const neg = unary("neg");
export const abs = unary("abs");
export const sign = unary("sign");
export const floor = unary("floor");
export const ceil = unary("ceil");
export const round = unary("round");
export const exp = unary("exp");
export const log = unary("log");
export const sqrt = unary("sqrt");
export const rsqrt = unary("rsqrt");
export const square = unary("square");
export const reciprocal = unary("reciprocal");
export const sin = unary("sin");
export const cos = unary("cos");
export const tanh = unary("tanh");
export const sigmoid = unary("sigmoid");
export const relu = unary("relu");

export const add = binary("add");
export const sub = binary("sub");
export const mul = binary("mul");
/** True division: integers give float32. */
export const div = binary("div");
const powOf = binary("pow");
/** a to the power of b. Integers wrap; those of a negative power are 0, but for 1 and −1. Throws DTypeError for a negative number as the power of integers. */
export function pow(a: Operand, b: Operand): Tensor {
  if (typeof b === "number" && b < 0 && a instanceof Tensor && !isFloat(a.dtype) && Number.isInteger(b))
    throw new DTypeError(
      `pow: ${a.dtype} to the power of ${b}, expected a power of at least 0 for integers`,
      'cast first: x.cast("float32")',
    );
  return powOf(a, b);
}
export const maximum = binary("maximum");
export const minimum = binary("minimum");
// comparisons give 1 or 0 in the dtype that the operands promote to, so that they multiply with them without another cast
export const equal = binary("equal");
export const notEqual = binary("notEqual");
export const less = binary("less");
export const lessEqual = binary("lessEqual");
export const greater = binary("greater");
export const greaterEqual = binary("greaterEqual");

/**
 * x with another element type; the same tensor where it already has it. Numbers are cut towards zero on the way to integers;
 * what int32 does not hold (NaN, ±∞, far numbers) becomes −2³¹, uint8 keeps the low byte and gives 0 for NaN and ±∞: PyTorch's
 * numbers on x86.
 */
export const cast = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : apply("cast", [x], { dtype })[0]);

/**
 * a where mask is not 0, else b; the three broadcast. A mask may have any dtype; a and b promote to one, and two numbers
 * are int32 where both are integers, else float32. Throws DTypeError for a number that an integer result does not hold.
 */
export const where = (mask: Tensor, a: Operand, b: Operand): Tensor =>
  withPromoted(
    "where",
    [a, b],
    ([yes, no]) => {
      if (mask.dtype === yes!.dtype) return apply("where", [mask, yes!, no!], {})[0];
      // a cast of the mask itself could make a 0 of what is none: .4, or 256 as uint8
      const isSet = notEqual(mask, 0);
      const flags = cast(isSet, yes!.dtype);
      isSet.dispose();
      const y = apply("where", [flags, yes!, no!], {})[0];
      flags.dispose();
      return y;
    },
    mask,
  );

/**
 * Values limited to [low, high], any shape; NaN stays, and high wins where low is above it. The gradient is PyTorch's: dy
 * where low <= x <= high, both bounds included, else 0.
 */
export function clamp(x: Tensor, low: number, high: number): Tensor {
  // detached: the gradient passes where x itself is taken, and nowhere else
  const limited = minimum(maximum(x.detach(), low), high);
  return isFloat(x.dtype) ? where(mul(greaterEqual(x, low), lessEqual(x, high)), x, limited) : limited;
}

export interface ReduceOptions {
  /** Default false: reduced axes are dropped. */
  readonly keepDims?: boolean;
}
type Axes = number | readonly number[];

const reduction =
  (op: "sum" | "mean" | "max" | "min") =>
  (x: Tensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor =>
    apply(op, [x], { axes: normalizeAxes(axes, x.rank, op), keepDims })[0];

/** Sum over axes (all where none are given). Sums of integers are int32, where PyTorch has int64, and wrap. */
export const sum = reduction("sum");
/** Mean over axes (all where none are given). Throws DTypeError for integers, as PyTorch does. */
export const mean = reduction("mean");
/** Largest value over axes; its gradient is shared equally among ties. */
export const max = reduction("max");
/** Smallest value over axes; its gradient is shared equally among ties. */
export const min = reduction("min");

/** int32 index of the first NaN, or of the first largest value, along an axis, which is dropped. */
export const argmax = (x: Tensor, axis = -1): Tensor =>
  apply("argmax", [x], { axis: normalizeAxis(axis, x.rank, "argmax") })[0];
/** exp(x) / sum(exp(x)) along an axis. */
export const softmax = (x: Tensor, axis = -1): Tensor =>
  apply("softmax", [x], { axis: normalizeAxis(axis, x.rank, "softmax") })[0];
/** log(softmax(x)) along an axis, without overflow. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor =>
  apply("logSoftmax", [x], { axis: normalizeAxis(axis, x.rank, "logSoftmax") })[0];

/** The same numbers in another shape (one -1 is worked out); a free view. */
export const reshape = (x: Tensor, shape: Shape): Tensor =>
  apply("reshape", [x], { shape: resolveReshape(x.shape, shape) })[0];
/** Axes in another order; without perm they are reversed. */
export const transpose = (x: Tensor, perm?: readonly number[]): Tensor =>
  apply("transpose", [x], {
    perm: (perm ?? x.shape.map((_, i) => x.rank - 1 - i)).map((axis) => normalizeAxis(axis, x.rank, "transpose")),
  })[0];
/** x repeated to `shape` by the rules of broadcasting. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  checkShape(shape, "broadcastTo");
  return apply("broadcastTo", [x], { shape })[0];
}
/**
 * The block from `begin` of `size` (-1: to the end); axes not named are whole. A cut of the first axis alone is a free view.
 * Throws ShapeError where the block reaches outside: positions count from 0, none from the end.
 */
export function slice(x: Tensor, begin: readonly number[], size: readonly number[] = []): Tensor {
  for (const [name, list] of [["begin", begin] as const, ["size", size] as const])
    if (list.length > x.rank)
      throw new ShapeError(
        `slice: ${name} ${showShape(list)} names ${list.length} axes, ${showShape(x.shape)} has ${x.rank}`,
      );
  return apply("slice", [x], {
    begin: x.shape.map((_, i) => begin[i] ?? 0),
    size: x.shape.map((dim, i) => {
      const wanted = size[i] ?? -1;
      return wanted === -1 ? dim - (begin[i] ?? 0) : wanted;
    }),
  })[0];
}
/** Constant padding: [before, after] for each axis. Throws DTypeError for a value that x's dtype does not hold. */
export const pad = (x: Tensor, widths: readonly Pair[], value = 0): Tensor =>
  apply("pad", [x], { before: widths.map(([b]) => b), after: widths.map(([, a]) => a), value })[0];
/** Tensors one after another along an axis; mixed dtypes promote. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (!first) throw new ShapeError("concat: no tensors, expected at least one");
  const attrs = { axis: normalizeAxis(axis, first.rank, "concat") };
  const join = (alike: readonly Tensor[]): Tensor => apply("concat", alike as [Tensor, ...Tensor[]], attrs)[0];
  return tensors.every((x) => x.dtype === first.dtype) ? join(tensors) : withPromoted("concat", tensors, join);
}
/** Tensors of one shape, stacked along a new axis; a negative one counts from the end of the result. Mixed dtypes promote. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (!first) throw new ShapeError("stack: no tensors, expected at least one");
  const odd = tensors.find((x) => !x.hasShape(first.shape));
  if (odd) throw new ShapeError(`stack: ${showShape(first.shape)} and ${showShape(odd.shape)}, expected equal shapes`);
  const at = normalizeAxis(axis, first.rank + 1, "stack");
  return withPromoted("concat", tensors, (alike) => {
    const rows = alike.map((x) => reshape(x, x.shape.toSpliced(at, 0, 1)));
    const y = concat(rows, at);
    for (const row of rows) row.dispose();
    return y;
  });
}
/** Rows of table [R, ...rest] at int32 indices [...i] -> [...i, ...rest]. */
export const gather = (table: Tensor, indices: Tensor): Tensor => apply("gather", [table, indices], {})[0];
/** int32 labels [...i] -> [...i, depth]. */
export const oneHot = (indices: Tensor, depth: number, dtype: DType = "float32"): Tensor =>
  apply("oneHot", [indices], { depth, dtype })[0];

/** [...batch, m, k] x [...batch, k, n] -> [...batch, m, n]; the options say that a or b is stored transposed. */
export const matmul = (a: Tensor, b: Tensor, options: Partial<Attrs<"matmul">> = {}): Tensor =>
  apply("matmul", [a, b], { transposeA: options.transposeA ?? false, transposeB: options.transposeB ?? false })[0];

const pair = (value: number | Pair): Pair => (typeof value === "number" ? [value, value] : value);

/** A convolution's attributes, with defaults and single numbers for both axes. */
const convolution = ({ stride = 1, padding = 0, dilation = 1, groups = 1 }: Conv2dOptions): Attrs<"conv2d"> => ({
  stride: pair(stride),
  padding: pair(padding),
  dilation: pair(dilation),
  groups,
});

export interface Conv2dOptions {
  readonly stride?: number | Pair;
  readonly padding?: number | Pair;
  readonly dilation?: number | Pair;
  readonly groups?: number;
}
/** x [N, H, W, Cin], w [KH, KW, Cin/groups, Cout] -> [N, OH, OW, Cout] (cross-correlation, as torch.nn.functional.conv2d). */
export const conv2d = (x: Tensor, w: Tensor, options: Conv2dOptions = {}): Tensor =>
  apply("conv2d", [x, w], convolution(options))[0];
/** The same with a bias [Cout] and an activation, in one pass. */
export const conv2dBias = (
  x: Tensor,
  w: Tensor,
  bias: Tensor,
  { activation = "none", ...options }: Conv2dOptions & Partial<ActivationAttrs> = {},
): Tensor => apply("conv2dBias", [x, w, bias], { ...convolution(options), activation })[0];

export interface Pool2dOptions {
  /** Default: kernelSize. */
  readonly stride?: number | Pair;
  readonly padding?: number | Pair;
}
const pool =
  (op: "avgPool2d" | "maxPool2d") =>
  (x: Tensor, kernelSize: number | Pair, options: Pool2dOptions = {}): Tensor =>
    apply(op, [x], {
      kernelSize: pair(kernelSize),
      stride: pair(options.stride ?? kernelSize),
      padding: pair(options.padding ?? 0),
    })[0];
/** Mean of each window; zero padding counts, as in torch.nn.AvgPool2d. */
export const avgPool2d = pool("avgPool2d");
/** Largest value of each window, NaN where it holds one; padding never wins. */
export const maxPool2d = pool("maxPool2d");
/** [N, H, W, C] -> [N, C]. */
export const globalAvgPool = (x: Tensor): Tensor => mean(x, [1, 2]);

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}
/** Normalises x [..., C] by its own batch -> y, mean [C], biased variance [C]. */
export const batchNorm = (x: Tensor, gamma: Tensor, beta: Tensor, { eps = 1e-5 }: BatchNormOptions = {}) =>
  apply("batchNorm", [x, gamma, beta], { eps });
/** Normalises x [..., C] by given statistics [C]. */
export const batchNormEval = (
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  runningMean: Tensor,
  runningVar: Tensor,
  { eps = 1e-5 }: BatchNormOptions = {},
): Tensor => apply("batchNormEval", [x, gamma, beta, runningMean, runningVar], { eps })[0];

const patchAttrs = (kernelSize: number | Pair, options: Conv2dOptions): Attrs<"patchMoments"> => ({
  kernelSize: pair(kernelSize),
  stride: pair(options.stride ?? 1),
  padding: pair(options.padding ?? 0),
  dilation: pair(options.dilation ?? 1),
  groups: options.groups ?? 1,
});
/**
 * The statistics of the patches that a convolution of x [N, H, W, Cin] sees: mean [groups, K] and centred, biased
 * covariance [groups, K, K], K = KH·KW·Cin/groups, both float64 on every backend. In a bundle its wasm kernels come with
 * `models`; without them the reference computes.
 */
export const patchMoments = (x: Tensor, kernelSize: number | Pair, options: Conv2dOptions = {}) =>
  apply("patchMoments", [x], patchAttrs(kernelSize, options));

export interface FoldedBranch {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  /** [KH or 1, KW or 1, Cin/groups, Cout]; null where the branch passes its input through, at most the first. */
  readonly kernel: Tensor | null;
}
/**
 * The sum of batch-normalised convolutions as one convolution, exactly (docs/folded-training.md 1): weight
 * [KH, KW, Cin/groups, Cout], bias [Cout], and the batch mean and biased variance of each branch [B, Cout].
 */
export function foldBranches(
  [mean, covariance]: readonly [Tensor, Tensor],
  branches: readonly FoldedBranch[],
  { kernelSize, groups = 1, eps = 1e-5 }: { kernelSize: number | Pair; groups?: number; eps?: number },
) {
  const kernels = branches.map(({ kernel }) => kernel);
  if (kernels.lastIndexOf(null) > 0) throw new ShapeError("foldBranches: a branch without kernel must be the first");
  const tensors = [
    ...branches.map(({ gamma }) => gamma),
    ...branches.map(({ beta }) => beta),
    ...kernels.filter((kernel) => kernel !== null),
  ];
  const attrs = { kernelSize: pair(kernelSize), groups, eps, hasIdentity: kernels[0] === null };
  const [weight, bias, means, variances] = apply("foldBranches", [mean, covariance, ...tensors], attrs);
  return { weight, bias, means, variances };
}

export interface RandomOptions extends CreateOptions {
  /** A number starts a fresh generator, a Random is continued. Default: the one generator, which manualSeed() resets. */
  readonly seed?: number | Random;
}

function random<K extends RandomOp>(op: K, shape: Shape, extra: object, options: RandomOptions): Tensor {
  const { seed, dtype = "float32", requiresGrad = false } = options;
  checkShape(shape, op);
  // here too, for draws from a Random
  inferDType(op, [], { dtype } as Attrs<K>);
  let y: Tensor;
  if (seed instanceof Random) {
    const values = newArray(dtype, sizeOf(shape));
    for (let i = 0; i < values.length; i++) values[i] = randomOps[op](seed, extra as never);
    y = tensor(values, shape);
  } else {
    const attrs = { shape: [...shape], dtype, ...nextStream(seed), ...extra } as unknown as Attrs<K>;
    y = apply(op, [], attrs)[0] as Tensor;
  }
  if (requiresGrad) y.requiresGrad = true;
  return y;
}

/** Uniform values in [0, 1), as `shape`. */
export const rand = (shape: Shape, options: RandomOptions = {}): Tensor => random("rand", shape, {}, options);
/** Standard normal values, as `shape`. */
export const randn = (shape: Shape, options: RandomOptions = {}): Tensor => random("randn", shape, {}, options);
/** 1 with probability p, else 0, as `shape`. Throws ShapeError for a p outside 0 … 1. */
export function bernoulli(shape: Shape, p: number, options: RandomOptions = {}): Tensor {
  if (!(p >= 0 && p <= 1)) throw new ShapeError(`bernoulli: p is ${p}, expected 0 to 1`);
  return random("bernoulli", shape, { p }, options);
}
