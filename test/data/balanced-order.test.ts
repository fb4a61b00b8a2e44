/** Balanced epochs: every class equally often, and a function of seed and epoch for any number of replicas. */
import { expect, test } from "vitest";
import { EpochSampler } from "../../src/data/reading/sampler.js";

/** Classes of 50, 7, 1 and 0 pictures, mixed. */
const labels = Array.from({ length: 58 }, (_, i) => (i === 30 ? 4 : i % 8 === 3 ? 1 : 0));
const counts = (order: Iterable<number>) => {
  const found = new Map<number, number>();
  for (const index of order) found.set(labels[index]!, (found.get(labels[index]!) ?? 0) + 1);
  return found;
};
const sampler = (options = {}) => new EpochSampler({ length: 58, seed: 3, balanced: labels, ...options });

test("an epoch has as many pictures as a plain one, rounded up to equal shares of the classes that have any", () => {
  expect(sampler().samplesPerEpoch).toBe(60);
  for (const epoch of [0, 1, 7]) expect([...counts(sampler().order(epoch)).values()]).toEqual([20, 20, 20]);
});

test("pictures of a class come in turn over the epochs: none is left out, none comes once more than another", () => {
  const seen = new Uint32Array(58);
  for (let epoch = 0; epoch < 5; epoch++) for (const index of sampler().order(epoch)) seen[index]!++;
  const of = (label: number) => [...seen].filter((_, i) => labels[i] === label);
  // 100 turns of each class
  for (const label of [0, 1, 4]) {
    const own = of(label);
    expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
    expect(own.reduce((a, b) => a + b)).toBe(100);
  }
});

test("seed and epoch decide, and classes are mixed", () => {
  expect([...sampler().order(2)]).toEqual([...sampler().order(2)]);
  expect([...sampler().order(2)]).not.toEqual([...sampler().order(3)]);
  expect([...sampler().order(2)]).not.toEqual([...sampler({ seed: 4 }).order(2)]);
  const firstHalf = counts([...sampler().order(0)].slice(0, 30));
  for (const count of firstHalf.values()) expect(count).toBeGreaterThan(3);
});

test.each([2, 4, 8])("%i replicas share out the same order", (replicas) => {
  const whole = [...sampler().order(1)];
  const shares = Array.from({ length: replicas }, (_, rank) => [...sampler({ replicas, rank }).order(1)]);
  const merged = Array.from(
    { length: shares[0]!.length * replicas },
    (_, i) => shares[i % replicas]![Math.floor(i / replicas)]!,
  );
  expect(merged.slice(0, 60)).toEqual(whole);
  expect(merged.slice(60)).toEqual(whole.slice(0, merged.length - 60));
});
