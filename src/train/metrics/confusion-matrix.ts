/**
 * Which class was taken for which, as counts. Everything else that is said of the answers of a classifier, class by class, follows
 * from it. Counts of parts of a data set add up to those of the whole.
 */
import { IndexError } from "../../util/errors.js";

/** Pictures by label and predicted class. */
export interface ConfusionMatrix {
  readonly numClasses: number;
  /** Row by row, [numClasses, numClasses]: at `label * numClasses + predicted` the pictures of `label` taken for `predicted`. */
  readonly counts: Float64Array;
}

/** A matrix of zeros. */
export const emptyMatrix = (numClasses: number): ConfusionMatrix => ({
  numClasses,
  counts: new Float64Array(numClasses * numClasses),
});

/**
 * Counts pairs of label and predicted class, [N] and [N] -> [numClasses, numClasses], rows by label as
 * sklearn.metrics.confusion_matrix. Throws IndexError for lists of two lengths, and for classes outside 0 to numClasses - 1.
 *
 * @example
 * ```ts
 * const matrix = confusionMatrix([0, 0, 1, 2], [0, 1, 1, 1], 3);
 * console.log([...matrix.counts]); // [1, 1, 0, 0, 1, 0, 0, 1, 0]
 * ```
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  numClasses: number,
): ConfusionMatrix {
  if (labels.length !== predictions.length)
    throw new IndexError(
      `confusionMatrix: ${labels.length} labels and ${predictions.length} predictions, expected as many of both`,
    );
  const matrix = emptyMatrix(numClasses);
  const isClass = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < numClasses;
  for (let i = 0; i < labels.length; i++) {
    const [label, predicted] = [labels[i]!, predictions[i]!];
    if (!isClass(label) || !isClass(predicted))
      throw new IndexError(
        `confusionMatrix: label ${label} and prediction ${predicted} at ${i}, expected classes from 0 to ${numClasses - 1}`,
      );
    matrix.counts[label * numClasses + predicted]!++;
  }
  return matrix;
}

/** A class taken for another one. */
export interface Confusion {
  readonly label: number;
  readonly predicted: number;
  readonly count: number;
}

/** The `count` most frequent mistakes, the most frequent first, equal ones by label and predicted class. */
export function mostFrequentConfusions({ numClasses, counts }: ConfusionMatrix, count: number): Confusion[] {
  const found: Confusion[] = [];
  counts.forEach((pictures, at) => {
    const [label, predicted] = [Math.floor(at / numClasses), at % numClasses];
    if (pictures > 0 && label !== predicted) found.push({ label, predicted, count: pictures });
  });
  // stable, and the matrix is read by label and predicted class
  return found.sort((a, b) => b.count - a.count).slice(0, count);
}
