/** Data sets of anything and batches of them: torch's parts and batches, the same for every start, ahead or not. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  concatDatasets,
  DataLoader,
  type MapDataset,
  mapDataset,
  ones,
  randn,
  randomSplit,
  setBackend,
  subset,
  type Tensor,
  TensorDataset,
  tensor,
} from "../../src/index.js";
import { fixtureUrl } from "./fixtures.js";

interface Golden {
  readonly splits: readonly {
    readonly length: number;
    readonly parts: readonly number[];
    readonly seed: number;
    readonly indices: readonly (readonly number[])[];
  }[];
  readonly batches: { readonly kept: number[][]; readonly dropped: number[][] };
}
const golden = JSON.parse(readFileSync(fixtureUrl("splits.json"), "utf8")) as Golden;

beforeAll(async () => {
  await setBackend("reference");
});

const count = (length: number): MapDataset<number> => ({ length, get: (i) => i });
const all = async <S>(set: MapDataset<S>): Promise<S[]> =>
  Promise.all(Array.from({ length: set.length }, (_, i) => set.get(i)));
const drain = async <B>(batches: AsyncIterable<B>): Promise<B[]> => {
  const found: B[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
};
const numbers = async (batches: AsyncIterable<Tensor>): Promise<number[][]> =>
  (await drain(batches)).map((batch) => batch.toArray() as number[]);

describe("data sets", () => {
  it("are split as torch splits them", async () => {
    for (const { length, parts, seed, indices } of golden.splits) {
      const sets = randomSplit(count(length), parts, { seed });
      expect(await Promise.all(sets.map(all))).toEqual(indices);
    }
    expect(() => randomSplit(count(10), [0.5, 0.6])).toThrow(/add up to 1\.1, expected 10 samples, or shares/);
    expect(() => randomSplit(count(10), [3, 4])).toThrow(/add up to 7, expected 10 samples/);
  });

  it("are mapped, chosen from and joined, when a sample is asked for", async () => {
    const asked: number[] = [];
    const set = mapDataset(count(5), async (i) => {
      asked.push(i);
      return i * 10;
    });
    const joined = concatDatasets(subset(set, [4, 0]), count(2));
    expect(joined.length).toBe(4);
    expect(asked).toEqual([]);
    expect(await all(joined)).toEqual([40, 0, 0, 1]);
    expect(asked.sort()).toEqual([0, 4]);
    expect(() => subset(count(3), [3])).toThrow(/^subset: index 3, expected 0 to 2/);
    expect(() => joined.get(4)).toThrow(/index 4, expected 0 to 3/);
    expect(() => mapDataset([1, 2] as never, (x) => x)).toThrow(/hint: \{ length: list\.length/);
  });

  it("of tensors give rows of every dtype, and live on when the tensors are freed", async () => {
    const x = randn([4, 2, 3], { seed: 1 });
    const labels = [
      tensor(Int32Array.of(3, 1, 2, 0)),
      tensor(BigInt64Array.of(1n, 2n, 3n, 4n)),
      tensor([true, false, true, false]),
    ];
    const rows = x.toArray() as number[][][];
    const set = new TensorDataset(x, ...labels);
    for (const one of [x, ...labels]) one.dispose();
    const [row, a, b, c] = (await set.get(2)) as [Tensor, Tensor, Tensor, Tensor];
    expect(row.toArray()).toEqual(rows[2]);
    expect([a, b, c].map((one) => [one.dtype, one.item(), one.shape])).toEqual([
      ["int32", 2, []],
      ["int64", 3, []],
      ["bool", true, []],
    ]);
    const [batch] = await set.getBatch([3, 0]);
    expect(batch!.toArray()).toEqual([rows[3], rows[0]]);
    await expect(set.get(4)).rejects.toThrow(/index 4, expected 0 to 3/);
    expect(() => new TensorDataset(ones([3]), ones([2]))).toThrow(/tensor 1 has 2 samples, expected 3/);
  });
});

describe("DataLoader", () => {
  it("gives torch's batches in order", async () => {
    expect(await numbers(new DataLoader(count(10), { batchSize: 4 }))).toEqual(golden.batches.kept);
    expect(await numbers(new DataLoader(count(10), { batchSize: 4, dropLast: true }))).toEqual(golden.batches.dropped);
  });

  it("shuffles by seed and epoch, alike for any start and any number of batches ahead", async () => {
    const make = (prefetch: number, seed = 5) =>
      new DataLoader(count(20), { batchSize: 3, shuffle: true, seed, prefetch });
    const whole = await numbers(make(0).epoch(2));
    expect(whole.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(await numbers(make(4).epoch(2, { startBatch: 3 }))).toEqual(whole.slice(3));
    expect(await numbers(make(1).epoch(3))).not.toEqual(whole);
    expect(await numbers(make(1, 6).epoch(2))).not.toEqual(whole);
    const loader = make(1);
    const inTurn = [await numbers(loader), await numbers(loader)];
    expect(inTurn).toEqual([await numbers(make(0).epoch(0)), await numbers(make(0).epoch(1))]);
  });

  it("collates numbers, arrays and tensors in whatever holds them", async () => {
    const set: MapDataset<{
      readonly x: Float64Array;
      readonly pair: readonly [Tensor, boolean];
      readonly name: string;
      y: number;
    }> = {
      length: 2,
      get: (i) => ({ x: Float64Array.of(i, i + 0.5), pair: [ones([2, 1]).mul(i), i > 0], name: `n${i}`, y: i }),
    };
    const [batch] = await drain(new DataLoader(set, { batchSize: 2 }));
    expect([batch!.x.dtype, batch!.x.toArray()]).toEqual([
      "float64",
      [
        [0, 0.5],
        [1, 1.5],
      ],
    ]);
    expect(batch!.pair[0].toArray()).toEqual([
      [[0], [0]],
      [[1], [1]],
    ]);
    expect(batch!.pair[1].toArray()).toEqual([false, true]);
    expect([batch!.y.dtype, batch!.name]).toEqual(["int32", ["n0", "n1"]]);
    const ownBatches = new DataLoader(count(3), { batchSize: 2, collate: (samples) => samples.join("+") });
    expect(await drain(ownBatches)).toEqual(["0+1", "2"]);
  });

  it("follows a sampler, and hands an error of a sample on at its turn", async () => {
    const sampler = (epoch: number) => [epoch, epoch, 1];
    const loader = new DataLoader(count(5), { batchSize: 2, sampler });
    expect(loader.batchesPerEpoch).toBe(null);
    expect(await numbers(loader.epoch(4))).toEqual([[4, 4], [1]]);
    const faulty = new DataLoader(
      mapDataset(count(6), (i) => {
        if (i === 3) throw new Error("no sample 3");
        return i;
      }),
      { batchSize: 2, prefetch: 3 },
    );
    const seen: unknown[] = [];
    await expect(
      (async () => {
        for await (const batch of faulty) seen.push(batch.toArray());
      })(),
    ).rejects.toThrow("no sample 3");
    expect(seen).toEqual([[0, 1]]);
  });

  it("refuses what is no data set, no count and no batch", async () => {
    expect(() => new DataLoader(null as never)).toThrow(/^DataLoader: null with length undefined, expected a data set/);
    expect(() => new DataLoader(count(3), { batchSize: 0 })).toThrow(
      /batchSize 0, expected a whole number of at least 1/,
    );
    expect(() => new DataLoader(count(3), { batchSize: 4, dropLast: true })).toThrow(
      /3 samples do not fill one batch of 4/,
    );
    expect(() => new DataLoader(count(3), { shuffle: true, sampler: () => [0] })).toThrow(/shuffle and a sampler/);
    const uneven = new DataLoader({ length: 2, get: (i) => ({ image: ones([i + 1]) }) }, { batchSize: 2 });
    await expect(drain(uneven)).rejects.toThrow(
      /sample 0 has float32 \[1\] at image, sample 1 a tensor \[2\], expected one form for a batch/,
    );
  });
});
