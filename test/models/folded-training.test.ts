/** Folded training against its oracle, the branch-by-branch form: same outputs, gradients, statistics, losses, keys. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Backend, withBackend } from "../../src/backends/backend.js";
import { createGpuBackend } from "../../src/backends/gpu/gpu-backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import {
  liveStorage,
  noGrad,
  randn,
  type Shape,
  scope,
  setBackend,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.js";
import { type BlockSpec, createModel, type MobileOne, MobileOneBlock, variants } from "../../src/models/index.js";
import { blockSpecs } from "../../src/models/mobileone/variants.js";
import type { TrainingChoice } from "../../src/models/training-choice.js";
import { crossEntropy, initialize, type Module } from "../../src/nn/index.js";
import { SGD, splitNormParameters } from "../../src/optim/index.js";
import { relativeError } from "../conformance/numbers.js";
import { randomizeStatistics } from "./random-statistics.js";

/** Per tensor, relative, in float64; and of the losses of a few steps. */
const TOLERANCE = 1e-9;
const LOSS_TOLERANCE = 1e-6;
/**
 * Even this moves the loss of an untrained S0 by a tenth. Its steps are chaotic: with 4 images and a rate of 1e-3 a
 * difference of 4e-13 in the loss is 1e-8, 4e-5, 0.2 after one, two, three steps.
 */
const LR = 1e-6;
const STEPS = 5;
const dtype = "float64";

beforeAll(async () => {
  await setBackend("reference");
});

/** The worst relative error over all entries of two state dicts, or of two sets of gradients, by name. */
function expectAlike(actual: ReadonlyMap<string, Tensor>, expected: ReadonlyMap<string, Tensor>): void {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const [name, value] of expected) {
    const error = relativeError(actual.get(name)!.dataSync(), value.dataSync());
    expect(error, name).toBeLessThanOrEqual(TOLERANCE);
  }
}

const gradientsIn = (module: Module): Map<string, Tensor> =>
  new Map([...module.namedParameters()].map(([name, { tensor: parameter }]) => [name, parameter.grad!]));

function runBlock(spec: BlockSpec, form: "plain" | "folded", input: readonly number[]) {
  const block = new MobileOneBlock(spec, { dtype }, form);
  initialize(block, { seed: 3 });
  randomizeStatistics(block);
  const x = randn(input, { dtype, seed: 4, requiresGrad: true });
  const y = block.forward(x).keep();
  y.mul(randn(y.shape, { dtype, seed: 5 }))
    .sum()
    .backward();
  return { block, x, y };
}

describe("a folded block", () => {
  const s0 = blockSpecs(variants.mobileone_s0);
  const s4 = blockSpecs(variants.mobileone_s4);
  const named = (specs: readonly BlockSpec[], name: string): BlockSpec => specs.find((spec) => spec.name === name)!;
  const narrow = (spec: BlockSpec, channels: number): BlockSpec => ({
    ...spec,
    inChannels: channels,
    outChannels: spec.inChannels === spec.outChannels ? channels : 2 * channels,
    groups: spec.groups === 1 ? 1 : channels,
  });
  const rows: readonly [string, BlockSpec][] = [
    ["S0's stem", named(s0, "stage0")],
    ["S0's depthwise with stride 2", named(s0, "stage2.0")],
    ["S0's depthwise with a skip", named(s0, "stage1.2")],
    ["S0's pointwise with a skip", named(s0, "stage1.1")],
    ["S0's pointwise that widens", named(s0, "stage2.1")],
    ["S4's pointwise with squeeze-and-excitation", narrow(named(s4, "stage3.19"), 64)],
    ["S4's depthwise with squeeze-and-excitation", narrow(named(s4, "stage3.18"), 32)],
    ["grouped branches with dilation", { ...named(s0, "stage1.2"), groups: 12, padding: 2, dilation: 2 }],
  ];
  for (const [label, spec] of rows)
    it(`is the sum of its branches: ${label}`, () => {
      const input = [2, 7, 6, spec.inChannels];
      const plain = runBlock(spec, "plain", input);
      const folded = runBlock(spec, "folded", input);
      expectAlike(new Map([["y", folded.y]]), new Map([["y", plain.y]]));
      expectAlike(new Map([["dx", folded.x.grad!]]), new Map([["dx", plain.x.grad!]]));
      expectAlike(gradientsIn(folded.block), gradientsIn(plain.block));
      expectAlike(folded.block.stateDict(), plain.block.stateDict());
    });

  it("holds one activation between forward and backward, and nothing after", () => {
    const block = new MobileOneBlock(named(s0, "stage1.2"), {}, "folded");
    const x = randn([2, 8, 8, 48]);
    const before = liveStorage();
    const y = block.forward(x);
    const heldBytes = liveStorage().bytes - before.bytes;
    // the result, and small things: [9, 9] covariances and [6, 9, 48] projections
    expect(heldBytes).toBeLessThan(1.5 * y.bytes + 8 * 48 * 81 + 4 * 48 * 100);
    scope(() => y.sum().backward());
    for (const { tensor: parameter } of block.namedParameters().values()) parameter.grad?.dispose();
    expect(liveStorage()).toEqual(before);
  });

  it("is plain in evaluation, and where a batch norm is frozen", () => {
    const block = new MobileOneBlock(named(s0, "stage1.1"), {}, "folded");
    const x = randn([2, 4, 4, 48]);
    expect(block.formFor(x)).toBe("folded");
    block.convs[0]!.norm.eval();
    expect(block.formFor(x)).toBe("plain");
    expect(block.eval().formFor(x)).toBe("plain");
  });

  it("is not taken by itself on a backend whose float64 has float32's digits, but when asked for", async () => {
    const large: Shape = [32, 56, 56, 48];
    const formOn = (backend: Backend, training: TrainingChoice) =>
      withBackend(backend, () => {
        const block = new MobileOneBlock(named(s0, "stage1.1"), { init: "zeros" }, training);
        return scope(() => block.formFor(zeros(large)));
      });
    expect(await formOn(referenceBackend, "auto")).toBe("folded");
    const coarse: Backend = { ...referenceBackend, hasFloat64Digits: false };
    expect(await formOn(coarse, "auto")).toBe("plain");
    expect(await formOn(coarse, "folded")).toBe("folded");
    const gpu = await createGpuBackend({ mode: "cpu" });
    expect(await formOn(gpu, "auto")).toBe("plain");
    await gpu.dispose();
  });
});

