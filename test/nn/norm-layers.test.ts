/** Normalising, resizing and attending layers: names, initial values, text, modes, what they refuse, and that nothing is left behind. */
import { beforeAll, describe, expect, it } from "vitest";
import { gradcheck, liveStorage, manualSeed, nn, randn, scope, setBackend, tensor } from "../../src/index.js";

beforeAll(async () => {
  await setBackend("reference");
});

const double = { dtype: "float64" } as const;

describe("names and shapes of parameters", () => {
  const rows: readonly (readonly [make: () => nn.Module, names: Readonly<Record<string, readonly number[]>>])[] = [
    [() => new nn.LayerNorm([2, 3]), { weight: [2, 3], bias: [2, 3] }],
    [() => new nn.LayerNorm(3, { bias: false }), { weight: [3] }],
    [() => new nn.LayerNorm(3, { elementwiseAffine: false }), {}],
    [() => new nn.GroupNorm(2, 4), { weight: [4], bias: [4] }],
    [() => new nn.GroupNorm(2, 4, { affine: false }), {}],
    [() => new nn.InstanceNorm2d(4), {}],
    [() => new nn.InstanceNorm2d(4, { affine: true }), { weight: [4], bias: [4] }],
    [() => new nn.Upsample({ scaleFactor: 2 }), {}],
    [
      () => new nn.MultiheadAttention(6, 2),
      { in_proj_weight: [6, 18], in_proj_bias: [18], "out_proj.weight": [6, 6], "out_proj.bias": [6] },
    ],
    [() => new nn.MultiheadAttention(6, 2, { bias: false }), { in_proj_weight: [6, 18], "out_proj.weight": [6, 6] }],
  ];
  for (const [make, expected] of rows)
    it(`${make()}`, () => {
      const layer = make();
      expect(Object.fromEntries([...layer.stateDict()].map(([name, { shape }]) => [name, shape]))).toEqual(expected);
      layer.dispose();
    });
});

it("are shown with their numbers", () => {
  expect(`${new nn.LayerNorm(192, { eps: 1e-6 })}`).toBe(
    "LayerNorm(normalizedShape=[192], eps=0.000001, elementwiseAffine=true)",
  );
  expect(`${new nn.GroupNorm(2, 4)}`).toBe("GroupNorm(numGroups=2, numChannels=4, eps=0.00001, affine=true)");
  expect(`${new nn.Upsample({ scaleFactor: 2, mode: "bilinear" })}`).toBe("Upsample(scaleFactor=2, mode=bilinear)");
  expect(`${new nn.PixelShuffle(2)}`).toBe("PixelShuffle(upscaleFactor=2)");
});

it("attention starts as PyTorch's: the projections within √(6 / 4E), biases at 0", () => {
  manualSeed(0);
  const layer = new nn.MultiheadAttention(24, 3);
  const largest = Math.max(...layer.inProjWeight.abs().dataSync());
  expect(largest).toBeLessThanOrEqual(Math.sqrt(6 / 96));
  expect(largest).toBeGreaterThan(0.98 * Math.sqrt(6 / 96));
  for (const bias of [layer.inProjBias, layer.outProj.bias]) expect(bias!.abs().sum().item()).toBe(0);
});

it("attention over [L, N, E] is that over [N, L, E], turned", () => {
  manualSeed(1);
  const first = new nn.MultiheadAttention(6, 2, double);
  const second = new nn.MultiheadAttention(6, 2, { ...double, batchFirst: false });
  second.loadStateDict(first.stateDict());
  const x = randn([2, 5, 6], { ...double, seed: 3 });
  const turned = second.forward(x.transpose([1, 0, 2])).transpose([1, 0, 2]);
  expect([...turned.dataSync()]).toEqual([...first.forward(x).dataSync()]);
});

it("attention drops weights in training alone, and draws anew each time", () => {
  manualSeed(2);
  const layer = new nn.MultiheadAttention(6, 2, { ...double, dropout: 0.5 });
  const x = randn([1, 8, 6], { ...double, seed: 4 });
  const draw = () => [...layer.forward(x).dataSync()];
  expect(draw()).not.toEqual(draw());
  layer.eval();
  expect(draw()).toEqual(draw());
});

it("gradients of the layers are right", async () => {
  const groups = new nn.GroupNorm(2, 4, double);
  const norm = new nn.LayerNorm(4, double);
  const up = new nn.Upsample({ size: [3, 2], mode: "bicubic" });
  const x = randn([2, 2, 3, 4], { ...double, requiresGrad: true, seed: 5 });
  const inputs = [x, groups.weight!, groups.bias!, norm.weight!, norm.bias!];
  const loss = () =>
    norm
      .forward(up.forward(groups.forward(x)))
      .square()
      .mul(x.slice([0, 0, 0, 0], [2, 2, 2, 4]).sum());
  expect(await gradcheck(loss, inputs)).toBeLessThan(1e-6);
});

it("a step leaves no memory behind", () => {
  const layer = new nn.MultiheadAttention(6, 2);
  const norm = new nn.GroupNorm(3, 6);
  const step = () =>
    scope(() => {
      const x = randn([2, 2, 3, 6]);
      layer
        .forward(norm.forward(x).reshape([2, 6, 6]))
        .sum()
        .backward();
      for (const { tensor: p } of [...layer.namedParameters().values(), ...norm.namedParameters().values()]) {
        p.grad?.dispose();
        p.grad = null;
      }
    });
  step();
  const { bytes } = liveStorage();
  for (let i = 0; i < 3; i++) step();
  expect(liveStorage().bytes).toBe(bytes);
});

describe("what is refused", () => {
  const wrong: readonly (readonly [what: string, call: () => unknown, message: RegExp])[] = [
    ["channels first", () => new nn.GroupNorm(2, 6).forward(randn([1, 6, 4, 4])), /channels come last/],
    ["groups that do not divide", () => new nn.GroupNorm(4, 6), /6 channels, expected a multiple of numGroups=4/],
    ["positional options", () => new nn.LayerNorm(6, 1e-6 as never), /LayerNorm: the options are a number/],
    [
      "a mask of another shape",
      () =>
        new nn.MultiheadAttention(6, 2).forward(randn([1, 3, 6]), undefined, undefined, { attnMask: tensor([1, 0]) }),
      /attnMask \[2\], expected \[3, 3\] or \[2, 3, 3\]/,
    ],
    [
      "a padding mask of another shape",
      () =>
        new nn.MultiheadAttention(6, 2).forward(randn([1, 3, 6]), undefined, undefined, {
          keyPaddingMask: tensor([1, 0]),
        }),
      /keyPaddingMask \[2\], expected \[1, 3\]/,
    ],
  ];
  for (const [what, call, message] of wrong) it(what, () => expect(call).toThrow(message));
});
