/**
 * Precision, recall and what follows from them, from a confusion matrix. Definitions are scikit-learn's with zero_division=0
 * (metrics/_classification.py): 0 of 0 counts as 0, and averages are over all classes, also those that never occur.
 */
import { UsageError } from "../../util/errors.js";
import type { ConfusionMatrix } from "./confusion-matrix.js";

/** Shares of a class or an average of classes, 0 to 1. */
export interface Shares {
  /** Of the pictures taken for the class, those that are of it; 0 where none was. */
  readonly precision: number;
  /** Of the pictures of the class, those taken for it; 0 where there is none. */
  readonly recall: number;
  /** Harmonic mean of both, 2 right / (of the class + taken for it); 0 where both counts are 0. */
  readonly f1: number;
}

/** A class with its shares and counts. */
export interface ClassShares extends Shares {
  /** Place among the logits. */
  readonly index: number;
  /** Its name, or its index as text where no names are known. */
  readonly label: string;
  /** Pictures of the class. */
  readonly support: number;
  /** Pictures taken for it. */
  readonly predicted: number;
  /** Pictures of the class that were taken for it. */
  readonly right: number;
}

/** What classificationReport() says. Shares are 0 to 1. */
export interface ClassificationReport {
  /** In the order of the logits. */
  readonly classes: readonly ClassShares[];
  /** Pictures. */
  readonly support: number;
  /** Right answers by pictures; 0 without pictures. */
  readonly accuracy: number;
  /** Mean recall of the classes that have pictures (balanced_accuracy_score); 0 without pictures. */
  readonly balancedAccuracy: number;
  /** Agreement beyond chance, Cohen's kappa, -1 to 1; null where chance alone agrees always (scikit-learn: NaN). */
  readonly cohenKappa: number | null;
  /** Mean over classes. */
  readonly macro: Shares;
  /** Of all pictures together; with one label a picture the three are the accuracy. */
  readonly micro: Shares;
  /** Mean over classes by their pictures. */
  readonly weighted: Shares;
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

/** `weights` sum up to the divisor; all zero gives zeros. */
function mean(classes: readonly Shares[], weights: readonly number[]): Shares {
  const whole = sum(weights);
  const of = (key: keyof Shares): number => share(sum(classes.map((one, i) => one[key] * weights[i]!)), whole);
  return { precision: of("precision"), recall: of("recall"), f1: of("f1") };
}

/** Cohen 1960: (agreement - chance) / (1 - chance), where both sides draw classes by their own counts. */
function kappa(rows: readonly number[], columns: readonly number[], right: number): number | null {
  const total = sum(rows);
  // in pictures, so that equal counts compare as equal
  const byChance = sum(rows.map((row, c) => row * columns[c]!)) / total;
  if (total === 0 || byChance === total) return null;
  return (right - byChance) / (total - byChance);
}

/**
 * Precision, recall, F1 and support of every class, their macro, micro and weighted averages, accuracy, balanced accuracy and
 * Cohen's kappa, as scikit-learn gives them with zero_division=0. `names` are in the order of the matrix. Throws UsageError for
 * another number of names than of classes.
 *
 * @example
 * ```ts
 * const matrix = confusionMatrix([0, 0, 1, 2], [0, 1, 1, 1], 3);
 * const { classes, macro } = classificationReport(matrix, ["ant", "bee", "cow"]);
 * console.log(classes[1]); // { index: 1, label: "bee", precision: 0.333…, recall: 1, f1: 0.5, support: 1, … }
 * console.log(macro.recall); // 0.5
 * ```
 */
export function classificationReport(
  { numClasses, counts }: ConfusionMatrix,
  names?: readonly string[] | null,
): ClassificationReport {
  if (names && names.length !== numClasses)
    throw new UsageError(`classificationReport: ${names.length} names, expected one for each of ${numClasses} classes`);
  const all = Array.from({ length: numClasses }, (_, index) => index);
  const rows = all.map((label) => sum(counts.subarray(label * numClasses, (label + 1) * numClasses)));
  const columns = all.map((predicted) => sum(all.map((label) => counts[label * numClasses + predicted]!)));
  const classes = all.map((index): ClassShares => {
    const [support, predicted, right] = [rows[index]!, columns[index]!, counts[index * (numClasses + 1)]!];
    return {
      index,
      label: names?.[index] ?? String(index),
      precision: share(right, predicted),
      recall: share(right, support),
      f1: share(2 * right, support + predicted),
      support,
      predicted,
      right,
    };
  });
  const support = sum(rows);
  const right = sum(classes.map((one) => one.right));
  const accuracy = share(right, support);
  return {
    classes,
    support,
    accuracy,
    balancedAccuracy: mean(
      classes,
      rows.map((row) => Math.sign(row)),
    ).recall,
    cohenKappa: kappa(rows, columns, right),
    macro: mean(
      classes,
      classes.map(() => 1),
    ),
    micro: { precision: accuracy, recall: accuracy, f1: accuracy },
    weighted: mean(classes, rows),
  };
}
