/** Lists of modules, layers without arithmetic, batch norm's options, and initial values by hand. */
import { beforeAll, describe, expect, it } from "vitest";
import { nn, ones, rand, setBackend, type Tensor, tensor, zeros } from "../../src/index.js";

beforeAll(async () => {
  await setBackend("reference");
});

const keys = (module: nn.Module<unknown>) => [...module.stateDict().keys()];
const values = (x: Tensor) => [...x.dataSync()] as number[];

describe("containers", () => {
  it("name what they hold as PyTorch does, print it, and are walked through", () => {
    class Net extends nn.Module {
      readonly layers = new nn.ModuleList([new nn.Linear(2, 2, { bias: false })]);
      readonly heads = new nn.ModuleDict({ a: new nn.Linear(2, 1, { bias: false }) });
      readonly scales = new nn.ParameterList([ones([2])]);
      forward(x: Tensor): Tensor {
        let y = x;
        for (const layer of this.layers) y = layer.forward(y);
        for (const scale of this.scales) y = y.mul(scale);
        return this.heads.get("a").forward(y);
      }
    }
    const net = new Net();
    net.layers.append(new nn.Linear(2, 2, { bias: false }));
    expect(keys(net)).toEqual(["layers.0.weight", "layers.1.weight", "heads.a.weight", "scales.0"]);
    expect([net.layers.length, net.layers.at(-1), [...net.heads.keys()]]).toEqual([2, [...net.layers][1], ["a"]]);
    net
      .forward(ones([1, 2]))
      .sum()
      .backward();
    expect(net.parameters().every(({ grad }) => grad !== null)).toBe(true);
    expect(`${net}`).toContain("  (layers): ModuleList(\n    (0): Linear(");
    expect(() => net.layers.forward()).toThrow(/ModuleList: it has no forward/);
    expect(() => net.layers.at(2)).toThrow(/no module 2, expected -2 to 1/);
    expect(() => net.heads.get("b")).toThrow(/no "b", expected a/);
    expect(() => net.heads.set("a", new nn.Linear(1, 1))).toThrow(/registered twice/);
  });
});

describe("Flatten, Unflatten, Identity", () => {
  it("change the shape and nothing else", () => {
    const x = rand([2, 3, 4, 5]);
    expect(new nn.Flatten().forward(x).shape).toEqual([2, 60]);
    expect(new nn.Flatten(-3, 2).forward(x).shape).toEqual([2, 12, 5]);
    expect(new nn.Flatten(0).forward(tensor(3)).shape).toEqual([1]);
    expect(values(new nn.Unflatten(1, [3, -1, 5]).forward(new nn.Flatten().forward(x)))).toEqual(values(x));
    expect(new nn.Identity().forward(x)).toBe(x);
    expect(() => new nn.Flatten(2, 1).forward(x)).toThrow(/Flatten: axes 2 to 1/);
    expect(() => new nn.Unflatten(-1, [2, -1]).forward(x)).toThrow(/Unflatten: axis 3 of \[2, 3, 4, 5\] as \[2, -1\]/);
  });
});

describe("batch norm's options", () => {
  const batches = () => [tensor([[1], [3]]), tensor([[5], [9]])];

  it("without affine and statistics it has no entries, and goes by the batch in evaluation too", () => {
    const norm = new nn.BatchNorm1d(1, { affine: false, trackRunningStats: false });
    expect(keys(norm)).toEqual([]);
    const y = values(norm.eval().forward(batches()[1]!));
    expect(y.map((v) => +v.toFixed(4))).toEqual([-1, 1]);
    expect(`${norm}`).toBe("BatchNorm1d(1, eps=0.00001, momentum=0.1, affine=false, trackRunningStats=false)");
    expect(keys(new nn.BatchNorm2d(1, { affine: false }))).toEqual([
      "running_mean",
      "running_var",
      "num_batches_tracked",
    ]);
  });

  it("momentum null keeps plain means, as torch's None", () => {
    const norm = new nn.BatchNorm1d(1, { momentum: null });
    for (const batch of batches()) norm.forward(batch);
    // means 2 and 7, unbiased variances 2 and 8
    expect([norm.runningMean.item(), norm.runningVar.item(), norm.numBatchesTracked.item()]).toEqual([4.5, 5, 2]);
  });

  it("says which input it takes", () => {
    expect(() => new nn.BatchNorm1d(3).forward(zeros([1, 2, 2, 3]))).toThrow(
      /BatchNorm1d: the input is \[1, 2, 2, 3\]/,
    );
    expect(() => new nn.BatchNorm2d(3).forward(zeros([2, 3, 4, 4]))).toThrow(/x\.transpose\(\[0, 2, 3, 1\]\)/);
    expect(() => new nn.BatchNorm2d(3, 1e-3 as never)).toThrow(/BatchNorm2d: the options are a number/);
  });
});

