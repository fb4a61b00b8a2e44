/**
 * How much a picture of each class should count, so that rare classes are not drowned: from the numbers of pictures alone. Runs in
 * Node and in a tab.
 */
import { DataError } from "../util/errors.js";

/** How counts become weights. */
export interface ClassWeightOptions {
  /**
   * From 0 to below 1: by the effective number of pictures (1 − beta^n) / (1 − beta) instead of n (Cui et al. 2019, "Class-Balanced
   * Loss Based on Effective Number of Samples", eq. 3), scaled as theirs so that the weights add up to the number of classes.
   */
  readonly beta?: number;
}

/** Pictures of each class: labels in [0, classCount) -> [classCount]. */
export function countClasses(samples: readonly { readonly label: number }[], classCount: number): number[] {
  const counts = new Array<number>(classCount).fill(0);
  for (const { label } of samples) counts[label]!++;
  return counts;
}

/**
 * A weight for each class, [classes] -> [classes]: n / (k · n_c) for n pictures of which n_c have class c, over the k classes that
 * have any (scikit-learn's compute_class_weight("balanced")), so that the mean weight of a picture is 1. A class without pictures
 * gets 0: no label asks for it. Throws DataError for counts that are none, or no picture at all.
 *
 * @example
 * ```ts
 * console.log(classWeights([30, 10, 20])); // [0.666…, 2, 1]
 * ```
 */
export function classWeights(counts: readonly number[], { beta }: ClassWeightOptions = {}): number[] {
  const odd = counts.find((count) => !Number.isInteger(count) || count < 0);
  if (odd !== undefined || !counts.some((count) => count > 0))
    throw new DataError(
      `classWeights: counts [${counts.slice(0, 8).join(", ")}${counts.length > 8 ? ", …" : ""}], expected whole numbers from 0, one of them above 0`,
      "the pictures of each class: countClasses(dataset.samples, dataset.classes.length)",
    );
  if (beta !== undefined && !(beta >= 0 && beta < 1))
    throw new DataError(`classWeights: beta ${beta}, expected a number from 0 to below 1`, "0.99 to 0.9999 are usual");
  const present = counts.filter((count) => count > 0).length;
  if (beta === undefined) {
    const images = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count) => (count === 0 ? 0 : images / (present * count)));
  }
  const raw = counts.map((count) => (count === 0 ? 0 : (1 - beta) / (1 - beta ** count)));
  const scale = present / raw.reduce((sum, weight) => sum + weight, 0);
  return raw.map((weight) => weight * scale);
}
