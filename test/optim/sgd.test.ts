/** SGD against docs/recipe.md 7 and PyTorch's documented formulas, groups, state. */
import { beforeAll, describe, expect, it } from "vitest";
import { liveStorage, scope, setBackend, type Tensor, tensor } from "../../src/index.js";
import { createModel } from "../../src/models/index.js";
import { Linear, type Parameter } from "../../src/nn/index.js";
import { SGD, type SgdOptions, splitNormParameters } from "../../src/optim/index.js";

beforeAll(async () => {
  await setBackend("reference");
});

function parameter(values: readonly number[]): { p: Tensor; map: Map<string, Parameter> } {
  const p = tensor(Float64Array.from(values), undefined, { requiresGrad: true });
  return { p, map: new Map([["p", { tensor: p, role: "bias" } as const]]) };
}

function run(options: SgdOptions, gradients: readonly (readonly number[])[]): number[][] {
  const { p, map } = parameter([1, -2]);
  const optimizer = new SGD(map, options);
  return gradients.map((gradient) => {
    p.grad = tensor(Float64Array.from(gradient));
    optimizer.step();
    optimizer.zeroGrad();
    return [...p.dataSync()];
  });
}

/** torch.optim.SGD's documented algorithm, written again for one number. */
function torchSgd(options: Required<SgdOptions>, start: number, gradients: readonly number[]): number[] {
  const { lr, momentum, weightDecay, dampening, nesterov, maximize } = options;
  let p = start;
  let buffer: number | null = null;
  return gradients.map((gradient) => {
    let g = (maximize ? -gradient : gradient) + weightDecay * p;
    if (momentum !== 0) {
      buffer = buffer === null ? g : momentum * buffer + (1 - dampening) * g;
      g = nesterov ? g + momentum * buffer : buffer;
    }
    p -= lr * g;
    return p;
  });
}

const gradients = [
  [0.5, 0.25],
  [0.1, -0.3],
  [0, 0.2],
] as const;

describe("SGD", () => {
  it("follows the reference's three steps", () => {
    const steps = run({ lr: 0.1, momentum: 0.9, weightDecay: 0.01 }, gradients);
    expect(steps.map((p) => p.map((v) => v.toFixed(6)))).toEqual([
      ["0.949000", "-2.023000"],
      ["0.892151", "-2.011677"],
      ["0.840095", "-2.019475"],
    ]);
  });

  for (const options of [
    { lr: 0.1, momentum: 0, weightDecay: 0, dampening: 0, nesterov: false, maximize: true },
    { lr: 0.1, momentum: 0, weightDecay: 0.1, dampening: 0.5, nesterov: false, maximize: false },
    { lr: 0.1, momentum: 0.9, weightDecay: 0.1, dampening: 0.5, nesterov: false, maximize: false },
    { lr: 0.1, momentum: 0.9, weightDecay: 0.1, dampening: 0, nesterov: true, maximize: true },
  ])
    it(`follows torch.optim.SGD with ${JSON.stringify(options)}`, () => {
      const ours = run(options, gradients);
      [1, -2].forEach((start, i) => {
        const theirs = torchSgd(
          options,
          start,
          gradients.map((g) => g[i]!),
        );
        theirs.forEach((value, step) => {
          expect(ours[step]![i]).toBeCloseTo(value, 14);
        });
      });
    });

  it("refuses what torch refuses", () => {
    const { map } = parameter([1]);
    expect(() => new SGD(map, { lr: -1 })).toThrow(/lr is -1/);
    expect(() => new SGD(map, { lr: 1, nesterov: true })).toThrow(/nesterov/);
    const group = { name: "a", parameters: map };
    expect(() => new SGD([group, group], { lr: 1 })).toThrow(/parameter p is in two groups/);
  });

  it("continues from its state to the bit, and starts afresh from an empty one", () => {
    const options = { lr: 0.1, momentum: 0.9, dampening: 0.1 };
    const step = (optimizer: SGD, p: Tensor, gradient: readonly number[]) => {
      p.grad = tensor(Float64Array.from(gradient));
      optimizer.step();
      optimizer.zeroGrad();
    };
    const first = parameter([1, -2]);
    const a = new SGD(first.map, options);
    const started = (optimizer: SGD) => optimizer.state().slots.get("momentumBuffer")!.size;
    expect(started(a)).toBe(0);
    step(a, first.p, gradients[0]);
    const second = parameter([...first.p.dataSync()]);
    const b = new SGD(second.map, options);
    b.loadState(a.state());
    step(a, first.p, gradients[1]);
    step(b, second.p, gradients[1]);
    expect(second.p.dataSync()).toEqual(first.p.dataSync());
    const stateOf = (buffers: [string, Tensor][], slot = "momentumBuffer") => ({
      slots: new Map([[slot, new Map(buffers)]]),
      steps: new Map<string, number>(),
    });
    expect(() => b.loadState(stateOf([["q", tensor([1])]]))).toThrow(/SGD: the state has q, which is not a parameter/);
    expect(() => b.loadState(stateOf([["p", tensor([1])]]))).toThrow(
      /momentumBuffer of p that is \[1\], expected \[2\]/,
    );
    expect(() => b.loadState(stateOf([["p", tensor([1, 2])]], "expAvg"))).toThrow(
      /has expAvg, expected momentumBuffer/,
    );
    expect(started(b)).toBe(1);
    b.loadState(stateOf([]));
    expect(started(b)).toBe(0);
  });

  it("leaves no storage behind", () => {
    const model = new Linear(3, 2);
    const optimizer = new SGD(model.namedParameters(), { lr: 0.1, momentum: 0.9 });
    const x = tensor([[1, 2, 3]]);
    const step = () =>
      scope(() => {
        model.forward(x).sum().backward();
        optimizer.step();
        optimizer.zeroGrad();
      });
    step();
    const before = liveStorage();
    for (let i = 0; i < 5; i++) step();
    expect(liveStorage()).toEqual(before);
  });
});

describe("splitNormParameters", () => {
  const counts = (name: string) => {
    const [weights, norm] = splitNormParameters(createModel(name, { init: "zeros" }));
    return [norm.parameters.size, weights.parameters.size];
  };

  it("counts 452 and 193 for S0, 198 and 115 for S4", () => {
    expect(counts("mobileone_s0")).toEqual([452, 193]);
    expect(counts("mobileone_s4")).toEqual([198, 115]);
  });

  it("gives norms base decay 0 and the others the optimiser's", () => {
    const groups = splitNormParameters(createModel("mobileone_s1", { init: "zeros", numClasses: 2 }));
    const optimizer = new SGD(groups, { lr: 0.1, weightDecay: 1e-4 });
    expect(optimizer.groups.map((g) => [g.name, g.lr, g.weightDecay, g.baseWeightDecay])).toEqual([
      ["weights", 0.1, 1e-4, 1e-4],
      ["norm", 0.1, 0, 0],
    ]);
  });
});
