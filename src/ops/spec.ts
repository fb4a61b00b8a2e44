/**
 * Every op and update: inputs, attributes, outputs, as types; the only value is how many operands an update writes. The other
 * tables (shapes, cost, the kernels of
 * each backend, gradients) are typed over these names, so that the compiler lists what a new op still lacks.
 *
 * Layouts: activations NHWC, convolution weights [KH, KW, Cin/groups, Cout].
 */
import type { DType } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Numeric } from "./scalar.js";

export type NoAttrs = Readonly<Record<string, never>>;
export interface ReduceAttrs {
  /** Sorted, distinct, counted from the front. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}
export interface AxisAttrs {
  readonly axis: number;
}
export type Pair = readonly [h: number, w: number];
export interface Conv2dAttrs {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
}
export interface ActivationAttrs {
  readonly activation: "none" | "relu";
}
export interface Pool2dAttrs {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}
export interface InputShape {
  readonly inputShape: Shape;
}
export interface WeightShape {
  readonly weightShape: Shape;
}
export interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}
export interface EpsAttrs {
  readonly eps: number;
}
/** Which patches: those that a convolution with this geometry multiplies with its kernel. */
export interface PatchAttrs extends Conv2dAttrs {
  readonly kernelSize: Pair;
}
export interface FoldAttrs extends EpsAttrs {
  readonly kernelSize: Pair;
  readonly groups: number;
  /** The first branch is a batch norm of the input itself: it has a γ and a β but no kernel. */
  readonly hasIdentity: boolean;
}

/** What is drawn, and from where: a stream of the counter-based generator, taken anew at each call. */
export interface RandomAttrs {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly seed: Numeric;
  readonly stream: Numeric;
}
export interface BernoulliAttrs extends RandomAttrs {
  /** Probability of 1. */
  readonly p: number;
}

/** One T per member of a tuple. */
type Each<Tuple extends readonly unknown[], T> = { readonly [I in keyof Tuple]: T };
type Spec<Inputs extends readonly string[], Attrs = NoAttrs, Outputs extends readonly string[] = ["y"]> = {
  inputs: Inputs;
  attrs: Attrs;
  outputs: Outputs;
};
type Unary = Spec<["x"]>;
/** Operands broadcast. */
type Binary = Spec<["a", "b"]>;

export interface OpSpecs {
  // 1. elementwise, one operand
  neg: Unary;
  abs: Unary;
  sign: Unary;
  floor: Unary;
  ceil: Unary;
  round: Unary;
  exp: Unary;
  log: Unary;
  sqrt: Unary;
  rsqrt: Unary;
  square: Unary;
  reciprocal: Unary;
  sin: Unary;
  cos: Unary;
  tanh: Unary;
  sigmoid: Unary;
  relu: Unary;
  cast: Spec<["x"], { readonly dtype: DType }>;

  // 2. elementwise, two or three operands; comparisons give 1 or 0 in the dtype of their operands
  add: Binary;
  sub: Binary;
  mul: Binary;
  div: Binary;
  pow: Binary;
  maximum: Binary;
  minimum: Binary;
  equal: Binary;
  notEqual: Binary;
  less: Binary;
  lessEqual: Binary;
  greater: Binary;
  greaterEqual: Binary;
  /** Operands of one shape: dy, but 0 where y <= 0. */
  reluGrad: Spec<["dy", "y"]>;
  /** [..., C] both -> dy, but 0 where y <= 0, and the sum of that over all rows [C]: the gradient behind bias and relu. */
  biasReluGrad: Spec<["dy", "y"], NoAttrs, ["dx", "dbias"]>;
  /** a where mask is not 0, else b; the three broadcast. */
  where: Spec<["mask", "a", "b"]>;

  // 3. reductions
  /** int32 for integers of any size. */
  sum: Spec<["x"], ReduceAttrs>;
  mean: Spec<["x"], ReduceAttrs>;
  max: Spec<["x"], ReduceAttrs>;
  min: Spec<["x"], ReduceAttrs>;
  /** int32 index of the first NaN, or of the first largest value, along one axis, which is dropped. */
  argmax: Spec<["x"], AxisAttrs>;
  softmax: Spec<["x"], AxisAttrs>;
  logSoftmax: Spec<["x"], AxisAttrs>;

