/** Recorded calls against the same function run op by op: equal bits, new inputs, changing rates, clear refusals. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { independentGroups } from "../../src/compile/groups.js";
import {
  compile,
  conv2d,
  liveStorage,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  scope,
  setBackend,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { createModel } from "../../src/models/index.js";
import { update } from "../../src/ops/apply.js";

let backend: WasmBackend;
beforeEach(async () => {
  backend = (await setBackend("wasm", { threads: 2 })) as WasmBackend;
});
afterEach(() => backend.dispose());

const bits = (x: Tensor): number[] => [...new Uint8Array(x.dataSync().buffer)];

describe("replay", () => {
  it("keeps as many recordings as it is told, the ones used last", () => {
    let calls = 0;
    const compiled = compile(
      (x: Tensor) => {
        calls++;
        return noGrad(() => x.mul(2).add(1).sum());
      },
      { recordings: 2 },
    );
    const run = (n: number) => scope(() => compiled(ones([n, 1000])).item());
    for (const n of [1, 1, 2, 2]) run(n);
    const bytesOfTwo = compiled.temporaryBytes;
    expect([run(1), run(2), run(1)]).toEqual([3000, 6000, 3000]);
    expect(calls).toBe(4);
    // 2 was not used for longest
    for (const n of [3, 3]) expect(run(n)).toBe(9000);
    run(1);
    expect(calls).toBe(6);
    expect(compiled.temporaryBytes).toBeGreaterThan(0);
    for (const n of [2, 2]) expect(run(n)).toBe(6000);
    expect(calls).toBe(8);
    expect(compiled.temporaryBytes).toBe(bytesOfTwo);
    compiled.dispose();
    expect(compiled.temporaryBytes).toBe(0);
    expect(() => compile((x: Tensor) => x, { recordings: 0 })).toThrow(/recordings is 0, expected a whole number/);
  });

  it("gives the bits of the plain call for new values, and new shapes record again", () => {
    const w = randn([3, 3, 2, 5], { seed: 1 });
    const fn = (x: Tensor) => noGrad(() => conv2d(x, w, { padding: 1 }).relu().mul(2).sum([1, 2]));
    const compiled = compile(fn);
    for (const [seed, n] of [
      [1, 2],
      [2, 2],
      [3, 2],
      [4, 3],
      [5, 3],
      [6, 3],
      [7, 2],
    ] as const) {
      const x = randn([n, 6, 7, 2], { seed });
      expect(bits(compiled(x))).toEqual(bits(fn(x)));
    }
    expect(compiled.temporaryBytes).toBeGreaterThan(0);
    compiled.dispose();
  });

  it("returns arrays and records of tensors, and takes views as arguments", () => {
    const compiled = compile((x: Tensor, times: number) => ({ twice: x.mul(2), sum: x.sum().mul(times) }));
    const all = randn([6, 3], { seed: 3 });
    for (let i = 0; i < 6; i++) {
      const { twice, sum } = compiled(all.slice([i], [1]), 3);
      expect(bits(twice)).toEqual(bits(all.slice([i], [1]).mul(2)));
      expect(bits(sum)).toEqual(bits(all.slice([i], [1]).sum().mul(3)));
    }
  });

  it("tells one argument given twice from two arguments", () => {
    const compiled = compile((a: Tensor, b: Tensor) => a.add(b));
    const [x, y] = [ones([3]), ones([3]).mul(5)];
    for (let i = 0; i < 4; i++) {
      expect(compiled(x, x).toArray()).toEqual([2, 2, 2]);
      expect(compiled(x, y).toArray()).toEqual([6, 6, 6]);
    }
  });
});

describe("a function without tensor arguments", () => {
  it("runs on the backend in use, and changes what it closes over at each call", () => {
    const total = tensor([0, 0, 0]).keep();
    const one = ones([3]).keep();
    const count = compile((times: number) => void update("accumulate", [total, one.mul(times)], {}));
    for (let i = 0; i < 4; i++) count(2);
    expect(total.toArray()).toEqual([8, 8, 8]);
  });
});

describe("groups", () => {
  it("hold writes into separate parts of one tensor side by side, and part those that meet", () => {
    const parts = (views: readonly (readonly [value: number, offset: number, length: number])[]) =>
      independentGroups(
        views.map(([value, offset, length], i) => {
          const into = { value, offset, shape: [length] };
          return {
            kind: "update",
            op: "assign",
            attrs: {},
            inputs: [into, { ...into, value: 100 + i }],
            outputs: [into],
          };
        }),
      );
    expect(
      parts([
        [0, 0, 4],
        [0, 4, 4],
        [1, 0, 4],
      ]),
    ).toEqual([{ from: 0, to: 3 }]);
    expect(
      parts([
        [0, 0, 4],
        [0, 3, 4],
        [0, 7, 1],
      ]),
    ).toEqual([
      { from: 0, to: 1 },
      { from: 1, to: 3 },
    ]);
  });
});

/** A small MobileOne trained on fixed batches; returns losses and final weights. */
function trainSmall(steps: number, isCompiled: boolean): { losses: number[]; weights: number[][]; live: number[] } {
  const model = createModel("mobileone_s0", { numClasses: 4, seed: 1 });
  const optimizer = new optim.SGD(optim.splitNormParameters(model), { lr: 0.05, momentum: 0.9, weightDecay: 1e-4 });
  const ema = new optim.Ema(model, { momentum: 0.1 });
  const labels = tensor(Int32Array.of(0, 1, 2, 3));
  const plain = (images: Tensor, y: Tensor): Tensor => {
    const loss = nn.crossEntropy(model.forward(images), y, { labelSmoothing: 0.1 });
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    ema.update();
    return loss;
  };
  const step = isCompiled ? compile(plain) : plain;
  const losses: number[] = [];
  const live: number[] = [];
  for (let s = 0; s < steps; s++) {
    for (const group of optimizer.groups) group.lr = 0.05 / (s + 1);
    scope(() => {
      losses.push(step(randn([4, 32, 32, 3], { seed: s }), labels).item());
    });
    live.push(liveStorage().bytes);
  }
  const weights = [...model.stateDict().values(), ...ema.state().averages.values()].map(bits);
  return { losses, weights, live };
}

