/** The whole network: key names, seeds, a forward and a training step, folding of S0–S4 and what it refuses. */
import { beforeAll, describe, expect, it } from "vitest";
import { liveStorage, noGrad, randn, scope, setBackend, type Tensor, tensor } from "../../src/index.js";
import {
  type BlockSpec,
  createModel,
  FoldError,
  MobileOne,
  MobileOneBlock,
  reparameterize,
  type Variant,
} from "../../src/models/index.js";
import { crossEntropy, Linear } from "../../src/nn/index.js";
import { SGD, splitNormParameters } from "../../src/optim/index.js";
import { mobileones } from "./mobileones.js";
import { randomizeStatistics } from "./random-statistics.js";

beforeAll(async () => {
  await setBackend("reference");
});

/** A MobileOne of five units' worth of everything: skips, strides, squeeze-and-excitation. */
const tiny: Variant = {
  widths: [0.125, 0.125, 0.0625, 0.0625],
  numConvBranches: 2,
  squeezeExciteUnits: [0, 0, 1, 1],
  units: [1, 2, 1, 1],
};

/** mmpretrain's keys, written down from docs/recipe.md 2.1: se, branch_norm, branch_scale, branch_conv_list. */
function mmpretrainKeys(units: readonly number[], branches: number, squeezeExcite: (s: number, j: number) => boolean) {
  const norm = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
  const keys: string[] = [];
  const block = (prefix: string, has: { se: boolean; skip: boolean; scale: boolean; convs: number }) => {
    if (has.se)
      for (const c of ["conv1", "conv2"]) keys.push(`${prefix}.se.${c}.conv.weight`, `${prefix}.se.${c}.conv.bias`);
    if (has.skip) keys.push(...norm.map((n) => `${prefix}.branch_norm.${n}`));
    const conv = (name: string) =>
      keys.push(`${prefix}.${name}.conv.weight`, ...norm.map((n) => `${prefix}.${name}.norm.${n}`));
    if (has.scale) conv("branch_scale");
    for (let i = 0; i < has.convs; i++) conv(`branch_conv_list.${i}`);
  };
  block("backbone.stage0", { se: false, skip: false, scale: true, convs: 1 });
  units.forEach((count, stage) => {
    for (let j = 0; j < 2 * count; j++) {
      const isDepthwise = j % 2 === 0;
      // the stage's first pointwise block changes the width, except S0's stage 1 (48 -> 48)
      const keepsWidth = branches === 4 && stage === 0;
      const skip = isDepthwise ? j > 0 : j > 1 || keepsWidth;
      const se = squeezeExcite(stage + 1, j);
      block(`backbone.stage${stage + 1}.${j}`, { se, skip, scale: isDepthwise, convs: branches });
    }
  });
  return [...keys, "head.fc.weight", "head.fc.bias"];
}

describe("names", () => {
  it("are mmpretrain's, in its order, for S0 and S4", () => {
    const keys = (name: string) => [...createModel(name, { init: "zeros" }).stateDict().keys()];
    expect(keys("mobileone_s0")).toEqual(mmpretrainKeys([2, 8, 10, 1], 4, () => false));
    expect(keys("mobileone_s4")).toEqual(
      mmpretrainKeys([2, 8, 10, 1], 1, (stage, j) => stage === 4 || (stage === 3 && j >= 10)),
    );
  });

  it("of the deploy form are one convolution per block", () => {
    const keys = [...createModel("mobileone_s1", { deploy: true, init: "zeros" }).stateDict().keys()];
    expect(keys.slice(0, 2)).toEqual(["backbone.stage0.branch_reparam.weight", "backbone.stage0.branch_reparam.bias"]);
    expect(keys.slice(-2)).toEqual(["head.fc.weight", "head.fc.bias"]);
  });

  it("of the other form are refused with what to do", () => {
    const train = createModel("mobileone_s1", { numClasses: 2, init: "zeros" });
    const deploy = createModel("mobileone_s1", { numClasses: 2, init: "zeros", deploy: true });
    expect(() => train.loadStateDict(deploy.stateDict())).toThrow(/deploy: true/);
    expect(() => deploy.loadStateDict(train.stateDict())).toThrow(/then reparameterize/);
    const other = createModel("mobileone_s1", { numClasses: 7, init: "zeros" });
    expect(() => train.loadStateDict(other.stateDict())).toThrow(/2 misshapen[\s\S]*numClasses: 7/);
  });
});