describe("init", () => {
  const COUNT = 200 * 300;
  const weight = () => zeros([200, 300]);
  const moments = (x: Tensor) => {
    const list = values(x);
    const mean = list.reduce((sum, v) => sum + v, 0) / list.length;
    const std = Math.sqrt(list.reduce((sum, v) => sum + (v - mean) ** 2, 0) / list.length);
    return { mean, std, most: Math.max(...list.map(Math.abs)) };
  };
  /** Means and deviations of this many draws stay within five of theirs. */
  const near = (found: number, expected: number, std: number) =>
    expect(Math.abs(found - expected)).toBeLessThan((5 * std) / Math.sqrt(COUNT));

  // torch.nn.init of a weight [out 300, in 200], by its formulas
  it.each<readonly [string, (x: Tensor) => Tensor, number]>([
    ["normal", (x) => nn.init.normal(x, 0, 0.3), 0.3],
    ["xavierNormal", (x) => nn.init.xavierNormal(x, 2), 2 * Math.sqrt(2 / 500)],
    ["kaimingNormal", (x) => nn.init.kaimingNormal(x), Math.sqrt(2 / 200)],
    [
      "kaimingNormal by fanOut",
      (x) => nn.init.kaimingNormal(x, { mode: "fanOut", nonlinearity: "tanh" }),
      5 / 3 / Math.sqrt(300),
    ],
  ])("%s has its deviation", (_, draw, std) => {
    nn.manualSeed(4);
    const { mean, std: found } = moments(draw(weight()));
    near(mean, 0, std);
    near(found, std, std);
  });

  it.each<readonly [string, (x: Tensor) => Tensor, number]>([
    ["xavierUniform", (x) => nn.init.xavierUniform(x), Math.sqrt(6 / 500)],
    ["kaimingUniform", (x) => nn.init.kaimingUniform(x, { a: Math.sqrt(5) }), 1 / Math.sqrt(200)],
    ["uniform", (x) => nn.init.uniform(x, -2, 2), 2],
  ])("%s has its bound", (_, draw, bound) => {
    nn.manualSeed(5);
    const { mean, std, most } = moments(draw(weight()));
    expect(most).toBeLessThanOrEqual(bound * (1 + 1e-6));
    expect(most).toBeGreaterThan(0.999 * bound);
    near(mean, 0, bound);
    near(std, bound / Math.sqrt(3), bound);
  });

  it("truncNormal stays within its range, wide, narrow or far", () => {
    nn.manualSeed(6);
    // deviation of a standard normal cut to ±2: √(1 − 4φ(2) / (2Φ(2) − 1))
    const wide = moments(nn.init.truncNormal(weight(), 0, 0.02, -0.04, 0.04));
    expect(wide.most).toBeLessThanOrEqual(0.04 * (1 + 1e-6));
    near(wide.std, 0.02 * 0.879626, 0.02);
    // mean of a standard normal above 3 and below 4
    const far = moments(nn.init.truncNormal(weight(), 0, 1, 3, 4));
    expect(far.mean).toBeGreaterThan(3.25);
    expect(far.mean).toBeLessThan(3.29);
    expect(() => nn.init.truncNormal(weight(), 0, 1, 2, -2)).toThrow(/truncNormal/);
  });

  it.each([
    [3, 3, 2, 5],
    [1, 1, 3, 8],
    [4, 4],
  ])("orthogonal(%i, %i, %i, %i)", (...shape) => {
    const w = zeros(
      shape.filter((side) => side !== undefined),
      { dtype: "float64" },
    );
    const m = nn.init.orthogonal(w, 2).reshape([-1, shape.filter((side) => side !== undefined).at(-1)!]);
    const [rows, columns] = m.shape as [number, number];
    const gram = rows >= columns ? m.transpose().matmul(m) : m.matmul(m.transpose());
    values(gram).forEach((v, i) => {
      expect(v).toBeCloseTo(i % (gram.shape[0]! + 1) === 0 ? 4 : 0, 12);
    });
  });

  it("goes through a model by apply, and starts again with the seed", () => {
    const model = new nn.Sequential(new nn.Conv2d(2, 3, { kernelSize: 3 }), new nn.Linear(3, 2));
    const draw = () => {
      nn.manualSeed(9);
      model.apply((m) => {
        if (!(m instanceof nn.Conv2d || m instanceof nn.Linear)) return;
        nn.init.kaimingNormal(m.weight, { mode: "fanOut", nonlinearity: "relu" });
        nn.init.constant(m.bias!, 0.5);
      });
      return model.parameters().map(values);
    };
    const first = draw();
    expect(draw()).toEqual(first);
    expect(first[1]).toEqual([0.5, 0.5, 0.5]);
    expect(() => nn.init.xavierUniform(zeros([3]))).toThrow(/xavierUniform: \[3\] has 1 axes/);
    expect(() => nn.init.calculateGain("gelu" as never)).toThrow(/nonlinearity is "gelu", expected linear/);
  });
});