  // 4. moving numbers about
  broadcastTo: Spec<["x"], { readonly shape: Shape }>;
  reshape: Spec<["x"], { readonly shape: Shape }>;
  transpose: Spec<["x"], { readonly perm: readonly number[] }>;
  slice: Spec<["x"], { readonly begin: readonly number[]; readonly size: readonly number[] }>;
  pad: Spec<["x"], { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number }>;
  concat: Spec<["x", ...string[]], AxisAttrs>;
  /** Rows of table [R, ...rest] by int32 indices [...i] -> [...i, ...rest]. */
  gather: Spec<["table", "indices"]>;
  /** The gradient of gather: dy [...i, ...rest] added into zeros [rows, ...rest]. */
  scatterAdd: Spec<["dy", "indices"], { readonly rows: number }>;
  /** int32 [...i] -> [...i, depth], 1 at the index. */
  oneHot: Spec<["indices"], { readonly depth: number; readonly dtype: DType }>;

  // 5. matrices and convolutions
  /** [...batch, m, k] x [...batch, k, n] -> [...batch, m, n]; the transposes say how a and b are stored; batches broadcast. */
  matmul: Spec<["a", "b"], MatmulAttrs>;
  /** x [N, H, W, Cin], w [KH, KW, Cin/groups, Cout] -> [N, OH, OW, Cout]. */
  conv2d: Spec<["x", "w"], Conv2dAttrs>;
  /** conv2d, then a bias [Cout], then the activation: one pass over y instead of three. */
  conv2dBias: Spec<["x", "w", "bias"], Conv2dAttrs & ActivationAttrs>;
  conv2dInputGrad: Spec<["dy", "w"], Conv2dAttrs & InputShape>;
  conv2dWeightGrad: Spec<["x", "dy"], Conv2dAttrs & WeightShape>;
  avgPool2d: Spec<["x"], Pool2dAttrs>;
  avgPool2dGrad: Spec<["dy"], Pool2dAttrs & InputShape>;
  maxPool2d: Spec<["x"], Pool2dAttrs>;
  /** dy goes to the last NaN of each window, as in PyTorch, or to the first largest value. */
  maxPool2dGrad: Spec<["dy", "x"], Pool2dAttrs>;

  // 6. batch normalisation over all axes but the last
  /** x [..., C], gamma, beta [C] -> y, batch mean [C], biased batch variance [C]. */
  batchNorm: Spec<["x", "gamma", "beta"], EpsAttrs, ["y", "mean", "variance"]>;
  batchNormGrad: Spec<["dy", "x", "gamma", "mean", "variance"], EpsAttrs, ["dx", "dgamma", "dbeta"]>;
  /** The same with given statistics, as in evaluation. */
  batchNormEval: Spec<["x", "gamma", "beta", "mean", "variance"], EpsAttrs>;

  // 7. sums of batch-normalised convolutions, folded through the moments of their patches (docs/folded-training.md 1). A
  // patch has K = KH·KW·Cin/groups numbers, tap after tap, as a kernel [K, Cout] has; moments are float64. "...branches" is
  // the γ [Cout] of every branch, then the β of every branch, then the kernels [KH or 1, KW or 1, Cin/groups, Cout].
  /** x [N, H, W, Cin] -> mean [groups, K], centred biased covariance [groups, K, K]; padding counts as zeros. */
  patchMoments: Spec<["x"], PatchAttrs, ["mean", "covariance"]>;
  patchMomentsGrad: Spec<["x", "mean", "dmean", "dcovariance"], PatchAttrs, ["dx"]>;
  /**
   * weight [KH, KW, Cin/groups, Cout] and bias [Cout] of the one convolution that does what all branches do; the batch
   * mean and biased variance of each branch [B, Cout]; covariance · kernel of each branch [B, K, Cout], which its gradient uses.
   */
  foldBranches: Spec<
    ["mean", "covariance", ...branches: string[]],
    FoldAttrs,
    ["weight", "bias", "means", "variances", "projections"]
  >;
  /** -> dγ [B, Cout], then one gradient per kernel; dβ of every branch is dbias. */
  foldBranchesGrad: Spec<
    ["dweight", "dbias", "mean", "variances", "projections", ...branches: string[]],
    FoldAttrs,
    ["dgammas", ...dkernels: string[]]
  >;
  /** What reaches the moments. */
  foldMomentsGrad: Spec<
    ["dgammas", "dbias", "weight", "variances", ...branches: string[]],
    FoldAttrs,
    ["dmean", "dcovariance"]
  >;

