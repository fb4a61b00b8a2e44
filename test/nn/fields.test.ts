/** What fields of a module register, under which names, and what stays as it was. */
import { beforeAll, describe, expect, it } from "vitest";
import { compile, nn, ones, optim, scope, setBackend, type Tensor, tensor, zeros } from "../../src/index.js";

beforeAll(async () => {
  await setBackend("reference");
});

class Block extends nn.Module {
  readonly fc = new nn.Linear(2, 2);
  forward(x: Tensor): Tensor {
    return this.fc.forward(x);
  }
}

class Net extends nn.Module {
  readonly blocks = [new Block(), new Block()];
  readonly scale = nn.parameter(ones([2]));
  readonly seen = nn.buffer(zeros([], { dtype: "int32" }));
  readonly shift = tensor([1, 2], undefined, { requiresGrad: true });
  readonly constant = ones([7]);
  readonly sizes = [1, 2, 3];
  head: nn.Linear;
  constructor() {
    super();
    this.head = new nn.Linear(2, 3);
  }
  forward(x: Tensor): Tensor {
    return this.head.forward(nn.chain(this.blocks, x).mul(this.scale).add(this.shift));
  }
}

const keys = (module: nn.Module) => [...module.stateDict().keys()];

describe("fields", () => {
  it("register modules, arrays of them, parameters and buffers under their names, parameters first", () => {
    const net = new Net();
    expect(keys(net)).toEqual([
      "scale",
      "shift",
      "seen",
      "blocks.0.fc.weight",
      "blocks.0.fc.bias",
      "blocks.1.fc.weight",
      "blocks.1.fc.bias",
      "head.weight",
      "head.bias",
    ]);
    expect(net.parameters()).toHaveLength(8);
    expect(net.buffers()).toEqual([net.seen]);
    expect([...net.namedChildren().keys()]).toEqual(["blocks.0", "blocks.1", "head"]);
  });

  it("are looked up anew: another head is another head, and modes and gradients reach it", () => {
    const net = new Net();
    net.head = new nn.Linear(2, 5);
    expect(net.stateDict().get("head.bias")!.shape).toEqual([5]);
    net.eval();
    expect(net.blocks[1]!.fc.training).toBe(false);
    net
      .forward(ones([4, 2]))
      .sum()
      .backward();
    expect(net.parameters().every(({ grad }) => grad !== null)).toBe(true);
    net.zeroGrad();
    expect(net.parameters().every(({ grad }) => grad === null)).toBe(true);
  });

  it("train: a field-made network fits XOR", () => {
    nn.manualSeed(0);
    class Xor extends nn.Module {
      readonly first = new nn.Linear(2, 16);
      readonly second = new nn.Linear(16, 2);
      forward(x: Tensor): Tensor {
        return this.second.forward(this.first.forward(x).relu());
      }
    }
    const net = new Xor();
    const optimizer = new optim.SGD(net.parameters(), { lr: 0.5, momentum: 0.9 });
    const x = tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const labels = tensor(Int32Array.of(0, 1, 1, 0));
    let last = 1;
    for (let i = 0; i < 200; i++)
      last = scope(() => {
        const loss = nn.crossEntropy(net.forward(x), labels);
        loss.backward();
        optimizer.step();
        optimizer.zeroGrad();
        return loss.item();
      });
    expect(last).toBeLessThan(0.05);
  });

  it("survive the end of the scope that they were made in", () => {
    const net = scope(() => new Net());
    net.stateDict();
    expect([net.scale.isFreed, net.seen.isFreed]).toEqual([false, false]);
  });

  it("keep a name that child() gives, which comes first", () => {
    class Named extends nn.Module {
      readonly extra = new nn.Linear(1, 1);
      readonly inner = this.child("backbone.layer", new nn.Linear(1, 1, { bias: false }));
      forward(x: Tensor): Tensor {
        return this.inner.forward(x);
      }
    }
    expect(keys(new Named())).toEqual(["backbone.layer.weight", "extra.weight", "extra.bias"]);
  });

  it("of one name and two modules are an error", () => {
    class Twice extends nn.Module {
      readonly fc: nn.Linear;
      constructor() {
        super();
        this.child("fc", new nn.Linear(1, 1));
        this.fc = new nn.Linear(1, 1);
      }
      forward(x: Tensor): Tensor {
        return this.fc.forward(x);
      }
    }
    expect(() => new Twice().stateDict()).toThrow(/Twice: the field "fc" holds something else/);
  });

  it("that are #private, getters, maps and plain objects are not seen", () => {
    class Hidden extends nn.Module {
      readonly #fc = new nn.Linear(1, 1);
      readonly map = new Map([["fc", this.#fc]]);
      readonly record = { fc: this.#fc };
      get fc(): nn.Linear {
        return this.#fc;
      }
      forward(x: Tensor): Tensor {
        return this.#fc.forward(x);
      }
    }
    const hidden = new Hidden();
    expect(keys(hidden)).toEqual([]);
    expect(() => new optim.SGD(hidden.parameters(), { lr: 0.1 })).toThrow(/SGD: nothing to move[\s\S]*#private/);
    expect(() => new optim.SGD(hidden.namedParameters(), { lr: 0.1 })).toThrow(/nothing to move/);
  });

  it("that share a module give it two names in the state dict and one among parameters, as PyTorch does", () => {
    class Tied extends nn.Module {
      readonly encoder = new nn.Linear(2, 2, { bias: false });
      readonly decoder = this.encoder;
      readonly all = [this.encoder, this.decoder];
      forward(x: Tensor): Tensor {
        return this.decoder.forward(this.encoder.forward(x));
      }
    }
    const tied = new Tied();
    expect(keys(tied)).toEqual(["encoder.weight", "decoder.weight"]);
    expect([...tied.namedParameters().keys()]).toEqual(["encoder.weight"]);
    expect([...tied.namedModules().keys()]).toEqual(["", "encoder"]);
    // files have both, transposed alike
    const roles = [...tied.namedParameters({ removeDuplicate: false })].map(([name, { role }]) => `${name} ${role}`);
    expect(roles).toEqual(["encoder.weight linearWeight", "decoder.weight linearWeight"]);
  });

  it("that lead back to a parent end there", () => {
    class Child extends nn.Module {
      parent: nn.Module | null = null;
      readonly fc = new nn.Linear(1, 1, { bias: false });
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    class Parent extends nn.Module {
      readonly own = new Child();
      constructor() {
        super();
        this.own.parent = this;
      }
      forward(x: Tensor): Tensor {
        return x;
      }
    }
    const parent = new Parent();
    expect(keys(parent)).toEqual(["own.fc.weight"]);
    expect(parent.train(false).own.training).toBe(false);
    expect(`${parent}`).toContain("(own): Child(");
  });
});

describe("freezing", () => {
  it("keeps a parameter in the state dict and out of the optimiser's way", () => {
    const net = new Net();
    const optimizer = new optim.SGD(net.parameters(), { lr: 1 });
    net.blocks[0]!.freeze();
    net.requiresGrad_(false).head.requiresGrad_();
    expect(keys(net)).toHaveLength(9);
    const before = [...net.shift.dataSync()];
    net
      .forward(ones([1, 2]))
      .sum()
      .backward();
    optimizer.step();
    expect([...net.shift.dataSync()]).toEqual(before);
    expect(net.head.bias!.grad).not.toBeNull();
    expect(net.scale.grad).toBeNull();
  });
});

describe("apply", () => {
  it("visits children before parents, each once", () => {
    const seen: string[] = [];
    new Net().apply((module) => void seen.push(module.constructor.name));
    expect(seen).toEqual(["Linear", "Block", "Linear", "Block", "Linear", "Net"]);
  });
});

describe("registerForwardHook", () => {
  it("sees the output, may replace it, and ends with remove()", () => {
    const net = new Net();
    const shapes: string[] = [];
    const first = net.blocks[0]!.fc.registerForwardHook((module, [x], y) => {
      shapes.push(`${module.constructor.name} ${(x as Tensor).shape} ${y.shape}`);
    });
    const second = net.registerForwardHook((_module, _inputs, y) => y.mul(0).add(1));
    expect(net.forward(ones([4, 2])).toArray()).toEqual(new Array(4).fill([1, 1, 1]));
    expect(shapes).toEqual(["Linear 4,2 4,2"]);
    second.remove();
    first.remove();
    first.remove();
    expect(
      net
        .forward(ones([4, 2]))
        .sum()
        .item(),
    ).not.toBe(0);
    expect(shapes).toHaveLength(1);
    expect(keys(net)).toHaveLength(9);
  });

  it("works in a compiled function, and stops working there when it is removed", () => {
    const layer = new nn.Linear(2, 2);
    let calls = 0;
    const run = compile((x: Tensor) => layer.forward(x));
    const plain = [1, 2].map(() => run(ones([1, 2])).toArray());
    const handle = layer.registerForwardHook((_module, _inputs, y) => {
      calls++;
      return y.mul(2);
    });
    const doubled = [1, 2, 3].map(() => run(ones([1, 2])).dataSync());
    for (const y of doubled) expect([...y]).toEqual((plain[0] as number[][])[0]!.map((v) => 2 * v));
    expect(calls).toBe(3);
    handle.remove();
    expect(run(ones([1, 2])).toArray()).toEqual(plain[1]);
  });
});

describe("loadStateDict, not strict", () => {
  it("copies what fits and reports the rest", () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 2));
    const before = [...net.stateDict().get("1.weight")!.dataSync()];
    const dict = new Map([
      ["0.weight", ones([2, 2])],
      ["1.weight", ones([3, 2])],
      ["fc.weight", ones([1])],
    ]);
    expect(net.loadStateDict(dict, { strict: false })).toEqual({
      missing: ["0.bias", "1.bias"],
      unexpected: ["fc.weight"],
      mismatched: [{ name: "1.weight", given: [3, 2], expected: [2, 2] }],
    });
    expect([...net.stateDict().get("0.weight")!.dataSync()]).toEqual([1, 1, 1, 1]);
    expect([...net.stateDict().get("1.weight")!.dataSync()]).toEqual(before);
    expect(net.loadStateDict(net.stateDict())).toEqual({ missing: [], unexpected: [], mismatched: [] });
  });
});

describe("toString", () => {
  it("prints as PyTorch does", () => {
    const net = new nn.Sequential(
      new nn.Conv2d(3, 8, { kernelSize: 3, stride: 2, padding: 1, bias: false }),
      new nn.Conv2d(8, 8, { kernelSize: [1, 3], groups: 8 }),
      new nn.ReLU(),
      new Net(),
    );
    expect(`${net}`).toBe(`Sequential(
  (0): Conv2d(3, 8, kernelSize=[3, 3], stride=[2, 2], padding=[1, 1], bias=false)
  (1): Conv2d(8, 8, kernelSize=[1, 3], stride=[1, 1], groups=8)
  (2): ReLU()
  (3): Net(
    (blocks.0): Block(
      (fc): Linear(inFeatures=2, outFeatures=2, bias=true)
    )
    (blocks.1): Block(
      (fc): Linear(inFeatures=2, outFeatures=2, bias=true)
    )
    (head): Linear(inFeatures=2, outFeatures=3, bias=true)
  )
)`);
  });
});

describe("what people bring from PyTorch", () => {
  it.each<readonly [string, () => unknown, RegExp]>([
    [
      "a kernel size as a number",
      () => new nn.Conv2d(1, 8, 3 as never),
      /Conv2d: the options are a number[\s\S]*kernelSize: 3/,
    ],
    ["no kernel size", () => new nn.Conv2d(1, 8, {} as never), /Conv2d: kernelSize is missing/],
    [
      "a bias as a boolean",
      () => new nn.Linear(2, 2, false as never),
      /Linear: the options are a boolean[\s\S]*bias: false/,
    ],
    ["no features", () => new nn.Linear(2.5, 2), /Linear: inFeatures is 2.5/],
    [
      "NCHW",
      () => new nn.Conv2d(3, 8, { kernelSize: 3 }).forward(zeros([2, 3, 8, 8])),
      /has 8 channels on its last axis, expected 3[\s\S]*x\.transpose\(\[0, 2, 3, 1\]\)/,
    ],
    ["no options", () => new optim.SGD([ones([1])], undefined as never), /SGD: lr is undefined/],
    [
      "a model",
      () => new optim.SGD(new nn.Linear(1, 1) as never, { lr: 1 }),
      /of type object[\s\S]*model\.parameters\(\)/,
    ],
    ["a result", () => new optim.SGD([ones([1], { requiresGrad: true }).mul(2)], { lr: 1 }), /the result of an op/],
    ["integers", () => new optim.SGD([zeros([1], { dtype: "int32" })], { lr: 1 }), /of int32/],
    ["an empty list", () => new optim.SGD([], { lr: 1 }), /nothing to move/],
    ["options as a shape", () => tensor([1, 2], {} as never), /tensor: the shape is of type object[\s\S]*options/],
  ])("%s is answered", (_, wrong, message) => {
    expect(wrong).toThrow(message);
  });

  it("one tensor twice is an error", () => {
    const w = ones([1], { requiresGrad: true });
    expect(() => new optim.SGD([w, w], { lr: 1 })).toThrow(/0 and 1 are one parameter/);
  });
});
