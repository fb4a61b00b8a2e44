/**
 * The losses that a recipe can choose, each over labels or probabilities of all classes. Their mean is torch's: over pictures for
 * those over classes, over pictures and classes for those of a yes or no, as timm's and mmpretrain's.
 */
import type { LossChoice, LossKind } from "../../models/recipe-choices.js";
import { crossEntropy, focalLoss } from "../../nn/loss.js";
import { binaryCrossEntropyWithLogits, sigmoidFocalLoss } from "../../nn/pointwise-losses.js";
import { effectiveSmoothing, smoothed, softened } from "../../nn/soft-targets.js";
import * as F from "../../ops/functional/index.js";
import type { Tensor } from "../../tensor/tensor.js";

/** logits [N, K], labels [N] or probabilities [N, K], a weight for each class [K] -> scalar. */
type RecipeLoss = (logits: Tensor, target: Tensor, choice: LossChoice, weight: Tensor | null) => Tensor;

/** Probabilities of all classes, smoothed as the recipe says. */
const smoothedTarget = (logits: Tensor, target: Tensor, { labelSmoothing, mode }: LossChoice): Tensor =>
  smoothed(softened(target, logits), effectiveSmoothing(mode, labelSmoothing));

const losses: { readonly [K in LossKind]: RecipeLoss } = {
  "cross-entropy": (logits, target, { labelSmoothing, mode }, weight) =>
    crossEntropy(logits, target, { labelSmoothing, mode, weight }),
  focal(logits, target, choice, weight) {
    const { gamma, labelSmoothing } = choice;
    const wanted = labelSmoothing === 0 ? target : smoothedTarget(logits, target, choice);
    return focalLoss(logits, wanted, { weight, ...(gamma === undefined ? {} : { gamma }) });
  },
  "sigmoid-focal"(logits, target, choice, weight) {
    const { gamma, alpha } = choice;
    const options = { ...(gamma === undefined ? {} : { gamma }), ...(alpha === undefined ? {} : { alpha }) };
    const each = sigmoidFocalLoss(logits, smoothedTarget(logits, target, choice), options);
    return F.mean(weight ? F.mul(each, weight) : each);
  },
  bce: (logits, target, choice, weight) =>
    binaryCrossEntropyWithLogits(logits, smoothedTarget(logits, target, choice), { weight }),
};

/** The loss of a batch as the recipe has it. */
export const recipeLoss: RecipeLoss = (logits, target, choice, weight) =>
  losses[choice.kind ?? "cross-entropy"](logits, target, choice, weight);
