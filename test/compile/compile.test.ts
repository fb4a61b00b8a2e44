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
import { MobileOneBlock } from "../../src/models/mobileone/block.js";
import { blockSpecs, variants } from "../../src/models/mobileone/variants.js";
import { update } from "../../src/ops/apply.js";

let backend: WasmBackend;
beforeEach(async () => {
  backend = (await setBackend("wasm", { threads: 2 })) as WasmBackend;
});
afterEach(() => backend.dispose());

const bits = (x: Tensor): number[] => [...new Uint8Array(x.dataSync().buffer)];

describe("replay", () => {
  it("keeps as many programs as it is told, the ones used last", () => {
    const compiled = compile((x: Tensor) => noGrad(() => x.mul(2).add(1).sum()), { recordings: 2 });
    const run = (n: number) => scope(() => compiled(ones([n, 1000])).item());
    for (const n of [1, 1, 2, 2]) run(n);
    const bytesOfTwo = compiled.temporaryBytes;
    expect([run(1), run(2), run(1)]).toEqual([3000, 6000, 3000]);
    expect(compiled.stats).toEqual({ interpreted: 2, recorded: 2, replayed: 5 });
    // 2 was not used for longest
    for (const n of [3, 3]) expect(run(n)).toBe(9000);
    run(1);
    expect(compiled.stats).toEqual({ interpreted: 3, recorded: 3, replayed: 7 });
    expect(compiled.temporaryBytes).toBeGreaterThan(0);
    for (const n of [2, 2]) expect(run(n)).toBe(6000);
    expect(compiled.stats.recorded).toBe(4);
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
    expect(new Set(compiled.live.slice(3)).size).toBe(1);
  });
});

describe("what is refused, with nothing changed", () => {
  const w = () => tensor([1, 2], undefined, { requiresGrad: true });
  it.each<[string, (x: Tensor) => unknown, RegExp]>([
    [
      "item()",
      (x) => x.sum().item(),
      /reads the values of a float32 tensor of 1 elements that it computes\n {2}hint: return/,
    ],
    ["dataSync()", (x) => x.mul(2).dataSync(), /reads the values of a float32 tensor of 2 elements/],
    ["toArray()", (x) => x.mul(2).toArray(), /reads the values/],
    ["view()", (x) => x.view(), /takes a view of the values/],
    ["a promise", (x) => Promise.resolve(x), /returned a promise, expected a synchronous function/],
  ])("%s", (_, body, message) => {
    const [weight, state] = [w(), tensor([5, 6]).keep()];
    const optimizer = new optim.SGD(new Map([["w", { tensor: weight, role: "bias" as const }]]), {
      lr: 1,
      momentum: 0.9,
    });
    const compiled = compile((x: Tensor) => {
      weight.mul(x).sum().backward();
      optimizer.step();
      weight.requiresGrad = false;
      update("accumulate", [state, x], {});
      return body(x);
    });
    const before = liveStorage();
    for (let i = 0; i < 3; i++) {
      const x = ones([2]);
      expect(() => compiled(x)).toThrow(message);
      x.dispose();
      expect([weight.toArray(), weight.grad, weight.requiresGrad]).toEqual([[1, 2], null, true]);
      expect(state.toArray()).toEqual([5, 6]);
      expect(liveStorage()).toEqual(before);
    }
  });
  it("reading, even where the function catches the error", () => {
    const compiled = compile((x: Tensor) => {
      try {
        return x.mul(x.sum().item());
      } catch {
        return x;
      }
    });
    expect(() => compiled(ones([2]))).toThrow(/reads the values/);
  });
  it("an asynchronous function, when it is given", () => {
    expect(() => compile(async (x: Tensor) => x)).toThrow(/asynchronous or a generator, expected a synchronous/);
    expect(() =>
      compile(function* (x: Tensor) {
        yield x;
      }),
    ).toThrow(/asynchronous or a generator/);
  });
  it("await x.data() rejects", async () => {
    let read: Promise<unknown> | undefined;
    const compiled = compile((x: Tensor) => {
      read = x.mul(2).data();
      return x;
    });
    expect(() => compiled(ones([2]))).toThrow(/reads the values/);
    await expect(read).rejects.toThrow(/reads the values/);
  });
  it("leaves plain execution as it was", () => {
    expect(() => compile((x: Tensor) => x.mul(x.sum().item()))(ones([2]))).toThrow();
    expect(ones([2]).sum().item()).toBe(2);
  });
});

