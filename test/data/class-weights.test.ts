import { expect, test } from "vitest";
import { classWeights, countClasses } from "../../src/data/class-weights.js";
import { readFixture } from "./fixtures.js";

const { rows } = JSON.parse(Buffer.from(readFixture("class-weights.json")).toString()) as {
  readonly rows: readonly { readonly counts: number[]; readonly weights: number[] }[];
};

test("balanced weights are scikit-learn's", () => {
  expect(rows.length).toBe(15);
  for (const { counts, weights } of rows) {
    const own = classWeights(counts);
    for (const [i, weight] of weights.entries()) expect(Math.abs(own[i]! / weight - 1)).toBeLessThan(1e-15);
  }
});

test("an empty class has none, and the others those that they would have without it", () => {
  expect(classWeights([4, 0, 12])).toEqual([2, 0, 16 / 24]);
});

test("effective numbers lie between no weights and balanced ones, and add up to the classes", () => {
  const counts = [10, 100, 0, 1000];
  const sum = (weights: readonly number[]) => weights.reduce((a, b) => a + b);
  for (const beta of [0, 0.9, 0.999, 0.99999]) expect(sum(classWeights(counts, { beta }))).toBeCloseTo(3, 12);
  expect(classWeights(counts, { beta: 0 })).toEqual([1, 1, 0, 1]);
  const ratio = (weights: readonly number[]) => weights[0]! / weights[3]!;
  // (1 - 0.999^1000) / (1 - 0.999^10)
  expect(ratio(classWeights(counts, { beta: 0.999 }))).toBeCloseTo(63.5, 1);
  expect(ratio(classWeights(counts, { beta: 0.9999999 }))).toBeCloseTo(ratio(classWeights(counts)), 1);
});

test("what is no count is refused", () => {
  for (const counts of [[], [0, 0], [1.5], [-1, 2]]) expect(() => classWeights(counts)).toThrow(/classWeights: counts/);
  expect(() => classWeights([1], { beta: 1 })).toThrow(/beta 1, expected/);
});

test("labels are counted", () => {
  expect(countClasses([{ label: 2 }, { label: 0 }, { label: 2 }], 4)).toEqual([1, 0, 2, 0]);
});
