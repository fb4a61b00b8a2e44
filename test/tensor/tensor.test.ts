import { beforeAll, describe, expect, it } from "vitest";
import {
  format,
  full,
  liveStorage,
  MemoryError,
  ones,
  Random,
  randn,
  reshape,
  scope,
  setBackend,
  slice,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.js";
import { broadcastShapes, normalizeAxes, resolveReshape } from "../../src/tensor/shape.js";

beforeAll(async () => {
  await setBackend("reference");
});

describe("creation", () => {
  it("takes nested arrays and typed arrays", async () => {
    expect(tensor([[1, 2, 3]]).shape).toEqual([1, 3]);
    expect(tensor(5).item()).toBe(5);
    expect(tensor(new Int32Array([1, 2])).dtype).toBe("int32");
    expect(await tensor([1, 2], undefined, { dtype: "float64" }).data()).toEqual(new Float64Array([1, 2]));
  });

  it("names both numbers where values and shape disagree", () => {
    expect(() => tensor([1, 2, 3], [2, 2])).toThrow("3 values for shape [2, 2], expected 4");
    expect(() => tensor([[1, 2], [3]])).toThrow("axis 1 has 1 where 2 was expected");
  });

  it("holds every dtype on the wasm backend too", async () => {
    await setBackend("wasm", { threads: 1 });
    expect(
      tensor(Float64Array.of(1 / 3))
        .add(1)
        .dataSync(),
    ).toEqual(Float64Array.of(1 / 3 + 1));
    await setBackend("reference");
  });
});

describe("views", () => {
  it("of the host are the numbers themselves", async () => {
    for (const backend of ["reference", "wasm"] as const) {
      await setBackend(backend, { threads: 1 });
      const x = tensor([1, 2, 3, 4], [2, 2]);
      const row = slice(x, [1], [1]).view()!;
      expect([...row]).toEqual([3, 4]);
      row[0] = 7;
      expect(x.toArray()).toEqual([
        [1, 2],
        [7, 4],
      ]);
    }
    await setBackend("reference");
  });

  it("share numbers for reshape and for a cut of the first axis", () => {
    const x = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const row = slice(x, [1], [1]);
    expect(row.storage).toBe(x.storage);
    expect(reshape(x, [2, -1]).storage).toBe(x.storage);
    row.write(Float32Array.of(30, 40));
    expect(x.toArray()).toEqual([
      [1, 2],
      [30, 40],
      [5, 6],
    ]);
    expect(slice(x, [0, 1], [3, 1]).toArray()).toEqual([[2], [40], [6]]);
  });
});

describe("lifetime", () => {
  it("frees what a scope made, keeps what it returns", () => {
    const before = liveStorage().bytes;
    const kept: Tensor[] = [];
    const y = scope(() => {
      const x = full([100], 2);
      kept.push(zeros([10]).keep());
      return x.add(x);
    });
    expect(liveStorage().bytes - before).toBe(440);
    expect(y.dataSync()[0]).toBe(4);
    y.dispose();
    y.dispose();
    kept[0]!.dispose();
    expect(liveStorage().bytes).toBe(before);
  });

  it("refuses a scope that does not end with its function, and frees what that made", async () => {
    const before = liveStorage();
    let hasRun = false;
    const early = async () => {
      hasRun = true;
      return ones([1]);
    };
    expect(() => scope(early)).toThrow(/^scope: the function is asynchronous, expected[\s\S]*hint: scope\(\(\) => …\)/);
    function* steps() {
      hasRun = true;
      yield ones([1]);
    }
    expect(() => scope(steps)).toThrow(/the function is a generator/);
    expect(hasRun).toBe(false);
    const later = async (x: Tensor) => {
      await Promise.resolve();
      return x.add(1);
    };
    expect(() => scope(() => later(ones([2])))).toThrow(/the function returned a promise/);
    // its failure, which nobody waits for, ends no process
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(liveStorage()).toEqual(before);
    expect(await scope(() => ones([2]).add(1).data())).toEqual(Float32Array.of(2, 2));
    const both = await Promise.all(scope(() => [ones([1]).data(), ones([1]).mul(3).data()]));
    expect(both).toEqual([Float32Array.of(1), Float32Array.of(3)]);
  });

  it("moves results through nested scopes and frees them after an error", () => {
    const before = liveStorage().storages;
    const y = scope(() => scope(() => [ones([3])])[0]!);
    expect(y.isFreed).toBe(false);
    y.dispose();
    expect(() =>
      scope(() => {
        ones([3]);
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(liveStorage().storages).toBe(before);
  });

  it("says what happened to a freed tensor", () => {
    const x = ones([2]);
    x.dispose();
    expect(() => x.dataSync()).toThrow(MemoryError);
    expect(() => x.add(1)).toThrow(/memory was freed\n {2}hint: .*keep\(\)/);
  });

  it("keeps the storage while any view lives", () => {
    const x = ones([4]);
    const view = reshape(x, [2, 2]);
    x.dispose();
    expect(view.toArray()).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });
});

describe("shapes", () => {
  it("broadcasts from the last axis", () => {
    expect(broadcastShapes([2, 1, 5], [3, 1], "t")).toEqual([2, 3, 5]);
    expect(() => broadcastShapes([2, 3], [2, 4], "add")).toThrow(
      "add: [2, 3] and [2, 4] do not broadcast, axis -1 has 3 and 4",
    );
  });
  it("normalises axes", () => {
    expect(normalizeAxes([-1, 0], 3, "t")).toEqual([0, 2]);
    expect(() => normalizeAxes([0, -3], 3, "t")).toThrow("twice");
    expect(() => normalizeAxes(3, 3, "sum")).toThrow("axis 3 is outside a tensor of rank 3");
  });
  it("works out one -1", () => {
    expect(resolveReshape([4, 6], [3, -1])).toEqual([3, 8]);
    expect(() => resolveReshape([4, 6], [5, -1])).toThrow("24 elements");
    expect(() => resolveReshape([4], [-1, -1])).toThrow();
  });
});

describe("random", () => {
  it("is Philox 4x32-10", () => {
    // known answer of Random123 (kat_vectors): counter 0, key 0
    const random = new Random(0);
    expect([0, 1, 2, 3].map(() => random.next32().toString(16))).toEqual([
      "6627e8d5",
      "e169c58d",
      "bc57ac4c",
      "9b00dbd8",
    ]);
  });
  it("draws the same for the same seed, and a plausible normal", () => {
    const a = Array.from(randn([10000], { seed: 3 }).dataSync());
    expect(Array.from(randn([10000], { seed: 3 }).dataSync())).toEqual(a);
    const mean = a.reduce((s, v) => s + v, 0) / a.length;
    const variance = a.reduce((s, v) => s + v * v, 0) / a.length - mean ** 2;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });
});

it("prints", () => {
  expect(format(tensor([[1, 2.5]]))).toBe("tensor([[1.0000, 2.5000]])");
});
