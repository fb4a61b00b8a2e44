/**
 * Losses over classes: cross-entropy of logits, the same of logarithms of probabilities, and the focal loss. Classes are
 * the last axis, so that logits of images are [N, H, W, K]. Smoothing has both of mmpretrain's definitions (LabelSmoothLoss;
 * docs/recipe.md 3.2); "original" (Szegedy et al. 2016) equals torch's label_smoothing. Labels may be probabilities of all classes.
 */
import * as F from "../ops/functional/index.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError, UsageError } from "../util/errors.js";
import { checkClasses, checkWeight } from "./class-labels.js";
import { expectReduction, type ReductionOptions, reduce } from "./reduction.js";
import { effectiveSmoothing, isSoft, type SmoothingMode, smoothed } from "./soft-targets.js";

/** What losses over classes take. */
export interface ClassLossOptions extends ReductionOptions {
  /** A weight for each class, [K]; "mean" divides by the sum of the labels' weights. */
  readonly weight?: Tensor | null;
  /** Positions with this label count for nothing. Default: none, where torch has −100; NaN where all are left out of a mean. */
  readonly ignoreIndex?: number | undefined;
}

/** Label smoothing and its definition, weights of classes, labels left out. */
export interface CrossEntropyOptions extends ClassLossOptions {
  /** ε in [0, 1). Default 0. */
  readonly labelSmoothing?: number;
  /** "original": (1−ε)·onehot + ε/K. "classyVision": (onehot + ε/K) / (1+ε). Default "original". */
  readonly mode?: SmoothingMode;
}

/**
 * −Σ target · logSoftmax(logits) over the classes: logits [..., K], labels [...] of integers in 0 … K−1, or the probabilities of all
 * classes [..., K] -> scalar, or [...] without a reduction (torch.nn.functional.cross_entropy, whose classes are axis 1).
 * Throws ShapeError or DTypeError where they do not fit, and for a label outside where the backend reads synchronously.
 *
 * @example
 * ```ts
 * const logits = randn([4, 10], { requiresGrad: true });
 * const loss = nn.crossEntropy(logits, tensor(Int32Array.of(3, 1, 4, 1)), { labelSmoothing: 0.1 });
 * loss.backward();
 * console.log(logits.grad?.shape); // [4, 10]
 * ```
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { labelSmoothing = 0, mode = "original", weight = null, ignoreIndex, reduction = "mean" } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new ShapeError(`crossEntropy: labelSmoothing is ${labelSmoothing}, expected at least 0 and below 1`);
  expectReduction("crossEntropy", reduction);
  const epsilon = effectiveSmoothing(mode, labelSmoothing);
  if (isSoft(logits, target)) {
    expectNoIgnored("crossEntropy", ignoreIndex);
    return softCrossEntropy(logits, target, epsilon, { weight, reduction });
  }
  checkClasses("crossEntropy", logits, target, ignoreIndex);
  if (logits.rank === 2 && target.dtype === "int32" && !weight && ignoreIndex === undefined && reduction === "mean")
    return meanCrossEntropy(logits, target, epsilon);
  return scope(() =>
    lossOfLogs("crossEntropy", F.logSoftmax(logits), target, { weight, ignoreIndex, reduction }, epsilon),
  );
}

function expectNoIgnored(where: string, ignoreIndex: number | undefined): void {
  if (ignoreIndex === undefined) return;
  throw new UsageError(`${where}: ignoreIndex with probabilities, expected labels`, "leave rows out by a weight");
}

/** Of every training step: [N, K], [N] -> scalar. */
function meanCrossEntropy(logits: Tensor, labels: Tensor, epsilon: number): Tensor {
  const classes = logits.shape[1]!;
  return scope(() => {
    const hard = F.oneHot(labels, classes, logits.dtype);
    const logs = F.logSoftmax(logits);
    // selected: a logit of −∞ elsewhere has a logarithm of −∞, and 0 · −∞ is NaN
    if (epsilon === 0) return F.mean(F.sum(F.where(hard, F.neg(logs), 0), -1));
    return F.neg(F.mean(F.sum(F.mul(logs, smoothed(hard, epsilon)), -1)));
  });
}

function softCrossEntropy(
  logits: Tensor,
  target: Tensor,
  epsilon: number,
  { weight, reduction = "mean" }: ClassLossOptions,
): Tensor {
  const classes = logits.shape.at(-1)!;
  if (weight) checkWeight("crossEntropy", weight, classes);
  return scope(() => {
    const terms = F.mul(F.logSoftmax(logits), smoothed(target, epsilon));
    return reduce(F.neg(F.sum(weight ? F.mul(terms, weight) : terms, -1)), reduction);
  });
}

/** The labels with what they are left out by; a label that is left out stands at class 0 meanwhile. */
interface Picked {
  /** −log of the label's probability, 0 where it is left out: [...]. */
  readonly losses: Tensor;
  /** Of each label, 0 where it is left out; null where all are 1. */
  readonly weights: Tensor | null;
  /** 1 where a label counts; null where all do. */
  readonly counts: Tensor | null;
}

