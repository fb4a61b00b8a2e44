/** One stream behind random tensors and initial values: it advances, is reset by manualSeed, and has equal bits everywhere. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  bernoulli,
  compile,
  manualSeed,
  nn,
  Random,
  rand,
  randn,
  ShapeError,
  setBackend,
  tensor,
} from "../../src/index.js";
import { createModel } from "../../src/models/index.js";

beforeAll(async () => void (await setBackend("reference")));
afterAll(async () => void (await setBackend("reference")));

const drawn = (): unknown[] => [
  randn([2, 3]).toArray(),
  rand([4]).toArray(),
  bernoulli([8], 0.25).toArray(),
  randn([3], { dtype: "float64" }).toArray(),
  new nn.Linear(3, 2).weight.toArray(),
];

describe("the one generator", () => {
  it("advances: no two draws are alike", () => {
    manualSeed(1);
    expect(randn([3]).toArray()).not.toEqual(randn([3]).toArray());
    expect(rand([3]).toArray()).not.toEqual(rand([3]).toArray());
  });
  it("is reset by manualSeed, also by nn's, initial values of layers included", () => {
    manualSeed(7);
    const first = drawn();
    nn.manualSeed(7);
    expect(drawn()).toEqual(first);
    manualSeed(8);
    expect(drawn()).not.toEqual(first);
  });
  it("a draw does not depend on the sizes of earlier ones", () => {
    manualSeed(3);
    randn([5]);
    const second = randn([2]).toArray();
    manualSeed(3);
    randn([500]);
    expect(randn([2]).toArray()).toEqual(second);
  });
  it("is left alone by a seed of one's own, which starts afresh, and by a Random, which goes on", () => {
    manualSeed(3);
    const next = randn([2]).toArray();
    manualSeed(3);
    expect(randn([3], { seed: 5 }).toArray()).toEqual(randn([3], { seed: 5 }).toArray());
    const random = new Random(5);
    const [a, b] = [randn([3], { seed: random }), randn([3], { seed: random })];
    expect(a.toArray()).toEqual(randn([3], { seed: 5 }).toArray());
    expect(b.toArray()).not.toEqual(a.toArray());
    expect(randn([2]).toArray()).toEqual(next);
  });
  it("does not touch a model's own seed", () => {
    const of = () => [...createModel("mobileone_s0", { numClasses: 2, seed: 4 }).stateDict().values()][0]!;
    manualSeed(1);
    const first = of().toArray();
    randn([10]);
    expect(of().toArray()).toEqual(first);
  });
});

describe("equal bits", () => {
  const compiled = compile(() => [randn([5]), rand([5]), bernoulli([5], 0.5), randn([2], { dtype: "float64" })]);
  const series = async (): Promise<number[][]> => {
    manualSeed(11);
    const all: number[][] = [];
    for (let i = 0; i < 4; i++) for (const x of compiled()) all.push([...(await x.data())]);
    return all;
  };
  it.each([
    ["wasm", { threads: 1 }],
    ["wasm", { threads: 2 }],
    ["gpu", { mode: "cpu", float64: "as-float32" }],
  ] as const)("on the reference backend and on %s %o, at each call and each replay", async (name, options) => {
    await setBackend("reference");
    const expected = await series();
    const backend = await setBackend(name, options);
    // a device has float32's digits
    const held = (rows: number[][]) => (name === "gpu" ? rows.map((row) => row.map(Math.fround)) : rows);
    expect(held(await series())).toEqual(held(expected));
    compiled.dispose();
    await backend.dispose?.();
    await setBackend("reference");
  });
});

describe("what is drawn", () => {
  const mean = (values: Iterable<number>): number => {
    const all = [...values];
    return all.reduce((a, b) => a + b, 0) / all.length;
  };
  it("has the moments of its distribution", () => {
    const normal = randn([20_000], { seed: 1 }).dataSync();
    expect(mean(normal)).toBeCloseTo(0, 1);
    expect(mean([...normal].map((v) => v * v))).toBeCloseTo(1, 1);
    const uniform = rand([20_000], { seed: 1 }).dataSync();
    expect(mean(uniform)).toBeCloseTo(0.5, 1);
    expect([...uniform].every((v) => v >= 0 && v < 1)).toBe(true);
    expect(mean(bernoulli([20_000], 0.3, { seed: 1 }).dataSync())).toBeCloseTo(0.3, 1);
    expect(bernoulli([50], 0).sum().item()).toBe(0);
    expect(bernoulli([50], 1).sum().item()).toBe(50);
  });
  it("takes gradients as a leaf, and refuses a probability outside 0 … 1", () => {
    const x = randn([2], { seed: 1, requiresGrad: true });
    x.mul(tensor([2, 3]))
      .sum()
      .backward();
    expect(x.grad!.toArray()).toEqual([2, 3]);
    for (const p of [-0.1, 1.5, Number.NaN]) expect(() => bernoulli([1], p)).toThrow(ShapeError);
  });
});
