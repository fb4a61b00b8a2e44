/** Numbers that backward needs and somebody has written over since: refused, by name, instead of a gradient of other values. */
import { beforeEach, describe, expect, it } from "vitest";
import { customFunction, nn, noGrad, optim, setBackend, type Tensor, tensor } from "../../src/index.js";
import { update } from "../../src/ops/apply.js";

beforeEach(async () => void (await setBackend("reference")));

const leaf = (...values: number[]): Tensor => tensor(values, undefined, { requiresGrad: true });

describe("a saved tensor that is written before backward()", () => {
  it.each<[string, (x: Tensor, y: Tensor) => void]>([
    ["write()", (x) => x.write(Float32Array.of(5, 6))],
    ["view(), which may be written through", (x) => x.view()!.fill(5)],
    ["an update", (x) => update("fill", [x], { value: 5 })],
    ["through a view of it", (x) => x.slice([1], [1]).detach().write(Float32Array.of(9))],
    ["through the tensor it is a view of", (_, y) => y.write(Float32Array.of(1, 1, 1))],
  ])("%s", (_, write) => {
    const base = leaf(1, 2, 3);
    const x = base.slice([0], [2]);
    const y = x.square().sum();
    write(x, base);
    expect(() => y.backward()).toThrow(/a tensor \[2\] that square had saved was written over since/);
    expect(base.grad).toBeNull();
  });
  it("an output that its rule reads", () => {
    const x = leaf(1, 2);
    const y = x.exp().keep();
    const z = y.sum();
    y.write(Float32Array.of(0, 0));
    expect(() => z.backward()).toThrow(/that exp had saved/);
  });
  it("a parameter that an optimiser moved between forward and backward", () => {
    const w = leaf(1, 2);
    const optimizer = new optim.SGD(new Map([["w", { tensor: w, role: "bias" as const }]]), { lr: 0.1 });
    const x = tensor([3, 4]);
    x.mul(w).sum().backward();
    const product = x.mul(w).sum();
    const square = w.square().sum();
    optimizer.step();
    // the gradient of w needs x alone
    expect(() => product.backward()).not.toThrow();
    expect(() => square.backward()).toThrow(/a tensor \[2\] that square had saved/);
  });
  it("running statistics that evaluation has used", () => {
    const bn = new nn.BatchNorm2d(1).eval();
    const x = leaf(1, 2).reshape([2, 1]);
    const y = bn.forward(x).sum();
    noGrad(() => bn.train().forward(x));
    expect(() => y.backward()).toThrow(/that batchNormEval had saved/);
  });
  it("a custom function's inputs", () => {
    const cube = customFunction<readonly [Tensor]>({
      name: "cube",
      forward: (x) => x.mul(x).mul(x),
      backward: (dy, [x]) => [dy.mul(x.square()).mul(3)],
    });
    const x = leaf(1);
    const y = cube(x).sum();
    x.write(Float32Array.of(3));
    expect(() => y.backward()).toThrow(/that cube had saved/);
  });
});

describe("what is not refused", () => {
  it("a write to numbers that no rule reads", () => {
    const x = leaf(1, 2);
    const y = x.add(1).sum();
    x.write(Float32Array.of(5, 6));
    y.backward();
    expect(x.grad!.toArray()).toEqual([1, 1]);
  });
  it("a write after backward(), and before the next forward", () => {
    const x = leaf(1, 2);
    for (const value of [1, 2]) {
      x.write(Float32Array.of(value, value));
      x.square().sum().backward();
    }
    expect(x.grad!.toArray()).toEqual([6, 6]);
  });
  it("reading by copy", () => {
    const x = leaf(1, 2);
    const y = x.square().sum();
    x.dataSync();
    y.backward();
    expect(x.grad!.toArray()).toEqual([2, 4]);
  });
});
