/**
 * The ops as named functions with readable options and defaults. Each is one call of apply(), or a short composition.
 */

import { type CreateOptions, tensor } from "../tensor/create.js";
import { type DType, newArray } from "../tensor/dtype.js";
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
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError } from "../util/errors.js";
import { apply } from "./apply.js";
import { inferDType } from "./dtypes.js";
import { withPromoted } from "./promotion.js";
import { nextStream, type RandomOp, randomOps } from "./random.js";
import type { ActivationAttrs, Attrs, Pair } from "./spec.js";

export * from "./elementwise.js";

/** Whether a reduction keeps the axes that it sums over, as 1. */
export interface ReduceOptions {
  /** Default false: reduced axes are dropped. */
  readonly keepDims?: boolean;
}
type Axes = number | readonly number[];

const reduction =
  (op: "sum" | "mean" | "max" | "min") =>
  (x: Tensor, axes?: Axes, { keepDims = false }: ReduceOptions = {}): Tensor =>
    apply(op, [x], { axes: normalizeAxes(axes, x.rank, op), keepDims })[0];

/**
 * Sum over axes (all where none are given). Sums of integers are int32, where PyTorch has int64, and wrap.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * console.log(sum(x).item(), sum(x, 0).toArray()); // 10 [4, 6]
 * ```
 */
export const sum = reduction("sum");
/** Mean over axes (all where none are given). Throws DTypeError for integers, as PyTorch does. */
export const mean = reduction("mean");
/** Largest value over axes; its gradient is shared equally among ties. */
export const max = reduction("max");
/** Smallest value over axes; its gradient is shared equally among ties. */
export const min = reduction("min");

/**
 * int32 index of the first NaN, or of the first largest value, along an axis, which is dropped.
 *
 * @example
 * ```ts
 * console.log(argmax(tensor([[1, 9], [7, 2]])).toArray()); // [1, 0]
 * ```
 */
export const argmax = (x: Tensor, axis = -1): Tensor =>
  apply("argmax", [x], { axis: normalizeAxis(axis, x.rank, "argmax") })[0];
/**
 * exp(x) / sum(exp(x)) along an axis.
 *
 * @example
 * ```ts
 * console.log(softmax(tensor([0, 0])).toArray()); // [0.5, 0.5]
 * ```
 */
export const softmax = (x: Tensor, axis = -1): Tensor =>
  apply("softmax", [x], { axis: normalizeAxis(axis, x.rank, "softmax") })[0];
/** log(softmax(x)) along an axis, without overflow. */
export const logSoftmax = (x: Tensor, axis = -1): Tensor =>
  apply("logSoftmax", [x], { axis: normalizeAxis(axis, x.rank, "logSoftmax") })[0];

/**
 * The same numbers in another shape (one -1 is worked out); a free view.
 *
 * @example
 * ```ts
 * console.log(reshape(arange(6), [2, -1]).shape); // [2, 3]
 * ```
 */
export const reshape = (x: Tensor, shape: Shape): Tensor =>
  apply("reshape", [x], { shape: resolveReshape(x.shape, shape) })[0];
/**
 * Axes in another order; without perm they are reversed.
 *
 * @example
 * ```ts
 * console.log(transpose(zeros([2, 3, 4]), [0, 2, 1]).shape); // [2, 4, 3]
 * ```
 */
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
 *
 * @example
 * ```ts
 * console.log(slice(arange(10), [2], [3]).toArray()); // [2, 3, 4]
 * ```
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
/**
 * Constant padding: [before, after] for each axis. Throws DTypeError for a value that x's dtype does not hold.
 *
 * @example
 * ```ts
 * console.log(pad(tensor([1, 2]), [[1, 0]]).toArray()); // [0, 1, 2]
 * ```
 */
export const pad = (x: Tensor, widths: readonly Pair[], value = 0): Tensor =>
  apply("pad", [x], { before: widths.map(([b]) => b), after: widths.map(([, a]) => a), value })[0];
/**
 * Tensors one after another along an axis; mixed dtypes promote.
 *
 * @example
 * ```ts
 * console.log(concat([tensor([1, 2]), tensor([3])]).toArray()); // [1, 2, 3]
 * ```
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (!first) throw new ShapeError("concat: no tensors, expected at least one");
  const attrs = { axis: normalizeAxis(axis, first.rank, "concat") };
  const join = (alike: readonly Tensor[]): Tensor => apply("concat", alike as [Tensor, ...Tensor[]], attrs)[0];
  return tensors.every((x) => x.dtype === first.dtype) ? join(tensors) : withPromoted("concat", tensors, join);
}
/**
 * Tensors of one shape, stacked along a new axis; a negative one counts from the end of the result. Mixed dtypes promote.
 *
 * @example
 * ```ts
 * console.log(stack([tensor([1, 2]), tensor([3, 4])]).shape); // [2, 2]
 * ```
 */
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
/**
 * Rows of table [R, ...rest] at int32 indices [...i] -> [...i, ...rest].
 *
 * @example
 * ```ts
 * const table = tensor([[1, 1], [2, 2], [3, 3]]);
 * console.log(gather(table, tensor(Int32Array.of(2, 0))).toArray()); // [[3, 3], [1, 1]]
 * ```
 */
