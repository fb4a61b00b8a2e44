/**
 * Top-k accuracy and cross-entropy of logits, on the host.
 */
import type { TypedArray } from "../../tensor/dtype.js";
import { areFinite } from "../../tensor/finite.js";

/**
 * How many rows of logits [n, classes] have their label among the k largest. A tie counts against the label, so that
 * constant logits score nothing; so does a row with NaN or an infinity in it.
 */
export function countTopK(logits: TypedArray, labels: ArrayLike<number>, k: number): number {
  const classes = logits.length / labels.length;
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    if (!areFinite(row)) continue;
    const score = row[labels[i]!]!;
    let notWorse = 0;
    for (let c = 0; c < classes && notWorse < k; c++) if (c !== labels[i] && !(row[c]! < score)) notWorse++;
    if (notWorse < k) right++;
  }
  return right;
}

/** Losses are rounded to multiples of this, nats: float64 adds up to 2^25 of them without rounding, in any order. */
const LOSS_GRID = 2 ** -28;

/** Sum over rows of logits [n, classes] of -log softmax at the label, each on the grid: the same in whatever parts it is summed. */
export function sumCrossEntropy(logits: TypedArray, labels: ArrayLike<number>): number {
  const classes = logits.length / labels.length;
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    let largest = Number.NEGATIVE_INFINITY;
    for (const value of row) largest = Math.max(largest, value);
    let exponentials = 0;
    for (const value of row) exponentials += Math.exp(value - largest);
    const loss = largest - row[labels[i]!]! + Math.log(exponentials);
    sum += Math.round(loss / LOSS_GRID) * LOSS_GRID;
  }
  return sum;
}
