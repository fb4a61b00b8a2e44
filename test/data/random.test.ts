import { describe, expect, test } from "vitest";
import { MersenneTwister, randomPermutation, sampleSeed } from "../../src/data/random.js";
import { defaultRatio, sampleCrop } from "../../src/data/transforms/random-resized-crop.js";

describe("torch permutations", () => {
  test.each([
    [0, [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]],
    [1, [5, 6, 1, 2, 0, 8, 9, 3, 7, 4]],
    [42, [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]],
  ])("seed %i", (seed, expected) => {
    expect([...randomPermutation(10, seed)]).toEqual(expected);
  });

  test("is a permutation of any length", () => {
    for (const n of [0, 1, 2, 1000]) {
      expect([...randomPermutation(n, 7)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }
  });
});

describe("numpy legacy draws", () => {
  test("first words and doubles of seed 0", () => {
    const rng = new MersenneTwister(0);
    expect(rng.next32()).toBe(2357136044);
    expect(new MersenneTwister(0).double()).toBeCloseTo(0.5488135039273248, 16);
  });

  test("crops of seed 0, 375 x 500", () => {
    const rng = new MersenneTwister(0);
    const boxes = Array.from({ length: 5 }, () => sampleCrop(rng, 375, 500));
    expect(boxes.map((b) => [b.top, b.left, b.height, b.width])).toEqual([
      [9, 21, 311, 352],
      [12, 58, 302, 269],
      [46, 88, 285, 341],
      [72, 9, 261, 317],
      [5, 79, 370, 343],
    ]);
  });

  test("crops of seed 0, 60 x 500, with the fallback", () => {
    const rng = new MersenneTwister(0);
    const boxes = Array.from({ length: 4 }, () => sampleCrop(rng, 60, 500));
    expect(boxes.map((b) => [b.top, b.left, b.height, b.width])).toEqual([
      [0, 338, 49, 60],
      [0, 210, 60, 80],
      [2, 47, 57, 61],
      [0, 210, 60, 80],
    ]);
  });

  test("the fallback of a tall picture keeps its width", () => {
    const rng = new MersenneTwister(0);
    const box = sampleCrop(rng, 500, 3, [0.5, 1], defaultRatio);
    expect(box).toEqual({ top: 248, left: 0, height: 4, width: 3 });
  });

  test("flips of seed 0", () => {
    const rng = new MersenneTwister(0);
    const flips = Array.from({ length: 8 }, () => rng.double() < 0.5);
    expect(flips).toEqual([false, false, false, false, true, false, true, false]);
  });

  test("randint(1) draws nothing and randint stays in range", () => {
    const rng = new MersenneTwister(5);
    const before = rng.state();
    expect(rng.randint(1)).toBe(0);
    expect(rng.state()).toEqual(before);
    const drawn = Array.from({ length: 500 }, () => rng.randint(10));
    expect([...new Set(drawn)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const far = Array.from({ length: 50 }, () => rng.randint(2 ** 32));
    expect(Math.max(...far)).toBeGreaterThan(2 ** 31);
    expect(Math.max(...far)).toBeLessThan(2 ** 32);
    expect(Math.min(...far)).toBeGreaterThanOrEqual(0);
  });
});

test("a generator continues exactly from its state", () => {
  const rng = new MersenneTwister(123);
  for (let i = 0; i < 700; i++) rng.next32();
  const copy = MersenneTwister.fromState(rng.state());
  for (let i = 0; i < 1300; i++) expect(copy.next32()).toBe(rng.next32());
  expect(() => MersenneTwister.fromState({ words: new Uint32Array(3), position: 0 })).toThrow(/3 words/);
});

test("sample seeds differ between samples, epochs and runs", () => {
  const seeds = [0, 1].flatMap((seed) => [0, 1].flatMap((epoch) => [0, 1, 2].map((i) => sampleSeed(seed, epoch, i))));
  expect(new Set(seeds).size).toBe(seeds.length);
  for (const seed of seeds) expect(seed >>> 0).toBe(seed);
});
