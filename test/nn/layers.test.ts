/** Layers against hand-made numbers, their modes, and that nothing is left behind. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { gradcheck, liveStorage, noGrad, randn, scope, setBackend, tensor } from "../../src/index.js";
import * as activationLayers from "../../src/nn/activation.js";
import * as nn from "../../src/nn/index.js";
import {
  BatchNorm2d,
  Conv2d,
  chain,
  GlobalAvgPool,
  Linear,
  manualSeed,
  ReLU,
  Sequential,
  Sigmoid,
  SqueezeExcite,
} from "../../src/nn/index.js";
import { squeezedWidth } from "../../src/nn/squeeze-excite.js";

beforeAll(async () => {
  await setBackend("reference");
});

describe("Conv2d", () => {
  it("adds its bias and keeps weights as [KH, KW, Cin/groups, Cout]", () => {
    const conv = new Conv2d(4, 6, { kernelSize: 3, stride: 2, padding: 1, groups: 2 });
    expect(conv.weight.shape).toEqual([3, 3, 2, 6]);
    conv.weight.write(new Float32Array(conv.weight.size));
    conv.bias!.write(Float32Array.of(1, 2, 3, 4, 5, 6));
    const y = conv.forward(randn([2, 5, 5, 4]));
    expect(y.shape).toEqual([2, 3, 3, 6]);
    expect([...y.dataSync().slice(0, 6)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("says which channels its groups do not divide", () => {
    expect(() => new Conv2d(4, 6, { kernelSize: 1, groups: 4 })).toThrow(/4 input and 6 output channels.*groups=4/);
  });

  it("starts layers differently, and the same again after manualSeed", () => {
    const draw = () => [...new Conv2d(2, 2, { kernelSize: 1 }).weight.dataSync()];
    manualSeed(3);
    const [first, second] = [draw(), draw()];
    expect(first).not.toEqual(second);
    manualSeed(3);
    expect([draw(), draw()]).toEqual([first, second]);
  });
});

describe("BatchNorm2d", () => {
  const batch = () => tensor([[[[1, 10]]], [[[2, 10]]], [[[3, 40]]], [[[6, 20]]]], undefined, { dtype: "float64" });

  it("normalises by the biased variance and tracks the unbiased one (torch.nn.BatchNorm2d)", () => {
    const norm = new BatchNorm2d(2, { dtype: "float64" });
    const y = norm.forward(batch()).dataSync();
    // means 3 and 20; biased variances 3.5 and 150, unbiased 14/3 and 200
    expect(y[0]).toBeCloseTo(-2 / Math.sqrt(3.5 + 1e-5), 12);
    expect(y[5]).toBeCloseTo(20 / Math.sqrt(150 + 1e-5), 12);
    expect([...norm.runningMean.dataSync()].map((v) => +v.toFixed(12))).toEqual([0.3, 2]);
    expect(norm.runningVar.dataSync()[0]).toBeCloseTo(0.9 + 0.1 * (14 / 3), 12);
    expect(norm.runningVar.dataSync()[1]).toBeCloseTo(0.9 + 20, 12);
    expect(norm.numBatchesTracked.item()).toBe(1);
  });

  it("uses the running statistics in evaluation and leaves them alone", () => {
    const norm = new BatchNorm2d(2, { dtype: "float64" }).eval();
    norm.runningMean.write(Float64Array.of(1, 2));
    norm.runningVar.write(Float64Array.of(4, 9));
    norm.weight.write(Float64Array.of(2, 3));
    norm.bias.write(Float64Array.of(0.5, -0.5));
    const y = norm.forward(batch()).dataSync();
    expect(y[2]).toBeCloseTo(0.5 + 2 / Math.sqrt(4 + 1e-5), 12);
    expect(y[3]).toBeCloseTo(-0.5 + (3 * 8) / Math.sqrt(9 + 1e-5), 12);
    expect(norm.numBatchesTracked.item()).toBe(0);
  });

  it("refuses one value per channel by name", () => {
    expect(() => new BatchNorm2d(3).forward(randn([1, 1, 1, 3]))).toThrow(/1 value per channel/);
  });
});

describe("small layers", () => {
  it("Linear keeps [in, out] and multiplies from the right", () => {
    const linear = new Linear(2, 3);
    linear.weight.write(Float32Array.of(1, 2, 3, 4, 5, 6));
    linear.bias!.write(Float32Array.of(0, 0, 1));
    expect(linear.forward(tensor([[1, 10]])).toArray()).toEqual([[41, 52, 64]]);
    expect(linear.forward(tensor([1, 10])).toArray()).toEqual([41, 52, 64]);
    expect(linear.forward(tensor(new Float32Array(0), [2, 0, 2])).shape).toEqual([2, 0, 3]);
    const constant = new Linear(0, 2, { init: "zeros" });
    constant.bias!.write(Float32Array.of(5, 6));
    expect(constant.forward(tensor(new Float32Array(0), [1, 2, 0])).toArray()).toEqual([
      [
        [5, 6],
        [5, 6],
      ],
    ]);
    expect(() => linear.forward(tensor([[1, 2, 3]]))).toThrow(/k = 3.*k = 2/);
  });

  it("SqueezeExcite gates channels by a true sigmoid", () => {
    const gate = new SqueezeExcite(16);
    for (const { tensor: p } of gate.namedParameters().values()) p.write(new Float32Array(p.size));
    gate.expand.bias!.write(new Float32Array(16).fill(Math.log(3)));
    const y = gate.forward(tensor(new Float32Array(2 * 2 * 16).fill(4), [1, 2, 2, 16]));
    expect(y.shape).toEqual([1, 2, 2, 16]);
    expect(y.dataSync()[5]).toBeCloseTo(3, 6);
  });

  it("squeezed widths are multiples of 8 and at least 8", () => {
    expect([896, 2048, 32, 300].map((c) => squeezedWidth(c, 16))).toEqual([56, 128, 8, 24]);
    expect(squeezedWidth(32, 4)).toBe(8);
  });

  it("GlobalAvgPool", () => {
    expect(new GlobalAvgPool().forward(tensor([[[[-1], [3]]]])).toArray()).toEqual([[1]]);
  });

  /** Values at −1 and 3; a layer without a row does not compile. */
  const activations: { readonly [K in keyof typeof activationLayers]: readonly [number, number] } = {
    ReLU: [0, 3],
    Sigmoid: [1 / (1 + Math.E), 1 / (1 + Math.exp(-3))],
    SiLU: [-1 / (1 + Math.E), 3 / (1 + Math.exp(-3))],
    // of a table of the normal distribution
    GELU: [-0.158655254, 3 * 0.998650102],
    Softplus: [Math.log(1 + Math.exp(-1)), Math.log(1 + Math.exp(3))],
    Hardswish: [-1 / 3, 3],
    Hardsigmoid: [1 / 3, 1],
    LeakyReLU: [-0.01, 3],
    ELU: [1 / Math.E - 1, 3],
    SELU: [1.6732632423543772 * 1.0507009873554805 * (1 / Math.E - 1), 3 * 1.0507009873554805],
    CELU: [1 / Math.E - 1, 3],
    Mish: [-Math.tanh(Math.log(1 + Math.exp(-1))), 3 * Math.tanh(Math.log(1 + Math.exp(3)))],
    PReLU: [-0.25, 3],
    ReLU6: [0, 3],
    Hardtanh: [-1, 1],
    Tanh: [Math.tanh(-1), Math.tanh(3)],
    LogSigmoid: [-Math.log(1 + Math.E), -Math.log(1 + Math.exp(-3))],
    Softsign: [-0.5, 0.75],
    Tanhshrink: [-1 + Math.tanh(1), 3 - Math.tanh(3)],
    Hardshrink: [-1, 3],
    Softshrink: [-0.5, 2.5],
    Softmax: [1 / (1 + Math.exp(4)), 1 / (1 + Math.exp(-4))],
    LogSoftmax: [-Math.log(1 + Math.exp(4)), -Math.log(1 + Math.exp(-4))],
  };
  it.each(Object.entries(activationLayers))("%s", (name, Layer) => {
    const expected = activations[name as keyof typeof activations];
    const values = new Layer().forward(tensor([-1, 3])).dataSync();
    expected.forEach((value, i) => {
      expect(values[i]).toBeCloseTo(value, 6);
    });
  });

  it("are all public: each class of src/nn is in nn/index.ts", async () => {
    const folder = join(import.meta.dirname, "../../src/nn");
    const files = readdirSync(folder);
    const modules = await Promise.all(files.map((file) => import(/* @vite-ignore */ join(folder, file))));
    const isLayer = (value: unknown) => typeof value === "function" && value.prototype instanceof nn.Module;
    const layers = modules.flatMap((module: object) => Object.entries(module).filter(([, value]) => isLayer(value)));
    expect(layers.length).toBeGreaterThan(5);
    expect(layers.filter(([name]) => !(name in nn)).map(([name]) => name)).toEqual([]);
  });
});

