/**
 * Cross-entropy against class indices with label smoothing, both of mmpretrain's definitions (LabelSmoothLoss;
 * docs/recipe.md 3.2). "original" (Szegedy et al. 2016) equals torch's label_smoothing.
 */
import * as F from "../ops/functional/index.js";
import { scope } from "../tensor/scope.js";
import { showShape } from "../tensor/shape.js";
import { storageTracer } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { DTypeError, ShapeError } from "../util/errors.js";

/** Label smoothing and its definition. */
export interface CrossEntropyOptions {
  /** ε in [0, 1). Default 0. */
  readonly labelSmoothing?: number;
  /** "original": (1−ε)·onehot + ε/K. "classyVision": (onehot + ε/K) / (1+ε). Default "original". */
  readonly mode?: "original" | "classyVision";
}

/** The ε of "original" that each mode amounts to. */
const effectiveSmoothing = {
  original: (epsilon: number) => epsilon,
  classyVision: (epsilon: number) => epsilon / (1 + epsilon),
};

/**
 * Mean over the batch of −Σ target · logSoftmax(logits): logits [N, K], labels int32 [N] in 0 … K−1 -> scalar.
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
export function crossEntropy(logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { labelSmoothing = 0, mode = "original" } = options;
  checkOperands(logits, labels);
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new ShapeError(`crossEntropy: labelSmoothing is ${labelSmoothing}, expected at least 0 and below 1`);
  const classes = logits.shape[1]!;
  const epsilon = effectiveSmoothing[mode](labelSmoothing);
  return scope(() => {
    const hard = F.oneHot(labels, classes, logits.dtype);
    const logs = F.logSoftmax(logits);
    // selected: a logit of −∞ elsewhere has a logarithm of −∞, and 0 · −∞ is NaN
    if (epsilon === 0) return F.mean(F.sum(F.where(hard, F.neg(logs), 0), -1));
    const target = F.add(F.mul(hard, 1 - epsilon), epsilon / classes);
    return F.neg(F.mean(F.sum(F.mul(logs, target), -1)));
  });
}

function checkOperands(logits: Tensor, labels: Tensor): void {
  if (logits.rank !== 2 || labels.rank !== 1 || logits.shape[0] !== labels.shape[0])
    throw new ShapeError(
      `crossEntropy: logits ${showShape(logits.shape)} and labels ${showShape(labels.shape)}, expected [N, K] and [N]`,
    );
  if (labels.dtype !== "int32")
    throw new DTypeError(
      `crossEntropy: labels are ${labels.dtype}, expected int32 class indices`,
      "tensor(Int32Array.from(labels))",
    );
  // of labels that a compiled function computes, gather's and oneHot's own check speaks
  if (!labels.backend.readSync || storageTracer()?.isKnown(labels.storage) === false) return;
  const classes = logits.shape[1]!;
  const values = labels.dataSync();
  const at = values.findIndex((label) => label < 0 || label >= classes);
  if (at >= 0)
    throw new ShapeError(
      `crossEntropy: label ${values[at]} at position ${at}, but logits ${showShape(logits.shape)} have the classes 0 to ${classes - 1}`,
      `the model needs numClasses of at least ${Math.max(...values) + 1}, or the labels are not counted from 0`,
    );
}
