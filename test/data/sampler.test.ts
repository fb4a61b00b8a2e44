import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { randomPermutation } from "../../src/data/random.js";
import { EpochSampler } from "../../src/data/reading/sampler.js";
import { readFixture } from "./fixtures.js";

describe("order", () => {
  test("is the torch permutation of seed + epoch", () => {
    const sampler = new EpochSampler({ length: 10, seed: 40, shuffle: true });
    expect(sampler.order(2)).toEqual(randomPermutation(10, 42));
    expect([...sampler.order(2)]).toEqual([2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
    expect(sampler.order(3)).not.toEqual(sampler.order(2));
  });

  test("is sequential without shuffle", () => {
    expect([...new EpochSampler({ length: 4 }).order(7)]).toEqual([0, 1, 2, 3]);
  });

  test("deals positions to ranks in turn, repeating from the start to divide evenly", () => {
    const slices = [0, 1, 2, 3].map(
      (rank) => new EpochSampler({ length: 10, seed: 1, shuffle: true, replicas: 4, rank }),
    );
    // seed 1: 5 6 1 2 0 8 9 3 7 4, then 5 6 again
    expect(slices.map((s) => [...s.order(0)])).toEqual([
      [5, 0, 7],
      [6, 8, 4],
      [1, 9, 5],
      [2, 3, 6],
    ]);
    expect(slices.map((s) => s.globalPosition(2))).toEqual([8, 9, 10, 11]);
    expect(new EpochSampler({ length: 1_281_167, replicas: 8 }).samplesPerEpoch * 8).toBe(1_281_168);
  });

  test("also for sets smaller than the number of replicas", () => {
    expect([...new EpochSampler({ length: 2, replicas: 8, rank: 5 }).order(0)]).toEqual([1]);
  });
});

interface Golden {
  length: number;
  seed: number;
  epoch: number;
  shuffle: boolean;
  replicas: number;
  rank: number;
  pad: boolean;
  count: number;
  order: number[] | null;
  sha256: string;
}
const golden = JSON.parse(new TextDecoder().decode(readFixture("sampler.json"))) as Golden[];

describe("order by torch and mmengine's DefaultSampler", () => {
  test.each(
    golden,
  )("$length samples, seed $seed, epoch $epoch, rank $rank of $replicas, shuffle $shuffle, pad $pad", (row) => {
    const order = new EpochSampler(row).order(row.epoch);
    if (row.order !== null) expect([...order]).toEqual(row.order);
    expect(order.length).toBe(row.count);
    expect(createHash("sha256").update(order).digest("hex")).toBe(row.sha256);
  });
});

describe("order without padding", () => {
  test.each([
    [10, 4],
    [50_000, 7],
    [3, 8],
    [8, 8],
    [1, 1],
  ])("deals %i samples to %i ranks, each sample once", (length, replicas) => {
    for (const shuffle of [false, true]) {
      const whole = [...new EpochSampler({ length, seed: 2, shuffle }).order(1)];
      const ranks = Array.from(
        { length: replicas },
        (_, rank) => new EpochSampler({ length, seed: 2, shuffle, replicas, rank, pad: false }),
      );
      const dealt: number[] = [];
      for (const sampler of ranks) {
        const order = sampler.order(1);
        expect(order.length).toBe(sampler.samplesPerEpoch);
        order.forEach((index, i) => {
          dealt[sampler.globalPosition(i)] = index;
        });
      }
      expect(dealt).toEqual(whole);
      expect(ranks.reduce((sum, { samplesPerEpoch }) => sum + samplesPerEpoch, 0)).toBe(length);
    }
  });

  test("gives the first ranks one more, as mmengine's slices before they are padded", () => {
    const counts = [0, 1, 2, 3].map((rank) => new EpochSampler({ length: 10, replicas: 4, rank, pad: false }));
    expect(counts.map((s) => [...s.order(0)])).toEqual([
      [0, 4, 8],
      [1, 5, 9],
      [2, 6],
      [3, 7],
    ]);
  });
});

test("refuses nothing to sample and impossible ranks", () => {
  expect(() => new EpochSampler({ length: 0 })).toThrow(/0 samples/);
  expect(() => new EpochSampler({ length: 3, replicas: 2, rank: 2 })).toThrow(/rank 2 of 2/);
});
