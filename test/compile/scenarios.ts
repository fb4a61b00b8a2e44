/**
 * Functions whose results depend on something that a recording could miss, each with calls that tell. A scenario is set up
 * twice, once with compile() and once without; both must say the same at every call.
 */
import {
  bernoulli,
  concat,
  conv2d,
  enableGrad,
  gather,
  getBackend,
  interpolate,
  manualSeed,
  nn,
  noGrad,
  oneHot,
  ones,
  optim,
  pad,
  rand,
  randn,
  scope,
  stack,
  Tensor,
  tensor,
  where,
  zeros,
} from "../../src/index.js";
import { update } from "../../src/ops/apply.js";
import { Scalar } from "../../src/ops/scalar.js";

/** compile() or nothing: takes a function and gives one that does the same. */
export type Wrap = <A extends readonly unknown[], R>(fn: (...args: A) => R) => (...args: A) => R;

export interface Scenario {
  readonly name: string;
  /** What each call shows, in order; tensors and numbers, nested in any way. */
  readonly run: (wrap: Wrap) => Iterable<unknown>;
}

const vector = (...values: number[]): Tensor => tensor(values).keep();
const leaf = (...values: number[]): Tensor => tensor(values, undefined, { requiresGrad: true }).keep();
const times = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
/** The message of what `body` throws; what it returns where it throws nothing. */
const attempt = (body: () => unknown): unknown => {
  try {
    return body();
  } catch (error) {
    return String((error as Error).message);
  }
};

