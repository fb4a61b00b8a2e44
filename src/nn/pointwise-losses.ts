/**
 * Losses of single numbers against single numbers: distances, cross-entropy of yes and no, Kullback and Leibler's divergence.
 * Operands have one shape; what is piecewise is written so that an infinite difference leaves no NaN in a gradient.
 */
import { customFunction } from "../autograd/function.js";
import * as F from "../ops/functional/index.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { UsageError } from "../util/errors.js";
import { focus } from "./loss.js";
import {
  expectAlike,
  expectReduction,
  type Reduction,
  type ReductionOptions,
  reduce,
  type WeightedOptions,
} from "./reduction.js";

/** A loss of x and target, of one shape. */
function pointwise(
  where: string,
  [x, target]: readonly [Tensor, Tensor],
  reduction: Reduction,
  losses: () => Tensor,
): Tensor {
  expectReduction(where, reduction);
  expectAlike(where, x, target);
  return scope(() => reduce(losses(), reduction));
}

/**
 * (x − target)² (torch.nn.functional.mse_loss), equal shapes -> scalar, or that shape without a reduction. Throws ShapeError
 * for two shapes, as all losses of this file do.
 *
 * @example
 * ```ts
 * console.log(nn.mseLoss(tensor([1, 2]), tensor([1, 4])).item()); // 2
 * ```
 */
export const mseLoss = (x: Tensor, target: Tensor, { reduction = "mean" }: ReductionOptions = {}): Tensor =>
  pointwise("mseLoss", [x, target], reduction, () => F.square(F.sub(x, target)));

/** |x − target| (torch.nn.functional.l1_loss), equal shapes -> scalar, or that shape without a reduction. */
export const l1Loss = (x: Tensor, target: Tensor, { reduction = "mean" }: ReductionOptions = {}): Tensor =>
  pointwise("l1Loss", [x, target], reduction, () => F.abs(F.sub(x, target)));

/** Half a square up to `limit`, then straight on: q · (|d| − q/2), where q = min(|d|, limit). */
function rounded(x: Tensor, target: Tensor, limit: number): Tensor {
  const distance = F.abs(F.sub(x, target));
  // detached: the derivative by q is |d| − q, 0 up to the limit, and q stands still above it
  const within = F.minimum(distance.detach(), limit);
  return F.mul(within, F.sub(distance, F.mul(within, 0.5)));
}

/** Where a smooth L1 loss turns straight. */
export interface SmoothL1Options extends ReductionOptions {
  /** At least 0; at 0 it is the L1 loss, whose gradient at no difference is 0 (torch's is −1 for both operands then). Default 1. */
  readonly beta?: number;
}

/**
 * d²/2β up to |d| = β, |d| − β/2 above (Girshick 2015; torch.nn.functional.smooth_l1_loss), equal shapes -> scalar, or
 * that shape without a reduction. Throws UsageError for a β below 0.
 */
export function smoothL1Loss(x: Tensor, target: Tensor, options: SmoothL1Options = {}): Tensor {
  const { beta = 1, reduction = "mean" } = options;
  if (!(beta >= 0)) throw new UsageError(`smoothL1Loss: beta is ${beta}, expected at least 0`);
  if (beta === 0) return l1Loss(x, target, { reduction });
  return pointwise("smoothL1Loss", [x, target], reduction, () => F.div(rounded(x, target, beta), beta));
}

/** Where a Huber loss turns straight. */
export interface HuberOptions extends ReductionOptions {
  /** Above 0. Default 1. */
  readonly delta?: number;
}

/**
 * d²/2 up to |d| = δ, δ(|d| − δ/2) above (Huber 1964; torch.nn.functional.huber_loss), equal shapes -> scalar, or that
 * shape without a reduction. Throws UsageError for a δ that is not above 0.
 */
export function huberLoss(x: Tensor, target: Tensor, { delta = 1, reduction = "mean" }: HuberOptions = {}): Tensor {
  if (!(delta > 0)) throw new UsageError(`huberLoss: delta is ${delta}, expected above 0`);
  return pointwise("huberLoss", [x, target], reduction, () => rounded(x, target, delta));
}

/** torch's binary_cross_entropy: logarithms are at least this, so that a loss of certainty gone wrong is finite. */
const LEAST_LOG = -100;
/** And its gradient divides by at least this, a float there. */
const LEAST_VARIANCE = Math.fround(1e-12);

const logs = (x: Tensor): readonly [yes: Tensor, no: Tensor] => [
  F.maximum(F.log(x), LEAST_LOG),
  F.maximum(F.log(F.sub(1, x)), LEAST_LOG),
];

const entropyOf = /* @__PURE__ */ customFunction({
  name: "binaryCrossEntropy",
  forward(x: Tensor, target: Tensor): Tensor {
    const [yes, no] = logs(x);
    return F.sub(F.mul(F.sub(target, 1), no), F.mul(target, yes));
  },
  backward(dy, [x, target]) {
    const variance = F.maximum(F.mul(F.sub(1, x), x), LEAST_VARIANCE);
    const [yes, no] = logs(x);
    return [F.div(F.mul(dy, F.sub(x, target)), variance), F.mul(dy, F.sub(no, yes))];
  },
});