export const gather = (table: Tensor, indices: Tensor): Tensor => apply("gather", [table, indices], {})[0];
/**
 * int32 labels [...i] -> [...i, depth].
 *
 * @example
 * ```ts
 * console.log(oneHot(tensor(Int32Array.of(1)), 3).toArray()); // [[0, 1, 0]]
 * ```
 */
export const oneHot = (indices: Tensor, depth: number, dtype: DType = "float32"): Tensor =>
  apply("oneHot", [indices], { depth, dtype })[0];

/**
 * [...batch, m, k] x [...batch, k, n] -> [...batch, m, n]; the options say that a or b is stored transposed.
 *
 * @example
 * ```ts
 * console.log(matmul(ones([2, 3]), ones([3, 4])).shape); // [2, 4]
 * ```
 */
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

/**
 * A convolution's window as torch.nn.functional.conv2d has it: one number for both axes, or [height, width]. Defaults:
 * stride 1, padding 0, dilation 1, groups 1.
 */
export interface Conv2dOptions {
  readonly stride?: number | Pair;
  readonly padding?: number | Pair;
  readonly dilation?: number | Pair;
  readonly groups?: number;
}
/**
 * x [N, H, W, Cin], w [KH, KW, Cin/groups, Cout] -> [N, OH, OW, Cout] (cross-correlation, as torch.nn.functional.conv2d).
 *
 * @example
 * ```ts
 * const y = conv2d(rand([1, 8, 8, 3]), rand([3, 3, 3, 16]), { stride: 2, padding: 1 });
 * console.log(y.shape); // [1, 4, 4, 16]
 * ```
 */
export const conv2d = (x: Tensor, w: Tensor, options: Conv2dOptions = {}): Tensor =>
  apply("conv2d", [x, w], convolution(options))[0];
/** The same with a bias [Cout] and an activation, in one pass. */
export const conv2dBias = (
  x: Tensor,
  w: Tensor,
  bias: Tensor,
  { activation = "none", ...options }: Conv2dOptions & Partial<ActivationAttrs> = {},
): Tensor => apply("conv2dBias", [x, w, bias], { ...convolution(options), activation })[0];

/** A pooling window's stride and padding, in pixels. */
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
/**
 * Largest value of each window, NaN where it holds one; padding never wins.
 *
 * @example
 * ```ts
 * console.log(maxPool2d(rand([1, 8, 8, 3]), 2).shape); // [1, 4, 4, 3]
 * ```
 */
export const maxPool2d = pool("maxPool2d");
/** [N, H, W, C] -> [N, C]. */
export const globalAvgPool = (x: Tensor): Tensor => mean(x, [1, 2]);

/** The numbers of a batch normalisation. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
}
/**
 * Normalises x [..., C] by its own batch -> y, mean [C], biased variance [C].
 *
 * @example
 * ```ts
 * const [y, mean, variance] = batchNorm(rand([4, 5, 5, 8]), ones([8]), zeros([8]));
 * console.log(y.shape, mean.shape, variance.shape); // [4, 5, 5, 8] [8] [8]
 * ```
 */
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

/** One branch of a block: a kernel and the γ and β [Cout] of the batch normalisation after it. */
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

/** The dtype of random values, and where they come from. */
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

/**
 * Uniform values in [0, 1), as `shape`.
 *
 * @example
 * ```ts
 * console.log(rand([2, 3], { seed: 1 }).shape); // [2, 3]
 * ```
 */
export const rand = (shape: Shape, options: RandomOptions = {}): Tensor => random("rand", shape, {}, options);
/**
 * Standard normal values, as `shape`.
 *
 * @example
 * ```ts
 * console.log(randn([2, 3], { seed: 1 }).shape); // [2, 3]
 * ```
 */
export const randn = (shape: Shape, options: RandomOptions = {}): Tensor => random("randn", shape, {}, options);
/** 1 with probability p, else 0, as `shape`. Throws ShapeError for a p outside 0 … 1. */
export function bernoulli(shape: Shape, p: number, options: RandomOptions = {}): Tensor {
  if (!(p >= 0 && p <= 1)) throw new ShapeError(`bernoulli: p is ${p}, expected 0 to 1`);
  return random("bernoulli", shape, { p }, options);
}