const scenarios: Record<string, (wrap: Wrap) => Iterable<unknown>> = {
  *"batch norm that goes from training to evaluation"(wrap) {
    const bn = new nn.BatchNorm2d(3);
    const f = wrap((x: Tensor) => noGrad(() => bn.forward(x)));
    for (const mode of [true, true, true, false, false, true, false]) {
      bn.train(mode);
      yield [f(randn([4, 2, 2, 3], { seed: 1 })), bn.runningMean, bn.runningVar, bn.numBatchesTracked];
    }
  },
  *"a step of attention on normalised and resized pictures, with dropout that goes"(wrap) {
    const [norm, groups] = [new nn.LayerNorm(6), new nn.GroupNorm(3, 6)];
    const attention = new nn.MultiheadAttention(6, 2, { dropout: 0.5 });
    const parameters = [norm, groups, attention].flatMap((layer, i) =>
      [...layer.namedParameters()].map(([name, parameter]) => [`${i}.${name}`, parameter] as const),
    );
    const optimizer = new optim.SGD(new Map(parameters), { lr: 0.1 });
    const step = wrap((x: Tensor) => {
      const large = interpolate(groups.forward(x), { size: [3, 4], mode: "bilinear" });
      const rows = norm.forward(large.reshape([x.shape[0]!, 12, 6]));
      const loss = attention.forward(rows).square().mean();
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
      return loss;
    });
    for (const i of times(6)) {
      attention.train(i < 4);
      yield [step(randn([2, 2, 3, 6], { seed: i })), norm.weight, attention.inProjWeight];
    }
  },
  *"gradients gathered over two calls before a step"(wrap) {
    const w = leaf(1);
    const optimizer = new optim.SGD(new Map([["w", { tensor: w, role: "bias" as const }]]), { lr: 0.1 });
    const f = wrap((x: Tensor) => {
      const loss = x.mul(w).sum();
      loss.backward();
      return loss;
    });
    for (const i of times(8)) {
      yield f(vector(1));
      if (i % 2 === 0) continue;
      optimizer.step();
      optimizer.zeroGrad();
      yield w;
    }
  },
  *"gradients gathered over four calls, with a step inside another compiled function"(wrap) {
    const w = leaf(1, 2);
    const optimizer = new optim.SGD(new Map([["w", { tensor: w, role: "bias" as const }]]), { lr: 0.1, momentum: 0.9 });
    const f = wrap((x: Tensor) => x.mul(w).square().sum().backward());
    const step = wrap(() => {
      optimizer.step();
      optimizer.zeroGrad();
    });
    for (const i of times(12)) {
      f(vector(i, 1));
      if (i % 4 === 3) step();
      yield [w, w.grad];
    }
  },
  *"the gradient of an argument"(wrap) {
    const f = wrap((x: Tensor) => x.square().sum().backward());
    for (const i of times(5)) {
      const x = leaf(i, 2);
      f(x);
      yield x.grad;
    }
  },
  *"the gradient of one argument, over calls"(wrap) {
    const x = leaf(3, 2);
    const f = wrap((v: Tensor) => v.square().sum().backward());
    for (const _ of times(5)) {
      f(x);
      yield x.grad;
    }
  },
  *"a compiled function inside another one"(wrap) {
    const g = wrap((x: Tensor) => x.mul(2));
    const f = wrap((x: Tensor) => g(x).add(1));
    for (const i of times(5)) yield [f(vector(i)), g(vector(i))];
  },
  *"an optimiser's step that is compiled, inside another one"(wrap) {
    const w = leaf(1, 2);
    const optimizer = new optim.SGD(new Map([["w", { tensor: w, role: "bias" as const }]]), { lr: 0.1, momentum: 0.5 });
    const step = wrap(() => {
      optimizer.step();
      optimizer.zeroGrad();
    });
    const f = wrap((x: Tensor) => {
      x.mul(w).sum().backward();
      step();
    });
    for (const i of times(6)) {
      f(vector(i, 1));
      yield w;
    }
  },
  *"an argument that is a captured tensor, and then is not"(wrap) {
    const w = vector(1, 2);
    const f = wrap((x: Tensor) => x.add(w));
    for (const x of [w, w, w, vector(5, 6), w, vector(1, 1), vector(7, 7)]) yield f(x);
  },
  *"an argument that is a view of a captured tensor"(wrap) {
    const w = vector(1, 2, 3, 4);
    const f = wrap((x: Tensor) => x.add(w.slice([1], [2])));
    for (const x of [w.slice([0], [2]), w.slice([2], [2]), w.slice([1], [2]), vector(9, 9), w.slice([0], [2])])
      yield f(x);
  },
  *"two arguments that are one tensor, views that overlap, views that do not"(wrap) {
    const w = vector(1, 2, 3, 4);
    const f = wrap((a: Tensor, b: Tensor) => {
      update("accumulate", [a, b], {});
      return a.mul(b);
    });
    const at = (i: number) => w.slice([i], [2]);
    for (const [a, b] of [
      [at(0), at(2)],
      [at(0), at(0)],
      [at(0), at(1)],
      [at(1), at(0)],
      [at(0), at(2)],
      [at(2), at(0)],
    ] as const)
      yield [f(a!, b!), w];
  },
  *"Infinity, −Infinity, NaN, 0 and −0 as arguments"(wrap) {
    const f = wrap((x: Tensor, k: number) => x.div(k));
    for (const k of [Infinity, Infinity, -Infinity, -Infinity, NaN, NaN, 0, 0, -0, -0, 1]) yield f(vector(1, -2), k);
  },
  *"Infinity, NaN and −0 as captured numbers"(wrap) {
    let k = 0;
    const f = wrap((x: Tensor) => x.mul(k).add(k));
    for (k of [0, -0, 0, Infinity, -Infinity, NaN, 1, 1]) yield f(vector(1, -2, 0));
  },
  *"a captured number that changes at each call"(wrap) {
    let k = 1;
    const f = wrap((x: Tensor) => x.mul(k));
    for (; k < 7; k++) yield f(vector(1, 2));
  },
  *"a captured number that is an attribute"(wrap) {
    let fill = 0;
    const f = wrap((x: Tensor) => pad(x, [[1, 1]], fill));
    for (fill of [0, 0, -0, 0, 1, 1, 1, Number.NaN, Number.NaN, 0]) yield f(vector(1, 2));
  },
  *"requiresGrad of an argument"(wrap) {
    const f = wrap((x: Tensor) => {
      const y = x.square().sum();
      if (x.requiresGrad) y.backward();
      return y;
    });
    for (const flag of [false, false, true, true, false, true]) {
      const x = vector(1, 2);
      x.requiresGrad = flag;
      yield [f(x), x.grad];
    }
  },
  *"requiresGrad of a captured tensor, switched off and on"(wrap) {
    const [w, v] = [leaf(1, 2), leaf(3, 4)];
    const f = wrap((x: Tensor) => x.mul(w).mul(v).sum().backward());
    for (const flag of [true, true, false, false, true]) {
      v.requiresGrad = flag;
      f(vector(1, 1));
      yield [w.grad, v.grad];
      w.grad = null;
      v.grad = null;
    }
  },
  *"grad mode around the call"(wrap) {
    const w = leaf(2);
    const f = wrap((x: Tensor) => x.mul(w));
    for (const on of [true, false, true, false, false, true]) {
      const y = on ? enableGrad(() => f(vector(3))) : noGrad(() => f(vector(3)));
      yield [y, y.edge !== null];
    }
  },
  *"a result with a graph, that backward goes through later"(wrap) {
    const w = leaf(2, 3);
    const f = wrap((x: Tensor) => x.mul(w).square().sum());
    for (const i of times(5)) {
      f(vector(i, 1)).backward();
      yield w.grad;
    }
  },
  *"an argument with a graph, that backward goes through inside"(wrap) {
    const w = leaf(2, 3);
    const f = wrap((y: Tensor) => y.square().sum().backward());
    for (const i of times(5)) {
      f(w.mul(i));
      yield w.grad;
    }
  },
  *"a graph that is dropped"(wrap) {
    const w = leaf(2, 3);
    const f = wrap((x: Tensor) => {
      x.mul(w).square();
      return x.mul(w).detach();
    });
    for (const i of times(4)) yield f(vector(i, 1));
  },
  *"a captured tensor that is replaced"(wrap) {
    let w = vector(1, 2);
    const f = wrap((x: Tensor) => x.mul(w));
    for (const i of times(6)) {
      if (i > 2) w = vector(i, i);
      yield f(vector(1, 1));
    }
  },
  *"a captured tensor that is replaced by one of another shape"(wrap) {
    let w = vector(1, 2);
    const f = wrap((x: Tensor) => x.mul(w).sum());
    for (w of [w, w, w, vector(3), vector(3), vector(3), w]) yield f(vector(1, 1));
  },
  *"a module's weight that is replaced"(wrap) {
    const layer = { weight: ones([2, 2]).keep() };
    const f = wrap((x: Tensor) => x.matmul(layer.weight));
    for (const i of times(6)) {
      if (i === 3) layer.weight = ones([2, 2]).mul(3).keep();
      yield f(tensor([[1, 2]]));
    }
  },
  *"a captured tensor that is freed, and another one that takes its place"(wrap) {
    let w = vector(1, 2);
    const f = wrap((x: Tensor) => x.mul(w));
    for (const i of times(6)) {
      yield f(vector(1, 1));
      w.dispose();
      w = vector(i, i + 1);
    }
  },
  *"captured tensors that are written between calls"(wrap) {
    const w = vector(1, 2);
    const f = wrap((x: Tensor) => x.mul(w));
    for (const i of times(5)) {
      yield f(vector(1, 1));
      w.write(Float32Array.of(i, -i));
    }
  },
  *"an array of tensors as an argument, of changing length"(wrap) {
    const f = wrap((xs: readonly Tensor[]) => concat([...xs]).sum());
    for (const n of [1, 1, 2, 2, 3, 1, 2]) yield f(times(n).map((i) => vector(i, n)));
  },
  *"nested objects and maps of tensors as arguments and results"(wrap) {
    const f = wrap(
      (batch: {
        readonly a: Tensor;
        readonly more: { readonly b: readonly Tensor[] };
        readonly m: Map<string, Tensor>;
      }) => ({
        deep: { list: [batch.a.add(batch.more.b[0]!), { last: batch.m.get("c")!.mul(2) }] },
        count: batch.more.b.length,
        text: "x",
        map: new Map([["s", batch.a.sum()]]),
        nothing: null,
        missing: undefined,
      }),
    );
    for (const i of times(4)) yield f({ a: vector(i), more: { b: [vector(2)] }, m: new Map([["c", vector(i, 1)]]) });
  },
  *"a function as an argument"(wrap) {
    const f = wrap((x: Tensor, g: (x: Tensor) => Tensor) => g(x).sum());
    for (const g of [(x: Tensor) => x.mul(2), (x: Tensor) => x.mul(2), (x: Tensor) => x.exp(), (x: Tensor) => x.neg()])
      yield f(vector(1, 2), g);
  },
  *"text, booleans, null and bigint as arguments"(wrap) {
    const f = wrap((x: Tensor, mode: string, on: boolean, not: null, big: bigint) =>
      mode === "add" ? x.add(on ? 1 : 2) : x.mul(Number(big) + (not === null ? 1 : 0)),
    );
    for (const [mode, on, big] of [
      ["add", true, 1n],
      ["add", true, 2n],
      ["add", false, 2n],
      ["mul", false, 2n],
      ["mul", true, 3n],
      ["mul", true, 3n],
    ] as const)
      yield f(vector(1, 2), mode, on, null, big);
  },
  *"numbers, nothing and text as results"(wrap) {
    let k = 0;
    const f = wrap((x: Tensor, what: string) => {
      k++;
      update("accumulate", [x, x], {});
      return what === "number" ? k : what === "none" ? undefined : what;
    });
    const x = vector(1);
    for (const what of ["number", "number", "number", "none", "none", "text"]) yield [f(x, what), x];
  },
  *"the argument itself, a captured tensor and one tensor twice as results"(wrap) {
    const w = vector(7);
    const f = wrap((x: Tensor) => {
      const y = x.mul(2);
      return [x, w, y, y, y.reshape([1, 1])];
    });
    for (const i of times(4)) {
      const x = vector(i);
      const [a, b, c, d, e] = f(x);
      yield [a === x, b === w, c === d, a, b, c, e];
    }
  },
  *"random numbers: they advance at each call"(wrap) {
    manualSeed(5);
    const f = wrap(() => [randn([3]), rand([2]), bernoulli([4], 0.5)]);
    for (const _ of times(5)) yield [f(), randn([1])];
  },
  *"random numbers: manualSeed between calls, and inside"(wrap) {
    const f = wrap((inside: boolean) => {
      if (inside) manualSeed(9);
      return randn([3]).add(rand([3]));
    });
    for (const [before, inside] of [
      [1, false],
      [1, false],
      [2, false],
      [1, false],
      [0, true],
      [0, true],
      [1, false],
    ] as const) {
      manualSeed(before);
      yield [f(inside), randn([1])];
    }
  },
  *"random numbers with a seed of their own"(wrap) {
    let seed = 1;
    const f = wrap(() => randn([3], { seed }));
    for (seed of [1, 1, 1, 2, 2, 1]) yield f();
  },
  *"dropout by hand"(wrap) {
    manualSeed(3);
    const w = leaf(1, 2, 3, 4);
    const f = wrap((p: number) => {
      const y = w.mul(bernoulli([4], 1 - p).div(1 - p)).sum();
      y.backward();
      return y;
    });
    for (const p of [0.5, 0.5, 0.5, 0.2, 0.5]) {
      yield f(p);
      yield w.grad;
    }
  },
  *"tensors from host values inside"(wrap) {
    let values = [1, 2];
    const f = wrap((x: Tensor) => x.add(tensor(values)));
    for (values of [
      [1, 2],
      [1, 2],
      [1, 2],
      [3, 4],
      [1, 2],
      [Number.NaN, -0],
    ])
      yield f(vector(0, -0));
  },
  *"long tensors from host values inside"(wrap) {
    let k = 0;
    const f = wrap((x: Tensor) => x.add(tensor(Float32Array.from({ length: 300 }, (_, i) => i * k))));
    for (k of [1, 1, 1, 2, 3]) yield f(zeros([300]));
  },
  *"zeros, ones and values that are written over inside"(wrap) {
    let k = 1;
    const f = wrap((x: Tensor) => {
      const total = zeros([2]);
      update("accumulate", [total, x], {});
      update("accumulate", [total, tensor([k, k])], {});
      const second = ones([2]).write(Float32Array.of(k, 5));
      const third = x.mul(1);
      third.write(Float32Array.of(9, k));
      return [total, second.add(third)];
    });
    for (k of [1, 1, 1, 2, 3]) yield f(vector(1, 2));
  },
  *"a tensor that is made inside and closed over by the next call"(wrap) {
    let state: Tensor | null = null;
    const f = wrap((x: Tensor) => {
      const next: Tensor = state ? state.mul(0.5).add(x) : x.mul(1);
      state = next.keep();
      return next.sum();
    });
    for (const i of times(6)) yield [f(vector(i, 1)), state];
  },
  *"a counter in JavaScript"(wrap) {
    let calls = 0;
    const f = wrap((x: Tensor) => {
      calls++;
      return calls % 2 === 0 ? x.mul(calls) : x.add(calls);
    });
    for (const _ of times(7)) yield [f(vector(1)), calls];
  },
  *"values of an argument that decide"(wrap) {
    const f = wrap((x: Tensor) => (x.sum === undefined ? x : x.dataSync()[0]! > 0 ? x.mul(2) : x.neg()));
    for (const value of [1, 1, -1, -1, 1, -2]) yield f(vector(value));
  },
  *"an argument that is written over"(wrap) {
    const f = wrap((x: Tensor, y: Tensor) => update("accumulate", [x, y], {}));
    const x = vector(1, 2);
    for (const i of times(5)) {
      f(x, vector(i, 1));
      yield x;
    }
    for (const i of times(3)) {
      const other = vector(i, i);
      f(other, vector(1, 1));
      yield other;
    }
  },
  *"a view of an argument that is written over"(wrap) {
    const f = wrap((x: Tensor, y: Tensor) => update("assign", [x.slice([1], [1]), y], {}));
    for (const i of times(4)) {
      const x = vector(1, 2, 3, 4);
      f(x.slice([i % 2], [3]), vector(i));
      yield x;
    }
  },
  *"write() on an argument and on a captured tensor"(wrap) {
    const w = vector(0, 0);
    let k = 0;
    const f = wrap((x: Tensor) => {
      const before = x.add(w);
      w.write(Float32Array.of(k, k + 1));
      x.write(Float32Array.of(-k, -k));
      return [before, x.add(w)];
    });
    for (k = 0; k < 5; k++) {
      const x = vector(1, 2);
      yield [f(x), x, w];
    }
  },
  *"label out of range, from a replay too"(wrap) {
    const w = leaf(1, 2, 3);
    const f = wrap((y: Tensor) => nn.crossEntropy(w.reshape([1, 3]), y));
    for (const label of [0, 1, 2, 3, 0, -1, 2]) yield attempt(() => f(tensor(Int32Array.of(label))).detach());
  },
  *"an index out of range, given and computed, between two updates"(wrap) {
    const [table, counter] = [vector(10, 20, 30), vector(0)];
    const one = vector(1);
    const f = wrap((i: Tensor, isComputed: boolean) => {
      update("accumulate", [counter, one], {});
      const rows = gather(table, isComputed ? i.add(i) : i);
      update("accumulate", [counter, one], {});
      return rows.sum();
    });
    for (const [i, isComputed] of [
      [0, false],
      [1, false],
      [2, false],
      [3, false],
      [1, false],
      [0, true],
      [1, true],
      [1, true],
      [2, true],
      [1, true],
      [-1, true],
      [-1, false],
    ] as const)
      yield [attempt(() => f(tensor(Int32Array.of(i)), isComputed)), counter];
  },
  *"oneHot of computed indices out of range, after gradients were set"(wrap) {
    const w = leaf(1, 1);
    const f = wrap((i: Tensor) => {
      w.square().sum().backward();
      const hot = oneHot(i.mul(i), 5);
      w.grad = null;
      return hot;
    });
    for (const i of [1, 2, 2, 3, 1]) {
      yield [attempt(() => f(tensor(Int32Array.of(i)))), w.grad];
      w.grad = null;
    }
  },
  *"an error of the function after an update"(wrap) {
    const counter = vector(0);
    const one = vector(1);
    const f = wrap((x: Tensor, fail: boolean) => {
      update("accumulate", [counter, one], {});
      if (fail) throw new Error("refused");
      return x.mul(2);
    });
    for (const fail of [false, false, true, false, true, true, false])
      yield [attempt(() => f(vector(1), fail)), counter];
  },
  *"a shape error in the middle of a step"(wrap) {
    const w = leaf(1, 2);
    const optimizer = new optim.SGD(new Map([["w", { tensor: w, role: "bias" as const }]]), { lr: 0.1, momentum: 0.9 });
    const f = wrap((x: Tensor) => {
      w.square().sum().backward();
      optimizer.step();
      optimizer.zeroGrad();
      return x.mul(w);
    });
    for (const x of [vector(1, 1), vector(1, 1), vector(1, 2, 3), vector(1, 1), vector(1, 2, 3)])
      yield [attempt(() => f(x).detach()), w, w.grad];
  },
  *"a learning rate that is set, momentum, two groups"(wrap) {
    const [w, v] = [leaf(1, 2), leaf(3)];
    const optimizer = new optim.SGD(
      [
        { name: "a", parameters: new Map([["w", { tensor: w, role: "bias" as const }]]) },
        { name: "b", parameters: new Map([["v", { tensor: v, role: "bias" as const }]]), lr: 0.5, weightDecay: 0.1 },
      ],
      { lr: 0.1, momentum: 0.9, nesterov: true },
    );
    const f = wrap((x: Tensor) => {
      x.mul(w).square().sum().mul(v.sum()).backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
    for (const i of times(6)) {
      optimizer.groups[0]!.lr = 0.1 / (i + 1);
      optimizer.groups[1]!.weightDecay = 0.1 * i;
      f(vector(1, 0.5));
      yield [w, v];
    }
  },
  *"an optimiser that is replaced, and dampening"(wrap) {
    const w = leaf(1, 2);
    const make = (lr: number) =>
      new optim.SGD(new Map([["w", { tensor: w, role: "bias" as const }]]), { lr, momentum: 0.9, dampening: 0.5 });
    let optimizer = make(0.1);
    const f = wrap(() => {
      w.square().sum().backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
    for (const i of times(7)) {
      if (i === 4) optimizer = make(0.05);
      f();
      yield w;
    }
  },
  *"a parameter without a gradient at some steps"(wrap) {
    const [w, v] = [leaf(1, 2), leaf(3, 4)];
    const parameters = new Map([
      ["w", { tensor: w, role: "bias" as const }],
      ["v", { tensor: v, role: "bias" as const }],
    ]);
    const optimizer = new optim.SGD(parameters, { lr: 0.1, momentum: 0.9 });
    const f = wrap((both: boolean) => {
      const y = both ? w.mul(v) : w.square();
      y.sum().backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
    for (const both of [true, false, true, true, false, false]) {
      f(both);
      yield [w, v];
    }
  },
  *"Adam, with amsgrad and without: counts that part, a rate that is set, a norm that is clipped"(wrap) {
    for (const amsgrad of [false, true]) {
      const [w, v] = [leaf(1, 2), leaf(3, 4)];
      const parameters = new Map([
        ["w", { tensor: w, role: "bias" as const }],
        ["v", { tensor: v, role: "bias" as const }],
      ]);
      const optimizer = new optim.AdamW(parameters, { lr: 0.1, amsgrad });
      const f = wrap((both: boolean) => {
        const y = both ? w.mul(v) : w.square();
        y.sum().backward();
        const norm = optim.clipGradNorm(parameters, 2);
        optimizer.step();
        optimizer.zeroGrad();
        return norm;
      });
      for (const [i, both] of [true, true, true, false, false, true, true, false].entries()) {
        optimizer.groups[0]!.lr = 0.1 / (1 + (i % 3));
        yield [f(both), w, v, [...optimizer.state().steps.values()]];
      }
    }
  },
  *"Adam that is stepped twice in one call"(wrap) {
    const w = leaf(1, 2);
    const optimizer = new optim.Adam(new Map([["w", { tensor: w, role: "bias" as const }]]), { lr: 0.1 });
    const f = wrap(() => {
      for (const _ of times(2)) {
        w.square().sum().backward();
        optimizer.step();
        optimizer.zeroGrad();
      }
    });
    for (const _ of times(5)) {
      f();
      yield [w, [...optimizer.state().steps.values()]];
    }
  },
  *"averages: the first update copies"(wrap) {
    const layer = new nn.Linear(2, 1, { init: "zeros" });
    const ema = new optim.Ema(layer, { momentum: 0.3 });
    const f = wrap((x: Tensor) => {
      update("accumulate", [layer.bias!, x], {});
      ema.update();
    });
    for (const i of times(5)) {
      f(vector(i));
      yield [[...ema.averages.values()], ema.steps];
    }
  },
  *"a Scalar that two functions share"(wrap) {
    const rate = new Scalar(0.5);
    const [a, b] = [vector(0), vector(8)];
    const f = wrap(() => update("lerp", [a, b], { weight: rate }));
    const g = wrap(() => update("fill", [b], { value: rate }));
    for (const value of [0.5, 0.25, 0.5, 0.5, 1, 0.1]) {
      rate.value = value;
      f();
      if (value === 0.5) g();
      yield [a, b];
    }
  },
  *"two Scalars with one value, and then with two"(wrap) {
    const [p, q] = [new Scalar(1), new Scalar(1)];
    const [a, b] = [vector(0), vector(0)];
    const f = wrap((same: boolean) => {
      update("fill", [a], { value: p });
      update("fill", [b], { value: same ? p : q });
    });
    for (const [x, y, same] of [
      [1, 1, true],
      [1, 1, true],
      [1, 2, false],
      [3, 4, false],
      [3, 4, true],
      [5, 6, false],
    ] as const) {
      p.value = x;
      q.value = y;
      f(same);
      yield [a, b];
    }
  },
  *"scopes inside"(wrap) {
    const f = wrap((x: Tensor) => scope(() => x.mul(scope(() => x.add(1).exp()))));
    for (const i of times(4)) yield scope(() => f(vector(i, 1))).mul(1);
  },
  *"reshapes, slices and transposes as results"(wrap) {
    const w = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]).keep();
    const f = wrap((x: Tensor) => [
      x.add(w).reshape([6]),
      x.slice([1], [1]),
      w.slice([0], [1]),
      x.transpose(),
      x.mul(w).slice([1], [1]),
    ]);
    for (const i of times(4))
      yield f(
        tensor([
          [i, 0, 1],
          [2, i, 3],
        ]),
      );
  },
  *"an argument that is one row of many"(wrap) {
    const all = randn([6, 3], { seed: 3 }).keep();
    const f = wrap((x: Tensor, y: Tensor) => x.add(y).sum());
    for (const i of times(6)) yield f(all.slice([i], [1]), all.slice([(i * 2) % 6], [1]));
  },
  *"a row as an argument, while the whole is captured"(wrap) {
    const all = randn([6, 3], { seed: 3 }).keep();
    const f = wrap((x: Tensor) => all.sub(x).square().sum(1));
    for (const i of times(6)) yield f(all.slice([i], [1]));
  },
  *"empty tensors"(wrap) {
    const f = wrap((x: Tensor) => [x.mul(2), x.sum(), concat([x, ones([2])])]);
    for (const n of [0, 0, 0, 2, 2, 0]) yield f(ones([n]));
  },
  *"other shapes, and back"(wrap) {
    const f = wrap((x: Tensor) => x.exp().sum(-1));
    for (const n of [2, 2, 3, 3, 4, 2, 3, 4, 2]) yield f(randn([n, n], { seed: n }));
  },
  *"int32 and uint8"(wrap) {
    const f = wrap((x: Tensor) => [x.add(x), where(x, x, 7), x.cast("float32").mul(0.5)]);
    for (const dtype of ["int32", "int32", "uint8", "uint8", "float32", "int32"] as const)
      yield f(tensor([0, 1, 2], undefined, { dtype }));
  },
  *float64(wrap) {
    const f = wrap((x: Tensor) => x.div(3).exp().sum());
    for (const i of times(4)) yield f(tensor([i, 1 / 3], undefined, { dtype: "float64" }));
  },
  *"momentum of batch norm that changes, and a module that is swapped"(wrap) {
    let bn = new nn.BatchNorm2d(2);
    const f = wrap((x: Tensor) => noGrad(() => bn.forward(x)));
    for (const i of times(7)) {
      if (i === 4) bn = new nn.BatchNorm2d(2, { momentum: 0.5 });
      yield [f(randn([2, 2, 2, 2], { seed: i })), bn.runningMean, bn.numBatchesTracked];
    }
  },
  *"requiresGrad that the function sets"(wrap) {
    const w = vector(1, 2);
    const f = wrap((on: boolean) => {
      w.requiresGrad = on;
      const y = w.square().sum();
      if (on) y.backward();
      return y.detach();
    });
    for (const on of [true, true, false, true, false]) yield [f(on), w.grad, w.requiresGrad];
  },
  *"gradients that the function sets"(wrap) {
    const w = leaf(1, 2);
    const f = wrap((x: Tensor) => {
      w.grad?.dispose();
      w.grad = x.mul(2).keep();
    });
    for (const i of times(5)) {
      f(vector(i, 1));
      yield w.grad;
    }
  },
  *"a tensor from before that the function frees"(wrap) {
    const held = times(5).map((i) => vector(i));
    let at = 0;
    const f = wrap((x: Tensor) => {
      const y = x.add(held[at]!);
      held[at]!.dispose();
      return y;
    });
    for (; at < 5; at++) yield [f(vector(1)), held[at]!.isFreed];
  },
  *"second use of a freed tensor"(wrap) {
    const w = vector(1);
    const f = wrap((x: Tensor, free: boolean) => {
      if (free) w.dispose();
      return x.add(w);
    });
    for (const free of [false, false, true, false]) yield attempt(() => f(vector(1), free));
  },
  *"a saved tensor that is written before backward"(wrap) {
    const w = leaf(1, 2);
    const f = wrap((x: Tensor, write: boolean) => {
      const y = w.mul(x);
      const z = y.square().sum();
      if (write) update("accumulate", [x, x], {});
      z.backward();
      return z;
    });
    for (const write of [false, false, true, false]) {
      yield attempt(() => f(vector(1, 2), write));
      yield w.grad;
    }
  },
  *"backward twice with retainGraph"(wrap) {
    const w = leaf(1, 2);
    const f = wrap((x: Tensor) => {
      const y = w.mul(x).square().sum();
      y.backward({ retainGraph: true });
      y.backward();
      return y;
    });
    for (const i of times(4)) {
      yield f(vector(i, 2));
      yield w.grad;
    }
  },
  *"convolution, bias and relu, whose weights are replaced"(wrap) {
    let w = randn([3, 3, 2, 4], { seed: 1 }).keep();
    const b = randn([4], { seed: 2 }).keep();
    const f = wrap((x: Tensor) => conv2d(x, w, { padding: 1 }).add(b).relu());
    for (const i of times(6)) {
      if (i === 3) w = randn([3, 3, 2, 4], { seed: 9 }).keep();
      yield f(randn([2, 5, 5, 2], { seed: i }));
    }
  },
  *"a loop whose length is a captured number"(wrap) {
    let n = 1;
    const f = wrap((x: Tensor) => {
      let y = x;
      for (let i = 0; i < n; i++) y = y.mul(1.5).add(i);
      return y;
    });
    for (n of [1, 1, 2, 2, 3, 2, 1]) yield f(vector(1, 2));
  },
  *"a stack of results over calls"(wrap) {
    const rows: Tensor[] = [];
    const f = wrap((x: Tensor) => {
      rows.push(x.square().keep());
      return stack(rows).sum();
    });
    for (const i of times(5)) yield f(vector(i, 1));
  },
  *"no arguments and no tensors"(wrap) {
    let k = 0;
    const f = wrap(() => k++);
    for (const _ of times(4)) yield f();
  },
  *"steps of a small network with everything"(wrap) {
    manualSeed(11);
    const net = new nn.Sequential(
      new nn.Conv2d(2, 4, { kernelSize: 3 }),
      new nn.BatchNorm2d(4),
      new nn.ReLU(),
      new nn.GlobalAvgPool(),
      new nn.Linear(4, 3),
    );
    const optimizer = new optim.SGD(optim.splitNormParameters(net), { lr: 0.1, momentum: 0.9, weightDecay: 1e-3 });
    const ema = new optim.Ema(net, { momentum: 0.1 });
    const f = wrap((x: Tensor, y: Tensor) => {
      const loss = nn.crossEntropy(net.forward(x), y, { labelSmoothing: 0.1 });
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
      ema.update();
      return loss;
    });
    for (const i of times(6)) {
      net.train(i !== 4);
      optimizer.groups[0]!.lr = 0.1 / (1 + i);
      yield [
        f(
          randn([i === 3 ? 2 : 4, 6, 6, 2], { seed: i }),
          tensor(Int32Array.from({ length: i === 3 ? 2 : 4 }, (_, j) => (i + j) % 3)),
        ),
      ];
      yield [...net.stateDict().values(), ...ema.averages.values()];
    }
  },
  *"the backend in use, where nothing is given"(wrap) {
    const f = wrap(() => ones([2]).add(1));
    for (const _ of times(4)) yield [f(), getBackend().name];
  },
};

export const allScenarios: readonly Scenario[] = Object.entries(scenarios).map(([name, run]) => ({ name, run }));

/** Bits of tensors and plain values, as one text. */
export function show(value: unknown): unknown {
  if (value instanceof Tensor) {
    if (value.isFreed) return "freed";
    const data = value.dataSync();
    return [
      value.dtype,
      value.shape.join(),
      value.requiresGrad,
      ...[...data].map((v) => (Object.is(v, -0) ? "-0" : String(v))),
    ].join(" ");
  }
  if (value instanceof Map) return [...value].map(show);
  if (Array.isArray(value)) return value.map(show);
  if (typeof value === "bigint" || value === undefined) return String(value);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, show(item)]));
  return Object.is(value, -0) ? "-0" : typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