describe("Sequential", () => {
  it("frees what lies between and gives right gradients nevertheless", async () => {
    const layer = { dtype: "float64" } as const;
    const model = new Sequential(
      new Conv2d(2, 3, { kernelSize: 3, padding: 1, ...layer }),
      new BatchNorm2d(3, layer),
      new Sigmoid(),
      new SqueezeExcite(3, layer),
      new GlobalAvgPool(),
      new Linear(3, 2, layer),
    );
    const x = randn([2, 3, 3, 2], { dtype: "float64", requiresGrad: true });
    const inputs = [x, ...[...model.namedParameters().values()].map(({ tensor: p }) => p)];
    expect(await gradcheck(() => model.forward(x), inputs)).toBeLessThan(1e-6);
  });

  it("leaves no storage behind, trained or evaluated", () => {
    const model = new Sequential(
      new Conv2d(3, 4, { kernelSize: 3 }),
      new BatchNorm2d(4),
      new ReLU(),
      new GlobalAvgPool(),
    );
    const x = randn([2, 6, 6, 3]);
    const step = () =>
      scope(() => {
        model.forward(x).sum().backward();
        for (const { tensor: p } of model.namedParameters().values()) {
          p.grad?.dispose();
          p.grad = null;
        }
      });
    step();
    const before = liveStorage();
    step();
    expect(liveStorage()).toEqual(before);
    const y = noGrad(() => model.eval().forward(x));
    expect(liveStorage().storages).toBe(before.storages + 1);
    y.dispose();
  });

  it("keeps its input and what was kept", () => {
    const x = randn([1, 2]);
    const first = new (class extends ReLU {
      override forward(input: typeof x) {
        return super.forward(input).keep();
      }
    })();
    chain([first, new Sigmoid()], x);
    expect(x.isFreed).toBe(false);
  });
});
