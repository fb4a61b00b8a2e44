/** Layers that draw numbers: what they leave out, how often, and that a compiled function draws anew. */
import { beforeAll, describe, expect, it } from "vitest";
import { compile, manualSeed, nn, ones, setBackend, type Tensor, tensor, zeros } from "../../src/index.js";

beforeAll(async () => {
  await setBackend("reference");
});

const values = (x: Tensor) => [...x.dataSync()];
const share = (list: readonly number[]) => list.filter((v) => v === 0).length / list.length;
/** Five deviations of the share of zeros among this many draws. */
const tolerance = (p: number, count: number) => 5 * Math.sqrt((p * (1 - p)) / count);

describe("Dropout", () => {
  it("leaves out a share p, scales the rest, and does nothing in evaluation", () => {
    manualSeed(1);
    const drop = new nn.Dropout(0.25);
    const y = values(drop.forward(ones([100, 100])));
    expect(new Set(y)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    expect(Math.abs(share(y) - 0.25)).toBeLessThan(tolerance(0.25, 1e4));
    const x = ones([3]);
    expect(drop.eval().forward(x)).toBe(x);
    expect(values(new nn.Dropout(1).forward(x))).toEqual([0, 0, 0]);
    expect(new nn.Dropout(0).forward(x)).toBe(x);
  });

  it("gives the gradient of what was left in, in the dtype of its input", () => {
    const x = ones([64], { dtype: "float64", requiresGrad: true });
    const y = new nn.Dropout(0.5).forward(x).keep();
    y.sum().backward();
    expect(y.dtype).toBe("float64");
    expect(values(x.grad!)).toEqual(values(y));
  });

  it("draws anew at each call of a compiled function, the numbers of the function itself", () => {
    const drop = new nn.Sequential(new nn.Dropout(0.5), new nn.DropPath(0.5));
    const fn = (x: Tensor) => drop.forward(x);
    const run = (call: (x: Tensor) => Tensor) => {
      manualSeed(3);
      return [1, 2, 3].map(() => values(call(ones([8, 4]))));
    };
    const [eager, compiled] = [run(fn), run(compile(fn) as typeof fn)];
    expect(compiled).toEqual(eager);
    expect(eager[0]).not.toEqual(eager[1]);
  });

  it("refuses a p that is no probability", () => {
    expect(() => new nn.Dropout(1.5)).toThrow(/Dropout: p is 1.5/);
    expect(() => new nn.Dropout2d(0.5).forward(ones([2, 3]))).toThrow(/2 axes, expected \[N, H, W, C\]/);
  });
});

describe("Dropout2d and DropPath", () => {
  it("leave out whole channels, and whole samples", () => {
    manualSeed(2);
    const channels = new nn.Dropout2d(0.5).forward(ones([50, 2, 3, 40])).sum([1, 2]);
    expect(new Set(values(channels))).toEqual(new Set([0, 12]));
    expect(Math.abs(share(values(channels)) - 0.5)).toBeLessThan(tolerance(0.5, 2000));
    const samples = new nn.DropPath(0.2).forward(ones([2000, 4])).sum(1);
    expect(new Set(values(samples).map((v) => v.toFixed(4)))).toEqual(new Set(["0.0000", "5.0000"]));
    expect(Math.abs(share(values(samples)) - 0.2)).toBeLessThan(tolerance(0.2, 2000));
    const batches = Array.from({ length: 40 }, () => new nn.DropPath(0.5, { mode: "batch" }).forward(ones([4, 4])));
    expect(new Set(batches.flatMap((y) => new Set(values(y)).size))).toEqual(new Set([1]));
    expect(`${new nn.DropPath(0.2)}`).toBe("DropPath(p=0.2, mode=row)");
  });
});

describe("Embedding", () => {
  it("starts standard normal, looks up, and gives its padding no gradient", () => {
    manualSeed(0);
    const table = new nn.Embedding(1000, 16, { paddingIdx: -1, dtype: "float64" });
    const weights = values(table.weight);
    expect(weights.slice(-16)).toEqual(new Array(16).fill(0));
    const variance = weights.reduce((sum, v) => sum + v * v, 0) / (weights.length - 16);
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / weights.length));
    const y = table.forward(tensor(Int32Array.of(3, 999, 3, 5), [2, 2]));
    expect(y.shape).toEqual([2, 2, 16]);
    y.sum().backward();
    const grad = table.weight.grad!.dataSync();
    expect([3, 4, 5, 999].map((row) => grad[row * 16])).toEqual([2, 0, 1, 0]);
    expect(`${table}`).toBe("Embedding(1000, 16, paddingIdx=999)");
  });

  it("takes bytes and says what it does not take", () => {
    const table = new nn.Embedding(3, 2);
    expect(table.forward(tensor(Uint8Array.of(0, 2))).shape).toEqual([2, 2]);
    expect(() => table.forward(zeros([2]))).toThrow(/Embedding: indices are float32/);
    expect(() => new nn.Embedding(3, 2, { paddingIdx: 3 })).toThrow(/paddingIdx is 3, expected -3 to 2/);
    expect(() => new nn.Embedding(0, 2)).toThrow(/numEmbeddings is 0/);
  });
});
