/**
 * What a model says of each picture of a data set: its likeliest classes, and which mistakes it was surest of.
 */
import type { TypedArray } from "../../tensor/dtype.js";

/** A class by its place among the logits. */
export interface ScoredClass {
  readonly index: number;
  /** Softmax of the logits, 0 to 1. */
  readonly score: number;
}

/** The answer for one picture of a data set. */
export interface Prediction {
  /** Its place in the data set. */
  readonly picture: number;
  readonly label: number;
  /** The likeliest class; a tie counts against the label, as in top-1. */
  readonly predicted: number;
  /** Of the likeliest class, 0 to 1. */
  readonly score: number;
  /** Of the label, 0 to 1. */
  readonly labelScore: number;
  /** The likeliest classes, the likeliest first: five, or all where there are fewer. */
  readonly top: readonly ScoredClass[];
}

/** Classes that a prediction keeps. */
export const KEPT_CLASSES = 5;

/** Softmax of one row of logits, in float64. */
export function softmaxOf(logits: ArrayLike<number | bigint>): Float64Array {
  const values = Float64Array.from(logits as ArrayLike<number>, Number);
  const largest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] = Math.exp(values[i]! - largest);
  return values.map((value) => value / total);
}

/**
 * The classes of the `count` largest logits, the largest first, equal ones in their order with `label` behind the others: the
 * first is the label where countTopK counts it.
 */
export function largestOf(logits: TypedArray, label: number, count: number): number[] {
  const isBefore = (a: number, b: number): boolean => {
    const [left, right] = [logits[a]!, logits[b]!];
    if (left !== right) return left > right;
    if (a === label || b === label) return b === label;
    return a < b;
  };
  const kept: number[] = [];
  for (let c = 0; c < logits.length; c++) {
    if (kept.length === count && !isBefore(c, kept[count - 1]!)) continue;
    let at = Math.min(kept.length, count - 1);
    while (at > 0 && isBefore(c, kept[at - 1]!)) {
      kept[at] = kept[at - 1]!;
      at--;
    }
    kept[at] = c;
  }
  return kept;
}

/** The answer that a row of finite logits gives. */
export function predictionOf(logits: TypedArray, label: number, picture: number): Prediction {
  const scores = softmaxOf(logits);
  const top = largestOf(logits, label, Math.min(KEPT_CLASSES, logits.length)).map((index) => ({
    index,
    score: scores[index]!,
  }));
  const [{ index: predicted, score }] = top as [ScoredClass];
  return { picture, label, predicted, score, labelScore: scores[label]!, top };
}

/** The `count` mistakes with the highest scores, the surest first, equal ones in the order of the data set. */
export function mostConfidentMistakes(predictions: readonly Prediction[], count: number): Prediction[] {
  return predictions
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.score - a.score || a.picture - b.picture)
    .slice(0, count);
}