describe("memory", () => {
  it("plans a view's own bytes, not those of its storage", () => {
    const all = ones([1000, 512]);
    const compiled = compile((x: Tensor) => x.mul(2).sum());
    for (let i = 0; i < 3; i++) compiled(all.slice([i], [1]));
    expect(compiled.stats.replayed).toBe(2);
    expect(compiled.temporaryBytes).toBeLessThan(4 * 512 * 3);
  });
  it.each(["wasm", "reference"] as const)("keeps its live bytes on %s, whatever the function drops", async (name) => {
    await setBackend(name, { threads: 1 });
    const weight = tensor([1, 2], undefined, { requiresGrad: true });
    const compiled = compile((x: Tensor) => {
      weight.mul(x).exp();
      return weight.mul(x).sum().detach();
    });
    const live: number[] = [];
    for (let i = 0; i < 6; i++) {
      scope(() => void compiled(ones([2])));
      live.push(liveStorage().bytes);
    }
    expect(new Set(live.slice(2)).size).toBe(1);
  });
  it("frees programs whose captured tensors are gone", () => {
    let w = ones([1000]);
    const compiled = compile((x: Tensor) => x.mul(w));
    const before = liveStorage();
    for (let i = 0; i < 3; i++) scope(() => void compiled(ones([1000])));
    expect(compiled.temporaryBytes).toBeGreaterThan(0);
    w.dispose();
    expect(compiled.temporaryBytes).toBe(0);
    w = ones([1000]);
    expect(liveStorage()).toEqual(before);
  });
  it("a tensor that was neither returned nor kept says so", () => {
    let inner: Tensor | undefined;
    const compiled = compile((x: Tensor) => {
      inner = x.mul(2);
      return inner.sum();
    });
    compiled(ones([2]));
    expect(() => inner!.dataSync()).toThrow(/its memory was freed/);
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
  it("makes one op of what reaches the input of a folded block, and of the relu before it, with the same bits", () => {
    const names = blockSpecs(variants.mobileone_s0).slice(0, 3);
    const specs = [
      { ...names[2]!, inChannels: 6, outChannels: 20, stride: 1 },
      { ...names[1]!, inChannels: 20, outChannels: 20, groups: 20, stride: 1 },
      { ...names[2]!, inChannels: 20, outChannels: 33, stride: 1 },
      { ...names[1]!, inChannels: 33, outChannels: 33, groups: 33, stride: 2 },
    ];
    const first = randn([3, 3, 4, 6], { seed: 1, requiresGrad: true });
    const blocks = specs.map((spec) => new MobileOneBlock(spec, {}, "folded"));
    const parameters = [first, ...blocks.flatMap((block) => [...block.parameters()])];
    const step = (x: Tensor): Tensor[] => {
      for (const parameter of parameters) parameter.grad = null;
      const y = blocks.reduce((z, block) => block.forward(z), conv2d(x, first, { padding: 1 }).relu());
      y.square().mean().backward();
      return parameters.map((parameter) => parameter.grad!.mul(1));
    };
    const x = randn([2, 9, 8, 4], { seed: 2 });
    const expected = step(x).map(bits);
    const compiled = compile(step);
    for (let i = 0; i < 3; i++) expect(compiled(x).map(bits)).toEqual(expected);
    const ops = compiled.profile([x], 1)!.map((row) => row.op);
    const count = (name: string) => ops.filter((op) => op === name).length;
    // the first block's relu has no bias behind it, the last block's own is behind nothing folded
    expect(["foldedInputGrad", "patchMomentsGrad", "biasReluGrad", "reluGrad"].map(count)).toEqual([4, 0, 1, 0]);
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
  const rows = compiled.profile([x], 3)!;
  expect(rows.map((r) => r.op)).toEqual(["conv2d", "relu"]);
  expect(rows[0]!.flops).toBe(2 * 50 * 8 * 16);
  expect(rows[1]!.bytes).toBe(2 * 4 * 50 * 16);
});
