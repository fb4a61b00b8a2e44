/**
 * Labels as probabilities of all classes, and their smoothing in both of mmpretrain's definitions (LabelSmoothLoss; docs/recipe.md 3.2).
 */
import * as F from "../ops/functional/index.js";
import { type DType, isFloat } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import { sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";

/** "original": (1−ε)·onehot + ε/K (Szegedy et al. 2016). "classyVision": (onehot + ε/K) / (1+ε). */
export type SmoothingMode = "original" | "classyVision";

/** The ε of "original" that each mode amounts to. */
const effective: { readonly [M in SmoothingMode]: (epsilon: number) => number } = {
  original: (epsilon) => epsilon,
  classyVision: (epsilon) => epsilon / (1 + epsilon),
};

/** The ε of "original" that a mode's amounts to. */
export const effectiveSmoothing = (mode: SmoothingMode, epsilon: number): number => effective[mode](epsilon);

/** Whether a target is probabilities of all classes beside these logits, and not labels. */
export const isSoft = (logits: Tensor, target: Tensor): boolean =>
  isFloat(target.dtype) && logits.rank > 0 && sameShape(target.shape, logits.shape);

/** Probabilities [..., K] with `epsilon` of "original" spread evenly over the classes. */
export const smoothed = (probabilities: Tensor, epsilon: number): Tensor =>
  epsilon === 0
    ? probabilities
    : scope(() => F.add(F.mul(probabilities, 1 - epsilon), epsilon / probabilities.shape.at(-1)!));

/** Labels [...] as probabilities [..., K]; what is soft already stays. */
export const softened = (target: Tensor, logits: Tensor, dtype: DType = logits.dtype): Tensor =>
  isSoft(logits, target) ? target : F.oneHot(target, logits.shape.at(-1)!, dtype);
