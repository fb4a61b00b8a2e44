/**
 * Confusion matrices and reports against scikit-learn (test/golden/metrics/make-metrics.py), and the answers that they count.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { classificationReport, type Shares } from "../../src/train/metrics/classification-report.js";
import { confusionMatrix, mostFrequentConfusions } from "../../src/train/metrics/confusion-matrix.js";
import { largestOf, mostConfidentMistakes, predictionOf } from "../../src/train/metrics/predictions.js";
import { countTopK } from "../../src/train/steps/metrics.js";

interface Table {
  readonly classes: number;
  readonly labels: readonly number[];
  readonly answers: readonly number[];
  readonly matrix: readonly number[];
  readonly precision: readonly number[];
  readonly recall: readonly number[];
  readonly f1: readonly number[];
  readonly support: readonly number[];
  readonly accuracy: number;
  readonly balancedAccuracy: number;
  readonly cohenKappa: number | null;
  readonly macro: Shares;
  readonly micro: Shares;
  readonly weighted: Shares;
}
const { tables, topK } = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "golden", "metrics", "metrics.json"), "utf8"),
) as {
  readonly tables: readonly Table[];
  readonly topK: {
    readonly scores: readonly (readonly number[])[];
    readonly labels: readonly number[];
    readonly shares: Readonly<Record<string, number>>;
  };
};

/** Both sides divide and add in float64, in another order. */
const DIGITS = 14;
const close = (actual: number, expected: number, what: string) => expect(actual, what).toBeCloseTo(expected, DIGITS);
const KEYS = ["precision", "recall", "f1"] as const;

describe("the report of a confusion matrix", () => {
  it("has twenty tables to be compared on, with classes that one side or both never name", () => {
    expect(tables).toHaveLength(20);
    const missing = ({ classes, labels, answers }: Table) => [
      classes - new Set(labels).size,
      classes - new Set(answers).size,
      classes - new Set([...labels, ...answers]).size,
    ];
    const counts = tables.map(missing);
    for (const side of [0, 1, 2]) expect(counts.filter((one) => one[side]! > 0).length).toBeGreaterThan(4);
  });

  it.each(tables.map((table, i) => [i, table] as const))("equals scikit-learn's: table %i", (_, table) => {
    const matrix = confusionMatrix(table.labels, table.answers, table.classes);
    expect([...matrix.counts]).toEqual(table.matrix);
    const report = classificationReport(matrix);
    expect(report.classes.map(({ support }) => support)).toEqual(table.support);
    expect(report.support).toBe(table.labels.length);
    for (const [c, own] of report.classes.entries())
      for (const key of KEYS) close(own[key], table[key][c]!, `${key} of class ${c}`);
    for (const key of ["accuracy", "balancedAccuracy"] as const) close(report[key], table[key], key);
    for (const kind of ["macro", "micro", "weighted"] as const)
      for (const key of KEYS) close(report[kind][key], table[kind][key], `${kind} ${key}`);
    if (table.cohenKappa === null) expect(report.cohenKappa).toBeNull();
    else close(report.cohenKappa!, table.cohenKappa, "kappa");
  });

  it("names its classes, and refuses another number of names", () => {
    const matrix = confusionMatrix([0, 1], [1, 1], 2);
    expect(classificationReport(matrix, ["cat", "dog"]).classes.map(({ label }) => label)).toEqual(["cat", "dog"]);
    expect(classificationReport(matrix).classes.map(({ label }) => label)).toEqual(["0", "1"]);
    expect(() => classificationReport(matrix, ["cat"])).toThrow(/1 names, expected one for each of 2 classes/);
  });

  it("is zeros, and no NaN, without pictures", () => {
    const report = classificationReport(confusionMatrix([], [], 3));
    expect(report).toMatchObject({ support: 0, accuracy: 0, balancedAccuracy: 0, cohenKappa: null });
    expect(report.macro).toEqual({ precision: 0, recall: 0, f1: 0 });
    expect(report.weighted).toEqual({ precision: 0, recall: 0, f1: 0 });
  });

  it("refuses labels outside the classes and lists of two lengths", () => {
    expect(() => confusionMatrix([0, 3], [0, 0], 3)).toThrow(
      /label 3 and prediction 0 at 1, expected classes from 0 to 2/,
    );
    expect(() => confusionMatrix([0], [0.5], 3)).toThrow(/prediction 0.5/);
    expect(() => confusionMatrix([0, 1], [0], 3)).toThrow(/2 labels and 1 predictions/);
  });

  it("lists the most frequent confusions, equal ones by label", () => {
    const matrix = confusionMatrix([0, 0, 1, 2, 2, 1, 0], [1, 1, 0, 0, 0, 1, 2], 3);
    expect(mostFrequentConfusions(matrix, 3)).toEqual([
      { label: 0, predicted: 1, count: 2 },
      { label: 2, predicted: 0, count: 2 },
      { label: 0, predicted: 2, count: 1 },
    ]);
  });
});

describe("top-k", () => {
  const { scores, labels, shares } = topK;
  const logits = Float64Array.from(scores.flat());

  it.each(Object.entries(shares))("of %s classes equals scikit-learn's", (k, share) => {
    close(countTopK(logits, labels, Number(k)) / labels.length, share, `top-${k}`);
  });

  it("is what the kept classes of the answers say, with ties against the label", () => {
    // few values, so that many are equal
    const rounded = logits.map((value) => Math.round(value / 3));
    let ties = 0;
    labels.forEach((label, i) => {
      const row = rounded.subarray(i * 12, (i + 1) * 12);
      if (row.filter((value) => value === row[label]).length > 1) ties++;
      for (const k of [1, 2, 5, 12]) {
        const kept = largestOf(row, label, k);
        expect(kept).toHaveLength(k);
        expect(kept.includes(label), `picture ${i}, top-${k}`).toBe(countTopK(row, [label], k) === 1);
        const sorted = [...row].sort((a, b) => b - a).slice(0, k);
        expect(kept.map((c) => row[c])).toEqual(sorted);
      }
    });
    expect(ties).toBeGreaterThan(10);
  });
});

describe("predictions", () => {
  it("hold softmax scores of the likeliest classes, and of the label", () => {
    const one = predictionOf(Float32Array.of(1, 3, 2, 0), 0, 7);
    const exponentials = [1, 3, 2, 0].map(Math.exp);
    const scores = exponentials.map((value) => value / exponentials.reduce((a, b) => a + b));
    expect(one).toMatchObject({ picture: 7, label: 0, predicted: 1 });
    expect(one.top.map(({ index }) => index)).toEqual([1, 2, 0, 3]);
    for (const { index, score } of one.top) close(score, scores[index]!, `score of ${index}`);
    close(one.score, scores[1]!, "score");
    close(one.labelScore, scores[0]!, "score of the label");
    expect(
      predictionOf(
        Float32Array.from({ length: 9 }, (_, i) => i),
        0,
        0,
      ).top,
    ).toHaveLength(5);
  });

  it("give the mistakes the model was surest of first, equal ones in order", () => {
    const of = (picture: number, label: number, predicted: number, score: number) =>
      ({ picture, label, predicted, score, labelScore: 0, top: [] }) as const;
    const all = [of(0, 1, 1, 0.99), of(1, 1, 0, 0.6), of(2, 0, 1, 0.9), of(3, 2, 1, 0.6), of(4, 2, 0, 0.95)];
    expect(mostConfidentMistakes(all, 3).map(({ picture }) => picture)).toEqual([4, 2, 1]);
    expect(mostConfidentMistakes(all, 9).map(({ picture }) => picture)).toEqual([4, 2, 1, 3]);
  });
});
