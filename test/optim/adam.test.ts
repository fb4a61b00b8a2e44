/** Adam and AdamW: what they refuse, their state, and counts that follow a compiled step wherever it ends. */
import { beforeAll, describe, expect, it } from "vitest";
import { compile, liveStorage, optim, setBackend, type Tensor, tensor } from "../../src/index.js";
import type { Parameter } from "../../src/nn/index.js";

beforeAll(async () => {
  await setBackend("reference");
});

const { Adam, AdamW } = optim;

function parameters(...names: string[]): { map: Map<string, Parameter>; tensors: Tensor[] } {
  const tensors = names.map((_, i) => tensor(Float64Array.of(1 + i, -2), undefined, { requiresGrad: true }));
  return { tensors, map: new Map(names.map((name, i) => [name, { tensor: tensors[i]!, role: "bias" } as const])) };
}

function stepWith(optimizer: optim.Optimizer, p: Tensor, ...gradient: number[]): void {
  p.grad = tensor(Float64Array.from(gradient));
  optimizer.step();
  optimizer.zeroGrad();
}

const counts = (optimizer: optim.Optimizer) => Object.fromEntries(optimizer.state().steps);

describe("Adam", () => {
  it("has PyTorch's defaults", () => {
    const { map } = parameters("p");
    const same = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, amsgrad: false, maximize: false };
    expect(new Adam(map).options).toEqual({ ...same, weightDecay: 0 });
    expect(new AdamW(map).options).toEqual({ ...same, weightDecay: 1e-2 });
    expect(new AdamW(map).groups.map(({ lr, weightDecay }) => [lr, weightDecay])).toEqual([[1e-3, 1e-2]]);
  });

  it("refuses what torch refuses", () => {
    const { map } = parameters("p");
    expect(() => new Adam(map, { lr: -1 })).toThrow(/Adam: lr is -1, expected at least 0/);
    expect(() => new AdamW(map, { betas: [0.9, 1] })).toThrow(
      /AdamW: betas\[1\] is 1, expected at least 0 and below 1/,
    );
    expect(() => new Adam(map, { betas: [Number.NaN, 0.9] })).toThrow(/betas\[0\] is NaN/);
    expect(() => new Adam(map, { eps: -1 })).toThrow(/eps is -1/);
    const group = { name: "a", parameters: map };
    expect(() => new Adam([{ ...group, lr: -2 }])).toThrow(/lr is -2/);
    expect(() => new Adam([group, group])).toThrow(/parameter p is in two groups/);
  });

  it.each([false, true])("continues from its state to the bit, amsgrad %s", (amsgrad) => {
    const first = parameters("p", "q");
    const a = new Adam(first.map, { lr: 0.1, amsgrad });
    for (let i = 0; i < 3; i++) stepWith(a, first.tensors[0]!, 0.5 - i, 0.25);
    stepWith(a, first.tensors[1]!, 1, 2);
    expect(counts(a)).toEqual({ p: 3, q: 1 });
    const second = parameters("p", "q");
    second.tensors.forEach((p, i) => void p.write(first.tensors[i]!.dataSync()));
    const b = new Adam(second.map, { lr: 0.1, amsgrad });
    b.loadState(a.state());
    expect(counts(b)).toEqual(counts(a));
    for (const [optimizer, { tensors }] of [
      [a, first],
      [b, second],
    ] as const)
      for (const p of tensors) stepWith(optimizer, p, 0.3, -0.1);
    expect(second.tensors.map((p) => p.dataSync())).toEqual(first.tensors.map((p) => p.dataSync()));
    b.loadState({ slots: new Map(), steps: new Map() });
    expect(counts(b)).toEqual({});
    expect([...b.state().slots.values()].map(({ size }) => size)).toEqual(amsgrad ? [0, 0, 0] : [0, 0]);
  });

  it("refuses a state that does not fit, before anything changes", () => {
    const { map, tensors } = parameters("p");
    const optimizer = new Adam(map, { amsgrad: true });
    stepWith(optimizer, tensors[0]!, 1, 1);
    const { slots, steps } = optimizer.state();
    const before = [...slots.values()].map((own) => own.get("p")!.dataSync());
    const refused = (state: optim.OptimizerState, pattern: RegExp) => {
      expect(() => optimizer.loadState(state)).toThrow(pattern);
      expect(counts(optimizer)).toEqual({ p: 1 });
      expect([...optimizer.state().slots.values()].map((own) => own.get("p")!.dataSync())).toEqual(before);
    };
    refused({ slots, steps: new Map() }, /Adam: the state says undefined updates of p, expected a count of at least 1/);
    refused({ slots, steps: new Map([["p", 1.5]]) }, /says 1\.5 updates of p/);
    refused(
      { slots: new Map([...slots].slice(0, 2)), steps },
      /has no maxExpAvgSq of p, expected expAvg, expAvgSq, max/,
    );
    refused({ slots: new Map(), steps }, /has no expAvg of p/);
    const other = new Adam(parameters("p").map);
    expect(() => other.loadState(optimizer.state())).toThrow(
      /has maxExpAvgSq, expected expAvg, expAvgSq\n.*same options/,
    );
  });

  it("leaves no storage behind", () => {
    const before = liveStorage();
    const { map, tensors } = parameters("p");
    const optimizer = new AdamW(map);
    for (let i = 0; i < 3; i++) stepWith(optimizer, tensors[0]!, 1, 2);
    optimizer.dispose();
    for (const p of tensors) p.dispose();
    expect(liveStorage()).toEqual(before);
  });
});

describe("counts of a compiled step", () => {
  it("advance with every replay, and not with a call that is taken back", () => {
    const { map, tensors } = parameters("p", "q");
    const [p, q] = tensors as [Tensor, Tensor];
    const optimizer = new Adam(map, { lr: 0.1 });
    const step = compile((both: boolean, isRead: boolean) => {
      (both ? p.mul(q) : p.square()).sum().backward();
      optimizer.step();
      optimizer.zeroGrad();
      if (isRead) p.dataSync();
    });
    for (let i = 0; i < 4; i++) step(true, false);
    step(false, false);
    expect(counts(optimizer)).toEqual({ p: 5, q: 4 });
    const before = tensors.map((one) => one.dataSync());
    expect(() => step(true, true)).toThrow(/reads the values/);
    expect(counts(optimizer)).toEqual({ p: 5, q: 4 });
    expect(tensors.map((one) => one.dataSync())).toEqual(before);
    step(false, false);
    expect(counts(optimizer)).toEqual({ p: 6, q: 4 });
  });
});