describe("MobileOne S0, folded", () => {
  const create = (training: "plain" | "folded"): MobileOne =>
    createModel("mobileone_s0", { numClasses: 5, seed: 1, dtype, training });
  const images = () => randn([8, 32, 32, 3], { dtype, seed: 2 });

  it("has the state dict of the plain one", () => {
    expect([...create("folded").stateDict().keys()]).toEqual([...create("plain").stateDict().keys()]);
  });

  it("takes the same steps: gradients, losses, running statistics", () => {
    const labels = tensor(Int32Array.of(0, 3, 1, 2, 4, 4, 0, 1));
    const x = images();
    const run = (form: "plain" | "folded") => {
      const model = create(form);
      const optimizer = new SGD(splitNormParameters(model), { lr: LR, momentum: 0.9, weightDecay: 1e-4 });
      const step = (isLast = false) =>
        scope(() => {
          const loss = crossEntropy(model.forward(x), labels, { labelSmoothing: 0.1 });
          if (!isLast) loss.backward();
          return loss.item();
        });
      const losses = [step()];
      const gradients = new Map([...gradientsIn(model)].map(([name, grad]) => [name, grad.detach().keep()]));
      const statistics = new Map([...model.stateDict()].map(([name, t]) => [name, tensor(t.dataSync(), t.shape)]));
      for (let i = 1; i < STEPS; i++) {
        optimizer.step();
        optimizer.zeroGrad();
        losses.push(step(i === STEPS - 1));
      }
      return { losses, gradients, statistics };
    };
    const [plain, folded] = [run("plain"), run("folded")];
    expectAlike(folded.gradients, plain.gradients);
    expectAlike(folded.statistics, plain.statistics);
    folded.losses.forEach((loss, i) => {
      expect(Math.abs(loss / plain.losses[i]! - 1), `loss ${i}`).toBeLessThanOrEqual(LOSS_TOLERANCE);
    });
    expect(new Set(plain.losses).size).toBe(STEPS);
  });
});

describe("MobileOne S0 in float32", () => {
  it("is as exact folded as branch by branch", async () => {
    const shape = [4, 64, 64, 3];
    const images = randn(shape, { seed: 6 }).dataSync();
    const weights = createModel("mobileone_s0", { numClasses: 2, seed: 1 }).stateDict();
    const features = (form: "plain" | "folded", type: "float32" | "float64") =>
      noGrad(() => {
        const model = createModel("mobileone_s0", { numClasses: 2, init: "zeros", dtype: type, training: form });
        for (const [name, entry] of model.stateDict()) entry.write(weights.get(name)!.dataSync());
        return model.features(tensor(images, shape, { dtype: type })).dataSync();
      });
    const exact = features("folded", "float64");
    await setBackend("wasm", { threads: 1 });
    const [plain, folded] = (["plain", "folded"] as const).map((form) =>
      relativeError(features(form, "float32"), exact),
    );
    await setBackend("reference");
    expect(plain).toBeGreaterThan(1e-6);
    // all-float32 moments would give four times as much (docs/folded-training.md 4)
    expect(folded! / plain!).toBeLessThan(1.3);
  });
});
