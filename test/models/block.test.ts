/** One block: its keys, its gradient, and its folding against golden numbers and against mmpretrain's seven cases. */
import { beforeAll, describe, expect, it } from "vitest";
import { gradcheck, liveStorage, noGrad, randn, scope, setBackend } from "../../src/index.js";
import { foldBranches } from "../../src/models/deploy/fold.js";
import { type BlockSpec, DeployedBlock, MobileOneBlock } from "../../src/models/index.js";
import { branchesOf } from "../../src/models/mobileone/fold.js";
import { BatchNorm2d, initialize } from "../../src/nn/index.js";
import { randomizeStatistics } from "./random-statistics.js";

beforeAll(async () => {
  await setBackend("reference");
});

const specOf = (spec: Partial<BlockSpec>): BlockSpec => ({
  name: "block",
  type: "conv",
  inChannels: 2,
  outChannels: 2,
  kernelSize: 3,
  stride: 1,
  padding: spec.kernelSize === 1 ? 0 : 1,
  dilation: 1,
  groups: 1,
  numConvBranches: 1,
  squeezeExciteRatio: null,
  ...spec,
});

describe("folding", () => {
  it("gives the golden kernel of docs/recipe.md 7", async () => {
    const block = new MobileOneBlock(specOf({ groups: 2, numConvBranches: 2 }), { dtype: "float64" }).eval();
    let entry = 0;
    const fill = (size: number, value: (v: number, i: number) => number) => {
      entry++;
      return Float64Array.from({ length: size }, (_, v) => value(v, entry));
    };
    const fillNorm = (norm: BatchNorm2d) => {
      norm.weight.write(fill(2, (v, i) => 1 + 0.1 * v - 0.01 * i));
      norm.bias.write(fill(2, (v, i) => 0.1 * v + 0.01 * i));
      norm.runningMean.write(fill(2, (v, i) => 0.05 * v - 0.02 * i));
      norm.runningVar.write(fill(2, (v, i) => 1 + 0.1 * v + 0.01 * i));
    };
    fillNorm(block.skip!);
    for (const { conv, norm } of [...block.convs, block.scale!]) {
      const taps = conv.weight.size / 2;
      // the recipe counts along OIHW = [2, 1, K, K], memory is [K, K, 1, 2]
      const oihw = fill(2 * taps, (v, i) => 0.1 * Math.sin(v + i));
      conv.weight.write(Float64Array.from(oihw, (_, at) => oihw[(at % 2) * taps + Math.floor(at / 2)]!));
      fillNorm(norm);
    }
    const { weight, bias } = await foldBranches(block.spec, branchesOf(block));
    const channel = (c: number) => [...weight].filter((_, at) => at % 2 === c);
    const golden = [
      [-0.1316843, -0.1085122, 0.0144255, 0.1241005, 1.140522, 0.0052242, -0.1140328, -0.1284485, -0.0247693],
      [0.1077655, 0.1431607, 0.0469346, -0.092443, 0.8502176, -0.0662211, 0.0752701, 0.1475583, 0.0841821],
      [1.076236, 1.33834],
    ];
    // printed to 7 digits by a float32 program: one unit in its last place, and half a digit
    const tolerance = 2 ** -23 + 0.5e-7;
    [channel(0), channel(1), [...bias]].forEach((found, i) => {
      found.forEach((value, j) => {
        expect(Math.abs(value - golden[i]![j]!)).toBeLessThanOrEqual(tolerance);
      });
    });
  });

  const upstream: readonly Partial<BlockSpec>[] = [
    { inChannels: 5, outChannels: 10, groups: 5, numConvBranches: 1 },
    { inChannels: 5, outChannels: 10, groups: 5, numConvBranches: 4 },
    { inChannels: 5, outChannels: 10, kernelSize: 1, numConvBranches: 4 },
    { inChannels: 10, outChannels: 10, groups: 10, numConvBranches: 4, stride: 2 },
    { inChannels: 10, outChannels: 10, groups: 10, numConvBranches: 4, padding: 2, dilation: 2 },
    { inChannels: 32, outChannels: 32, groups: 32, numConvBranches: 4, squeezeExciteRatio: 4 },
    { inChannels: 6, outChannels: 6, groups: 2, numConvBranches: 2 },
    { inChannels: 6, outChannels: 6, kernelSize: 1, numConvBranches: 3, squeezeExciteRatio: 2 },
  ];
  for (const row of upstream)
    it(`keeps the function of ${JSON.stringify(row)}`, async () => {
      const spec = specOf(row);
      const dtype = "float64";
      const block = new MobileOneBlock(spec, { dtype }).eval();
      initialize(block, { seed: 2 });
      randomizeStatistics(block);
      const deployed = new DeployedBlock(spec, { dtype }).eval();
      const { weight, bias } = await foldBranches(block.spec, branchesOf(block));
      deployed.conv.weight.write(weight);
      deployed.conv.bias!.write(bias);
      if (block.squeezeExcite) deployed.squeezeExcite!.loadStateDict(block.squeezeExcite.stateDict());
      const x = randn([2, 7, 6, spec.inChannels], { dtype, seed: 3 });
      const [a, b] = [block.forward(x).dataSync(), deployed.forward(x).dataSync()];
      const scale = Math.max(...a.map(Math.abs));
      expect(scale).toBeGreaterThan(0.1);
      a.forEach((value, i) => {
        expect(Math.abs(value - b[i]!)).toBeLessThanOrEqual(1e-14 * scale * spec.inChannels);
      });
    });
});