const weighted = (losses: Tensor, weight: Tensor | null | undefined): Tensor =>
  weight ? F.mul(losses, weight) : losses;

/**
 * −t · log x − (1 − t) · log(1 − x), logarithms at least −100 (torch.nn.functional.binary_cross_entropy): probabilities and
 * targets of one shape -> scalar, or that shape without a reduction. NaN for x outside 0 … 1.
 */
export const binaryCrossEntropy = (x: Tensor, target: Tensor, options: WeightedOptions = {}): Tensor =>
  pointwise("binaryCrossEntropy", [x, target], options.reduction ?? "mean", () =>
    weighted(entropyOf(x, target), options.weight),
  );

/** log(1 + exp(−x)), the loss of a yes; without overflow. */
function lossOfYes(x: Tensor): Tensor {
  // detached: it cancels out
  const most = F.maximum(F.neg(x.detach()), 0);
  return F.add(most, F.log(F.add(F.exp(F.neg(most)), F.exp(F.sub(F.neg(x), most)))));
}

/** Weights of elements, and of the targets that are 1. */
export interface BinaryLogitsOptions extends WeightedOptions {
  /** Weight of a yes beside that of a no; broadcasts, such as one for each class. */
  readonly posWeight?: Tensor | null;
}

const logitsLoss = (x: Tensor, target: Tensor, posWeight?: Tensor | null): Tensor => {
  const yes = lossOfYes(x);
  const weights = posWeight ? F.add(F.mul(F.sub(posWeight, 1), target), 1) : null;
  return F.add(F.mul(F.sub(1, target), x), weighted(yes, weights));
};

/**
 * The same of sigmoid(x), without its rounding (torch.nn.functional.binary_cross_entropy_with_logits): logits and targets of
 * one shape -> scalar, or that shape without a reduction.
 *
 * @example
 * ```ts
 * const loss = nn.binaryCrossEntropyWithLogits(tensor([[0, 2]]), tensor([[1, 0]]), { posWeight: tensor([3, 1]) });
 * console.log(loss.shape); // []
 * ```
 */
export const binaryCrossEntropyWithLogits = (x: Tensor, target: Tensor, options: BinaryLogitsOptions = {}): Tensor =>
  pointwise("binaryCrossEntropyWithLogits", [x, target], options.reduction ?? "mean", () =>
    weighted(logitsLoss(x, target, options.posWeight), options.weight),
  );

/** The balance and the focusing of a focal loss of yes and no. */
export interface SigmoidFocalOptions extends ReductionOptions {
  /** Weight of a yes, 1 − alpha that of a no; below 0 both are 1. Default 0.25. */
  readonly alpha?: number;
  /** Default 2. */
  readonly gamma?: number;
}

/**
 * The focal loss of yes and no (Lin et al. 2017; torchvision.ops.sigmoid_focal_loss): logits and targets of one shape ->
 * that shape, or a scalar with a reduction, which is "none" unless said otherwise, as there.
 */
export function sigmoidFocalLoss(x: Tensor, target: Tensor, options: SigmoidFocalOptions = {}): Tensor {
  const { alpha = 0.25, gamma = 2, reduction = "none" } = options;
  return pointwise("sigmoidFocalLoss", [x, target], reduction, () => {
    const p = F.sigmoid(x);
    const no = F.sub(1, target);
    const lacking = F.sub(1, F.add(F.mul(p, target), F.mul(F.sub(1, p), no)));
    const losses = focus(logitsLoss(x, target), lacking, gamma);
    return alpha < 0 ? losses : F.mul(losses, F.add(F.mul(target, alpha), F.mul(no, 1 - alpha)));
  });
}

/** How a divergence is given its target, and how it is summed. */
export interface KlDivOptions {
  /** "batchmean" divides the sum by the first axis: the divergence itself. Default "mean", over all elements, as torch has it. */
  readonly reduction?: Reduction | "batchmean";
  /** The target too is logarithms. Default false. */
  readonly logTarget?: boolean;
}

/**
 * target · (log target − x) of logarithms of probabilities x (torch.nn.functional.kl_div), equal shapes -> scalar, or that
 * shape without a reduction; 0 where the target is 0.
 */
export function klDiv(x: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor {
  const { reduction = "mean", logTarget = false } = options;
  expectReduction("klDiv", reduction, ["batchmean"]);
  const divergence = (): Tensor => {
    if (logTarget) return F.mul(F.exp(target), F.sub(target, x));
    // the logarithm of 0 never enters: 0 · −∞ is NaN
    const positive = F.where(F.equal(target, 0), 1, target);
    return F.sub(F.mul(target, F.log(positive)), F.mul(target, x));
  };
  if (reduction !== "batchmean") return pointwise("klDiv", [x, target], reduction, divergence);
  const rows = x.shape[0] ?? 1;
  return pointwise("klDiv", [x, target], "sum", () => F.div(divergence(), rows));
}
