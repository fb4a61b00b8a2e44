/** Batch norms of recorded steps, fused with the branches and products around them: fewer ops, the bits of the plain calls. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WasmBackend } from "../../src/backends/wasm/wasm-backend.js";
import { compile, conv2d, nn, noGrad, randn, setBackend, type Tensor } from "../../src/index.js";
import { MobileOneBlock } from "../../src/models/mobileone/block.js";
import { blockSpecs, variants } from "../../src/models/mobileone/variants.js";

let backend: WasmBackend;
const bits = (x: Tensor): string => Buffer.from(x.dataSync().buffer.slice(0)).toString("base64");

/** Ops of a recorded step of `forward`, whose outputs, gradients and running statistics are checked against plain calls. */
function opsOf(
  layers: readonly nn.Module[],
  forward: (x: Tensor) => Tensor,
  channels: number,
): (name: string) => number {
  const parameters = layers.flatMap((layer) => [...layer.parameters()]);
  const first = randn([3, 3, 4, channels], { seed: 1, requiresGrad: true });
  const step = (x: Tensor): Tensor[] => {
    for (const parameter of [first, ...parameters]) parameter.grad = null;
    const y = forward(conv2d(x, first, { padding: 1 }).relu());
    const result = y.mul(1);
    y.square().mean().backward();
    return [result, ...[first, ...parameters].map((parameter) => parameter.grad!.mul(1))];
  };
  const x = randn([2, 9, 8, 4], { seed: 2 });
  const expected = step(x).map(bits);
  const compiled = compile(step);
  for (let i = 0; i < 3; i++) expect(compiled(x).map(bits)).toEqual(expected);
  const ops = compiled.profile([x], 1)!.map((row) => row.op);
  return (name) => ops.filter((op) => op === name).length;
}

describe.each([1, 2])("with %i threads", (threads) => {
  beforeEach(async () => {
    backend = (await setBackend("wasm", { threads })) as WasmBackend;
  });
  afterEach(() => backend.dispose());

  it("makes blocks of plain branches", () => {
    const [, depthwise, pointwise] = blockSpecs(variants.mobileone_s1);
    const specs = [
      { ...pointwise!, inChannels: 20, outChannels: 20, stride: 1 },
      { ...depthwise!, inChannels: 20, outChannels: 20, groups: 20, stride: 1 },
      { ...pointwise!, inChannels: 20, outChannels: 33, stride: 1 },
      { ...pointwise!, inChannels: 33, outChannels: 33, stride: 1, numConvBranches: 2 },
    ];
    const blocks = specs.map((spec) => new MobileOneBlock(spec, {}, "plain"));
    const count = opsOf(blocks, (x) => blocks.reduce((y, block) => block.forward(y), x), 20);
    const names = [
      "batchNorm",
      "batchNormStatistics",
      "conv2dStatistics",
      "batchNormSum",
      "batchNormGrad",
      "batchNormGradSums",
      "normedInputGrad",
    ];
    expect(names.map(count)).toEqual([0, 5, 4, 4, 0, 4, 4]);
    expect(["add", "relu"].map(count)).toEqual([0, 1]);
  });

  it("makes blocks before folded ones take the relu's mask and the bias' sums along", () => {
    const [, depthwise, pointwise] = blockSpecs(variants.mobileone_s1);
    const own = { inChannels: 20, outChannels: 20, stride: 1 };
    const blocks = [
      new MobileOneBlock({ ...depthwise!, ...own, groups: 20 }, {}, "folded"),
      new MobileOneBlock({ ...pointwise!, ...own }, {}, "plain"),
      new MobileOneBlock({ ...depthwise!, ...own, groups: 20 }, {}, "folded"),
      new MobileOneBlock({ ...pointwise!, ...own, outChannels: 33 }, {}, "plain"),
    ];
    const count = opsOf(blocks, (x) => blocks.reduce((y, block) => block.forward(y), x), 20);
    const names = ["normedInputGrad", "biasReluGrad", "reluGrad", "conv2dInputGrad", "batchNormInputGrad"];
    expect(names.map(count)).toEqual([2, 0, 1, 0, 0]);
  });

  it("goes pass by pass with weights above 4 MiB", () => {
    const [, , pointwise] = blockSpecs(variants.mobileone_s1);
    const block = new MobileOneBlock({ ...pointwise!, inChannels: 1030, outChannels: 1030, stride: 1 }, {}, "plain");
    const count = opsOf([block], (x) => block.forward(x), 1030);
    expect(count("normedInputGrad")).toBe(1);
  });

  it("makes residual blocks, and leaves what has another order of additions", () => {
    const norms = Array.from({ length: 5 }, () => new nn.BatchNorm2d(12));
    const [a, b, c, d, e] = norms.map((norm) => (x: Tensor) => norm.forward(x)) as ((x: Tensor) => Tensor)[];
    const count = opsOf(
      norms,
      (x) => {
        const y = a!(x).add(x).relu();
        return d!(b!(y).add(c!(y.mul(2))))
          .add(e!(y).add(y))
          .relu();
      },
      12,
    );
    expect(["batchNorm", "batchNormSum"].map(count)).toEqual([0, 3]);
  });

  it("sums rows of a product while they are made, where there are runs enough of them", () => {
    const [x, w] = [randn([1, 66 * 64 + 13, 1, 4], { seed: 3 }), randn([1, 1, 4, 1100], { seed: 4 })];
    const norm = new nn.BatchNorm2d(1100);
    const step = (): Tensor => noGrad(() => norm.forward(conv2d(x, w)).relu());
    const expected = bits(step());
    const compiled = compile(step);
    for (let i = 0; i < 3; i++) expect(bits(compiled()) === expected).toBe(true);
    expect(compiled.profile([], 1)!.map((row) => row.op)).toContain("conv2dStatistics");
  });
});
