/**
 * Top-k accuracy of logits, on the host.
 */
import type { TypedArray } from "../tensor/dtype.js";

/**
 * How many rows of logits [n, classes] have their label among the k largest. A tie counts against the label, so that
 * constant logits score nothing.
 */
export function countTopK(logits: TypedArray, labels: ArrayLike<number>, k: number): number {
  const classes = logits.length / labels.length;
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    const score = logits[i * classes + labels[i]!]!;
    let notWorse = 0;
    for (let c = 0; c < classes && notWorse < k; c++)
      if (c !== labels[i] && !(logits[i * classes + c]! < score)) notWorse++;
    if (notWorse < k) right++;
  }
  return right;
}
