/** What [Watch] computes of curves before they are drawn, and how it calls runs. */
import { describe, expect, it } from "vitest";
import type { RunEntry } from "../../src/studio-server/run-entry.js";
import { legendOf, shortPaths, shownNumber } from "../../studio/watch/names.js";
import { gridOf, moved, onGrid, smoothed, stretchOf } from "../../studio/watch/numbers.js";

describe("smoothing", () => {
  it("keeps constants to the last bit, at every share", () => {
    for (const share of [0.1, 0.6, 0.99]) expect(smoothed(Array(500).fill(0.1), share)).toEqual(Array(500).fill(0.1));
  });

  it("is the bias-corrected exponential mean: by hand for three values", () => {
    const [a, b, c] = smoothed([1, 2, 4], 0.5) as number[];
    expect(a).toBe(1);
    expect(b).toBeCloseTo((0.25 * 1 + 0.5 * 2) / 0.75, 12);
    expect(c).toBeCloseTo((0.125 * 1 + 0.25 * 2 + 0.5 * 4) / 0.875, 12);
  });

  it("keeps gaps, and goes on behind them", () => {
    expect(smoothed([3, null, 3], 0.9)).toEqual([3, null, 3]);
    expect(smoothed([1, 2], 0)).toEqual([1, 2]);
  });
});

describe("the grid", () => {
  const curve = { x: [1, 2, 3, 4], y: [10, 20, null, 40] };

  it("holds means of what falls into a cell, null where nothing does", () => {
    expect(onGrid(curve, [1, 4], 2, false, false)).toEqual([15, 40]);
    expect(onGrid(curve, [1, 4], 3, false, false)).toEqual([10, 20, 40]);
  });

  it("leaves out what a logarithm does not have", () => {
    expect(onGrid({ x: [1, 2], y: [-1, 2] }, [1, 2], 2, false, true)).toEqual([null, 2]);
    expect(stretchOf([{ x: [0, 5, 50], y: [1, 1, 1] }], true)).toEqual([5, 50]);
    expect(stretchOf([], false)).toBe(null);
  });

  it("has its cells in equal parts of the logarithm", () => {
    const [a, b] = gridOf([1, 100], 2, true) as [number, number];
    expect(a).toBeCloseTo(10 ** 0.5, 9);
    expect(b).toBeCloseTo(10 ** 1.5, 9);
  });
});

describe("the part that is shown", () => {
  it("halves about its middle, moves within the whole, and is the whole again when doubled", () => {
    expect(moved([0, 100], [0, 100], 0, 0.5, false)).toEqual([25, 75]);
    expect(moved([25, 75], [0, 100], 2, 1, false)).toEqual([50, 100]);
    expect(moved([25, 75], [0, 100], 0, 2, false)).toBe(null);
    const near = moved([1, 1000], [1, 1000], 0, 0.5, true)!;
    expect(near[0]).toBeCloseTo(1000 ** 0.25, 9);
    expect(moved(near, [1, 1000], 0, 2, true)).toBe(null);
  });
});

describe("names", () => {
  it("are the last part of a path, or as many as tell it from the others", () => {
    const short = shortPaths(["optimizer.lr", "head.lr", "run.seed"]);
    expect([...short.values()]).toEqual(["optimizer.lr", "head.lr", "seed"]);
  });

  it("say what differs, and not where a run lies", () => {
    const entry = { id: "a", options: { "optimizer.lr": 0.1, "run.data": "x" } } as unknown as RunEntry;
    const differing = ["run.data", "optimizer.lr", "run.seed"];
    expect(legendOf(entry, differing, shortPaths(differing))).toBe("a · lr 0.1 · seed –");
  });

  it("round numbers to four digits", () => {
    expect([0, 1.23456, 1234567, 0.000012345, null].map(shownNumber)).toEqual([
      "0",
      "1.235",
      "1.235e+6",
      "1.234e-5",
      "–",
    ]);
  });
});