describe("MobileOne", () => {
  it("is the same for the same seed", () => {
    const values = (seed: number) =>
      [...new MobileOne(tiny, { numClasses: 3, seed }).blocks[0]!.stateDict().values()][0]!.dataSync();
    expect(values(4)).toEqual(values(4));
    expect(values(4)).not.toEqual(values(5));
  });

  it("starts near ln K and learns four images in a few steps, with no storage left behind", () => {
    const model = new MobileOne(tiny, { numClasses: 4, seed: 1 });
    const optimizer = new SGD(splitNormParameters(model), { lr: 0.02, momentum: 0.9, weightDecay: 1e-4 });
    const images = randn([4, 32, 32, 3], { seed: 2 });
    const labels = tensor(Int32Array.of(0, 1, 2, 3));
    const step = () =>
      scope(() => {
        const loss = crossEntropy(model.forward(images), labels, { labelSmoothing: 0.1 });
        loss.backward();
        optimizer.step();
        optimizer.zeroGrad();
        return loss.item();
      });
    const first = step();
    const held = liveStorage();
    let last = first;
    for (let i = 0; i < 20; i++) last = step();
    expect(first).toBeCloseTo(Math.log(4), 0);
    expect(last).toBeLessThan(0.7 * first);
    expect(liveStorage()).toEqual(held);
  });

  it("gives features at a stride of 32", () => {
    const model = new MobileOne(tiny, { numClasses: 4 }).eval();
    noGrad(() => {
      expect(model.features(randn([1, 64, 96, 3])).shape).toEqual([1, 2, 3, 32]);
      expect(model.forward(randn([1, 64, 96, 3])).shape).toEqual([1, 4]);
    });
    expect(() => model.forward(randn([1, 64, 96, 4]))).toThrow(/4 channels.*expects 3/);
  });
});

describe("reparameterize", () => {
  for (const name of mobileones)
    it(`keeps what ${name} computes, in float64 and in float32`, async () => {
      const double = createModel(name, { numClasses: 10, dtype: "float64", seed: 3 }).eval();
      randomizeStatistics(double);
      const probe = { batchSize: 1, imageSize: 32 };
      const exact = await reparameterize(double, { probe });
      expect(exact.certificate.relativeError).toBeLessThanOrEqual(1e-12);
      expect(exact.certificate.maxAbsError).toBeLessThan(exact.certificate.relativeError * 1e6);
      for (const block of exact.certificate.blocks) expect(block.relativeError).toBeLessThanOrEqual(1e-12);

      const single = createModel(name, { numClasses: 10, init: "zeros" }).eval();
      single.loadStateDict(double.stateDict());
      const rounded = await reparameterize(single, { probe });
      expect(rounded.certificate.relativeError).toBeLessThanOrEqual(3e-5);
      expect(rounded.certificate.top1Agreement).toBe(1);
      expect(rounded.certificate.blocks).toHaveLength(43);
      expect(rounded.certificate.train.parameters).toBeGreaterThan(rounded.certificate.deploy.parameters);
    });

  const ready = (): MobileOne => {
    const model = new MobileOne(tiny, { numClasses: 4 }).eval();
    randomizeStatistics(model);
    return model;
  };

  it("takes a probe, certifies on it, leaves the source alone and leaves no storage but the new model's", async () => {
    const model = ready();
    const x = randn([3, 40, 33, 3], { seed: 9 });
    const reference = noGrad(() => model.forward(x)).dataSync();
    const before = liveStorage().storages;
    const { model: deployed, certificate } = await reparameterize(model, { probe: x });
    expect(liveStorage().storages - before).toBe(deployed.stateDict().size);
    expect(certificate.probeShape).toEqual([3, 40, 33, 3]);
    expect(certificate.blocks.map(({ name }) => name)[1]).toBe("stage1.0");
    const answer = noGrad(() => deployed.forward(x)).dataSync();
    const error = Math.max(...reference.map((value, i) => Math.abs(value - answer[i]!)));
    expect(certificate.maxAbsError).toBeCloseTo(error, 12);
    expect(noGrad(() => model.forward(x)).dataSync()).toEqual(reference);
    expect(deployed.training).toBe(false);
    expect(deployed.isDeployed).toBe(true);
  });

  it("refuses what it cannot fold, with the reason", async () => {
    const refusal = (model: Parameters<typeof reparameterize>[0], probe?: Tensor) =>
      reparameterize(model, probe ? { probe } : {}).then(
        () => expect.unreachable(),
        (error: unknown) => {
          expect(error).toBeInstanceOf(FoldError);
          return (error as Error).message;
        },
      );
    expect(await refusal(ready().train())).toMatch(/training mode \(backbone.stage0.*model.eval\(\)/s);
    expect(await refusal(new MobileOne(tiny, { deploy: true }).eval())).toMatch(/deploy form already/);
    expect(await refusal(new Linear(2, 2))).toMatch(/a Linear cannot be folded/);
    expect(await refusal(ready(), randn([1, 8, 8, 4]))).toMatch(/probe is \[1, 8, 8, 4\] float32/);

    class OddBlock extends MobileOneBlock {}
    const odd = ready();
    const spec: BlockSpec = odd.blocks[2]!.spec;
    (odd.blocks as MobileOneBlock[])[2] = new OddBlock(spec).eval();
    expect(await refusal(odd)).toMatch(/stage1.1 is a OddBlock/);

    const broken = ready();
    const norm = (broken.blocks[1] as MobileOneBlock).scale!.norm;
    norm.runningVar.write(new Float32Array(norm.runningVar.size).fill(-1));
    expect(await refusal(broken)).toMatch(/stage1.0, scale branch, channel 0: variance -1/);
  });
});