/** logs [..., K], labels [...]. */
function pick(logs: Tensor, labels: Tensor, { weight, ignoreIndex }: ClassLossOptions): Picked {
  const classes = logs.shape.at(-1)!;
  const counts = ignoreIndex === undefined ? null : F.cast(F.notEqual(labels, ignoreIndex), logs.dtype);
  const known = F.cast(counts ? F.where(counts, labels, 0) : labels, "int32");
  const hard = F.oneHot(known, classes, logs.dtype);
  const ownOf = (values: Tensor) => F.sum(F.where(hard, values, 0), -1);
  const masked = (values: Tensor) => (counts ? F.where(counts, values, 0) : values);
  const weights = weight ? masked(ownOf(F.broadcastTo(F.cast(weight, logs.dtype), logs.shape))) : counts;
  return { losses: masked(ownOf(F.neg(logs))), weights, counts };
}

/** The loss of logarithms of probabilities [..., K], smoothed by `epsilon`. */
function lossOfLogs(where: string, logs: Tensor, labels: Tensor, options: ClassLossOptions, epsilon = 0): Tensor {
  const { weight, reduction = "mean" } = options;
  const classes = logs.shape.at(-1)!;
  if (weight) checkWeight(where, weight, classes);
  const { losses: own, weights, counts } = pick(logs, labels, options);
  let losses = weight ? F.mul(own, weights!) : own;
  if (epsilon > 0) {
    const all = F.neg(F.sum(weight ? F.mul(logs, weight) : logs, -1));
    const even = F.mul(counts ? F.where(counts, all, 0) : all, epsilon / classes);
    losses = F.add(F.mul(losses, 1 - epsilon), even);
  }
  if (reduction !== "mean" || !weights) return reduce(losses, reduction);
  return F.div(F.sum(losses), F.sum(weights));
}

/**
 * −log of the labels' probabilities (torch.nn.functional.nll_loss): logarithms of probabilities [..., K], labels [...] of
 * integers -> scalar, or [...] without a reduction. Throws as crossEntropy does.
 *
 * @example
 * ```ts
 * const logs = randn([4, 10]).logSoftmax();
 * console.log(nn.nllLoss(logs, tensor(Int32Array.of(3, 1, 4, 1))).shape); // []
 * ```
 */
export function nllLoss(logProbabilities: Tensor, labels: Tensor, options: ClassLossOptions = {}): Tensor {
  expectReduction("nllLoss", options.reduction ?? "mean");
  checkClasses("nllLoss", logProbabilities, labels, options.ignoreIndex);
  return scope(() => lossOfLogs("nllLoss", logProbabilities, labels, options));
}

/** The focusing of a focal loss, weights of classes, labels left out. */
export interface FocalLossOptions extends ClassLossOptions {
  /** Power of what the label's probability lacks of 1. Default 2. */
  readonly gamma?: number;
}

/**
 * −(1 − p)^γ · log p of the labels' probabilities p (Lin et al. 2017, equation 4, over K classes): logits [..., K], labels [...], or
 * the probabilities of all classes [..., K], by which the terms of the classes are weighed -> scalar, or [...] without a reduction. The
 * mean divides by the number of labels that count. Throws as crossEntropy does.
 */
export function focalLoss(logits: Tensor, labels: Tensor, options: FocalLossOptions = {}): Tensor {
  const { gamma = 2, weight, reduction = "mean" } = options;
  if (!(gamma >= 0)) throw new UsageError(`focalLoss: gamma is ${gamma}, expected at least 0`);
  expectReduction("focalLoss", reduction);
  if (isSoft(logits, labels)) return softFocalLoss(logits, labels, { ...options, gamma });
  checkClasses("focalLoss", logits, labels, options.ignoreIndex);
  if (weight) checkWeight("focalLoss", weight, logits.shape.at(-1)!);
  return scope(() => {
    const { losses: own, weights, counts } = pick(F.logSoftmax(logits), labels, options);
    const focused = focus(own, F.sub(1, F.exp(F.neg(own))), gamma);
    const losses = weight ? F.mul(focused, weights!) : focused;
    return reduction === "mean" && counts ? F.div(F.sum(losses), F.sum(counts)) : reduce(losses, reduction);
  });
}

function softFocalLoss(logits: Tensor, target: Tensor, options: FocalLossOptions & { readonly gamma: number }): Tensor {
  const { gamma, weight, ignoreIndex, reduction = "mean" } = options;
  expectNoIgnored("focalLoss", ignoreIndex);
  if (weight) checkWeight("focalLoss", weight, logits.shape.at(-1)!);
  return scope(() => {
    const logs = F.logSoftmax(logits);
    const terms = F.mul(focus(F.neg(logs), F.sub(1, F.exp(logs)), gamma), target);
    return reduce(F.sum(weight ? F.mul(terms, weight) : terms, -1), reduction);
  });
}

/** losses · lacking^γ; γ of 0 and 2 without a power, whose gradient at 0 is none. */
export function focus(losses: Tensor, lacking: Tensor, gamma: number): Tensor {
  if (gamma === 0) return losses;
  return F.mul(losses, gamma === 2 ? F.square(lacking) : F.pow(lacking, gamma));
}