describe("MobileOneBlock", () => {
  it("has the branches that fit its shape", () => {
    const branches = (row: Partial<BlockSpec>) => {
      const { skip, scale, convs } = new MobileOneBlock(specOf(row));
      return [skip !== null, scale !== null, convs.length];
    };
    expect(branches({ numConvBranches: 4 })).toEqual([true, true, 4]);
    expect(branches({ stride: 2 })).toEqual([false, true, 1]);
    expect(branches({ kernelSize: 1 })).toEqual([true, false, 1]);
    expect(branches({ kernelSize: 1, outChannels: 3 })).toEqual([false, false, 1]);
  });

  it("differentiates through every branch", async () => {
    const spec = specOf({ groups: 2, numConvBranches: 2, squeezeExciteRatio: 2 });
    const block = new MobileOneBlock(spec, { dtype: "float64" });
    randomizeStatistics(block);
    const x = randn([2, 3, 3, 2], { dtype: "float64", requiresGrad: true });
    const inputs = [x, ...[...block.namedParameters().values()].map(({ tensor }) => tensor)];
    // a ReLU kink closer than the step would show; this seed has none
    expect(await gradcheck(() => block.forward(x), inputs)).toBeLessThan(1e-6);
  });

  it("updates the statistics of every branch while it trains", () => {
    const block = new MobileOneBlock(specOf({ groups: 2, numConvBranches: 2 }));
    scope(() => block.forward(randn([2, 4, 4, 2])));
    const norms = [...block.namedModules().values()].filter((module) => module instanceof BatchNorm2d);
    expect(norms.map((norm) => norm.numBatchesTracked.item())).toEqual([1, 1, 1, 1]);
  });

  it("holds after forward what backward needs and no more, and nothing after backward", () => {
    const block = new MobileOneBlock(specOf({ inChannels: 3, outChannels: 3, groups: 3, numConvBranches: 2 }));
    const x = randn([2, 4, 4, 3]);
    const before = liveStorage();
    const y = block.forward(x);
    // 3 convolution outputs (inputs of their norms), 4 means and variances, the result
    expect(liveStorage().storages - before.storages).toBe(3 + 8 + 1);
    scope(() => y.sum().backward());
    for (const { tensor } of block.namedParameters().values()) tensor.grad?.dispose();
    expect(liveStorage()).toEqual(before);
    const z = noGrad(() => block.eval().forward(x));
    expect(liveStorage().storages - before.storages).toBe(1);
    z.dispose();
  });
});