  // 8. random numbers; no inputs
  /** Uniform in [0, 1). */
  rand: Spec<[], RandomAttrs>;
  /** Standard normal. */
  randn: Spec<[], RandomAttrs>;
  /** 1 with probability p, else 0. */
  bernoulli: Spec<[], BernoulliAttrs>;
}

export type OpName = keyof OpSpecs;
export type Attrs<K extends OpName> = OpSpecs[K]["attrs"];
/** One T per input of op K. */
export type PerInput<K extends OpName, T> = Each<OpSpecs[K]["inputs"], T>;
/** One T per output of op K. */
export type PerOutput<K extends OpName, T> = Each<OpSpecs[K]["outputs"], T>;

/**
 * Updates: what writes over its first inputs instead of making a new tensor. Never recorded by autograd.
 * The tuple lists the operands; `writes` says how many of them, from the first, are overwritten.
 */
export interface UpdateSpecs {
  /** a += b, equal shapes. */
  accumulate: { inputs: ["a", "b"]; attrs: NoAttrs };
  /** a = value everywhere. */
  fill: { inputs: ["a"]; attrs: { readonly value: Numeric } };
  /** a = b, equal shapes. */
  assign: { inputs: ["a", "b"]; attrs: NoAttrs };
  /** a += weight · (b − a), for a weight of 0.5 and more from b's side; equal shapes: exponential moving averages. */
  lerp: { inputs: ["a", "b"]; attrs: { readonly weight: Numeric } };
  /**
   * g ← ±grad + weightDecay·p, − to maximize; v ← g if isFirst or momentum is 0, else momentum·v + (1 − dampening)·g;
   * p ← p − lr·(g + momentum·v if nesterov, else v). A decay or momentum of 0 takes no part. Writes p and v. (torch.optim.SGD)
   */
  sgd: { inputs: ["p", "v", "grad"]; attrs: SgdAttrs };
  /**
   * g ← ±grad, − to maximize; p ← (1 − lr·weightDecay)·p if decoupled, else g ← g + weightDecay·p, where a decay of 0 takes no
   * part; m ← beta1·m + (1 − beta1)·g; v ← beta2·v + (1 − beta2)·g²;
   * p ← p − lr/correction1 · m / (√v / √correction2 + eps). Writes p, m and v. (torch.optim.Adam, AdamW)
   */
  adam: { inputs: ["p", "m", "v", "grad"]; attrs: AdamAttrs };
  /** The same with the largest v so far in the place of v: top ← max(top, v). Writes p, m, v and top. (amsgrad) */
  amsgrad: { inputs: ["p", "m", "v", "top", "grad"]; attrs: AdamAttrs };
}
export interface SgdAttrs {
  readonly lr: Numeric;
  readonly momentum: number;
  readonly weightDecay: Numeric;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly isFirst: boolean;
  readonly maximize: boolean;
}
export interface AdamAttrs {
  readonly lr: Numeric;
  readonly weightDecay: Numeric;
  /** Whether the decay shrinks p itself (AdamW), or is a part of the gradient (Adam). */
  readonly decoupled: boolean;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** 1 − beta1^t of the t-th update, the first being 1; kept apart from the betas since it moves with every update. */
  readonly correction1: Numeric;
  /** 1 − beta2^t. */
  readonly correction2: Numeric;
  readonly maximize: boolean;
}
export type UpdateName = keyof UpdateSpecs;
export type UpdateAttrs<K extends UpdateName> = UpdateSpecs[K]["attrs"];
export type PerOperand<K extends UpdateName, T> = Each<UpdateSpecs[K]["inputs"], T>;
/** How many operands, from the first, each update overwrites. */
export const updateWrites: { readonly [K in UpdateName]: number } = {
  accumulate: 1,
  fill: 1,
  assign: 1,
  lerp: 1,
  sgd: 2,
  adam: 3,
  amsgrad: 4,
};
