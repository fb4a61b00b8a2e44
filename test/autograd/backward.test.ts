import { beforeAll, describe, expect, it } from "vitest";
import { createWasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import {
  add,
  conv2d,
  customFunction,
  enableGrad,
  GradientError,
  gradcheck,
  liveStorage,
  mul,
  noGrad,
  ones,
  randn,
  scope,
  setBackend,
  type Tensor,
  tensor,
  transpose,
  withBackend,
} from "../../src/index.js";
import { allocate } from "../../src/tensor/create.js";

beforeAll(async () => {
  await setBackend("reference");
});

const leaf = (values: number[], shape?: number[]): Tensor =>
  tensor(values, shape, { dtype: "float64", requiresGrad: true });

describe("backward", () => {
  it("adds up along every path, and over calls", () => {
    const x = leaf([3]);
    x.mul(x).add(x).sum().backward(); // 2x + 1
    expect(x.grad!.toArray()).toEqual([7]);
    x.mul(2).sum().backward();
    expect(x.grad!.toArray()).toEqual([9]);
  });

  it("sums a gradient back over broadcast axes", () => {
    const x = leaf([1, 2], [2, 1]);
    const b = leaf([5]);
    x.add(b)
      .mul(ones([2, 3], { dtype: "float64" }))
      .sum()
      .backward();
    expect(x.grad!.toArray()).toEqual([[3], [3]]);
    expect(b.grad!.toArray()).toEqual([6]);
  });

  it("goes through one tensor used twice by one op", () => {
    const x = leaf([4]);
    mul(x, x).sum().backward();
    expect(x.grad!.toArray()).toEqual([8]);
  });

  it("takes a starting gradient where the result is no scalar", () => {
    const x = leaf([1, 2]);
    x.mul(3).backward({ gradient: tensor([1, 10], undefined, { dtype: "float64" }) });
    expect(x.grad!.toArray()).toEqual([3, 30]);
    expect(() => leaf([1, 2]).mul(3).backward()).toThrow(/2 elements, expected a scalar\n {2}hint: reduce it/);
  });

  it("stops at noGrad and detach, and resumes under enableGrad", () => {
    const x = leaf([2]);
    expect(noGrad(() => x.mul(2)).edge).toBeNull();
    expect(noGrad(() => enableGrad(() => x.mul(2))).edge).not.toBeNull();
    x.mul(x.detach()).sum().backward();
    expect(x.grad!.toArray()).toEqual([2]);
    expect(() => noGrad(() => x.sum()).backward()).toThrow(GradientError);
  });

  it("frees the results it consumed, but not leaves, kept ones and the root", () => {
    const x = leaf([1, 2]);
    const middle = x.exp();
    const kept = x.mul(2).keep();
    const root = add(middle, kept).sum();
    root.backward();
    expect([x, middle, kept, root].map((t) => t.isFreed)).toEqual([false, true, false, false]);
    expect(() => root.backward()).toThrow(/no graph/);
  });

  it("can run twice with retainGraph", () => {
    const x = leaf([3]);
    const y = x.square().sum();
    y.backward({ retainGraph: true });
    y.backward();
    expect(x.grad!.toArray()).toEqual([12]);
  });

  it("throws for a graph whose part was consumed", () => {
    const x = leaf([3]);
    const shared = x.square();
    const [a, b] = [shared.sum(), shared.mean()];
    a.backward();
    expect(() => b.backward()).toThrow(/consumed by an earlier backward\(\)\n {2}hint: .*retainGraph/);
  });

  it("works on results whose handles a scope has freed", () => {
    const x = leaf([1, 2, 3]);
    const loss = scope(() => x.exp().log().square().sum());
    loss.backward();
    const analytic = [...x.grad!.dataSync()];
    for (const [i, g] of analytic.entries()) expect(g).toBeCloseTo(2 * (i + 1), 12);
  });

  it("leaves nothing behind", () => {
    const x = randn([2, 6, 6, 4], { dtype: "float64" });
    const w = randn([3, 3, 4, 5], { dtype: "float64", requiresGrad: true });
    const step = () =>
      scope(() => {
        conv2d(x, w, { padding: 1 }).relu().softmax().max(3).sum().backward();
        w.grad!.dispose();
        w.grad = null;
      });
    step();
    const before = liveStorage();
    step();
    expect(liveStorage()).toEqual(before);
  });
});

describe("customFunction", () => {
  const cube = (factor: number) =>
    customFunction<readonly [Tensor]>({
      name: "cube",
      forward: (x) => x.mul(x).mul(x),
      backward: (dy, [x]) => [dy.mul(x.square()).mul(factor)],
    });
  it("differentiates as it is told", async () => {
    expect(await gradcheck((x) => cube(3)(x!), [leaf([1, -2, 0.5])])).toBeLessThan(1e-8);
  });
  it("is caught by gradcheck where it is wrong", async () => {
    await expect(gradcheck((x) => cube(2)(x!), [leaf([1, -2])])).rejects.toThrow(
      /input 0 \[2\], element 0: analytic .*, numeric .*/,
    );
  });
  it("refuses a gradient of another shape", () => {
    const odd = customFunction<readonly [Tensor]>({
      name: "odd",
      forward: (x) => x.mul(1),
      backward: (dy) => [dy.sum()],
    });
    expect(() =>
      odd(leaf([1, 2]))
        .sum()
        .backward(),
    ).toThrow("odd: backward gave [] for input 0 of shape [2]");
  });
});

describe("gradcheck", () => {
  it("leaves its inputs as they were and needs a leaf", async () => {
    const x = leaf([1, 2]);
    await gradcheck((a) => a!.exp(), [x]);
    expect(x.toArray()).toEqual([1, 2]);
    expect(x.grad).toBeNull();
    await expect(gradcheck((a) => a!.exp(), [ones([2])])).rejects.toThrow("no input has requiresGrad");
  });
  it("refuses a function that gives two values, and memory that nobody wrote", async () => {
    let calls = 0;
    await expect(gradcheck((a) => a!.mul(++calls), [leaf([1, 2])])).rejects.toThrow("and then");
    await withBackend(createWasmBackend({ threads: 1 }), async () => {
      const unwritten = (a: Tensor | undefined) => a!.mul(allocate([64], "float64"));
      await expect(gradcheck(unwritten, [leaf(Array.from({ length: 64 }, (_, i) => i))])).rejects.toThrow("and then");
      await gradcheck((a) => transpose(a!.reshape([8, 8])), [leaf(Array.from({ length: 64 }, (_, i) => i))]);
    });
  });
});