describe("a training step", () => {
  it("has the same bits compiled and plain: losses, weights, running statistics, averages; rates are read each time", () => {
    const plain = trainSmall(5, false);
    const compiled = trainSmall(5, true);
    expect(compiled.losses).toEqual(plain.losses);
    expect(compiled.weights).toEqual(plain.weights);
    expect(new Set(compiled.live.slice(1)).size).toBe(1);
  });
});

describe("what cannot be recorded", () => {
  const second = (fn: (x: Tensor) => Tensor) => {
    const compiled = compile(fn);
    compiled(ones([2]));
    return () => compiled(ones([2]));
  };
  it("reading values", () => {
    expect(second((x) => x.mul(x.sum().item()))).toThrow(
      /reads the values of a float32 tensor of 1 elements\n {2}hint: return it/,
    );
  });
  it("results with a graph", () => {
    const w = tensor([1, 2], undefined, { requiresGrad: true });
    expect(second((x) => x.mul(w))).toThrow(/still connected to the gradient graph/);
  });
  it("gradients that outlive the call", () => {
    const w = tensor([1, 2], undefined, { requiresGrad: true });
    const compiled = compile((x: Tensor) => {
      const loss = x.mul(w).sum();
      loss.backward();
      return loss;
    });
    compiled(ones([2]));
    w.grad = null;
    expect(() => compiled(ones([2]))).toThrow(/1 tensors made inside outlive the call/);
  });
  it("leaves plain execution as it was", () => {
    expect(second((x) => x.mul(x.sum().item()))).toThrow();
    expect(ones([2]).sum().item()).toBe(2);
  });
});

describe("fusion", () => {
  const w = () => randn([3, 3, 4, 6], { seed: 1 });
  const opsOf = (fn: (x: Tensor) => Tensor) => {
    const compiled = compile((x: Tensor) => noGrad(() => fn(x)));
    const x = randn([2, 9, 8, 4], { seed: 2 });
    const expected = bits(fn(x));
    for (let i = 0; i < 3; i++) expect(bits(compiled(x))).toEqual(expected);
    return compiled.profile([x], 1)!.map((row) => row.op);
  };
  it("makes one op of conv2d, bias and relu, with the same bits", () => {
    const [kernel, bias] = [w(), randn([6], { seed: 3 })];
    expect(opsOf((x) => conv2d(x, kernel, { padding: 1 }).add(bias).relu())).toEqual(["conv2dBias"]);
    expect(opsOf((x) => bias.add(conv2d(x, kernel)))).toEqual(["conv2dBias"]);
  });
  it("leaves an intermediate that somebody else reads", () => {
    const [kernel, bias] = [w(), randn([6], { seed: 3 })];
    expect(
      opsOf((x) => {
        const z = conv2d(x, kernel);
        return z.add(bias).relu().add(z);
      }),
    ).toEqual(["conv2d", "add", "relu", "add"]);
  });
});

it("profiles instruction by instruction", () => {
  const w = randn([1, 1, 8, 16], { seed: 1 });
  const compiled = compile((x: Tensor) => noGrad(() => conv2d(x, w).relu()));
  const x = randn([2, 5, 5, 8]);
  expect(compiled.profile([x])).toBeNull();
  compiled(x);
  compiled(x);
  const rows = compiled.profile([x], 3)!;
  expect(rows.map((r) => r.op)).toEqual(["conv2d", "relu"]);
  expect(rows[0]!.flops).toBe(2 * 50 * 8 * 16);
  expect(rows[1]!.bytes).toBe(2 * 4 * 50 * 16);
});
