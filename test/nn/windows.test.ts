/** Convolutions and pools as layers: their shapes, initial values, weights in files, and that they are the functions. */
import { beforeAll, describe, expect, it } from "vitest";
import * as T from "../../src/index.js";
import { fileShape, fromFileLayout, toFileLayout } from "../../src/io/layout.js";
import * as nn from "../../src/nn/index.js";

beforeAll(async () => {
  await T.setBackend("reference");
});

describe("layers of windows", () => {
  const image = () => T.rand([2, 9, 7, 4]);
  const sequence = () => T.rand([2, 9, 4]);
  const window = { kernelSize: 3, stride: 2, padding: 1 } as const;
  const pairs: readonly (readonly [string, nn.Module, () => T.Tensor, (x: T.Tensor) => T.Tensor])[] = [
    ["GlobalMaxPool", new nn.GlobalMaxPool(), image, (x) => T.globalMaxPool(x)],
    [
      "MaxPool2d",
      new nn.MaxPool2d({ ...window, ceilMode: true }),
      image,
      (x) => T.maxPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
    ],
    [
      "AvgPool2d",
      new nn.AvgPool2d({ ...window, countIncludePad: false }),
      image,
      (x) => T.avgPool2d(x, 3, { stride: 2, padding: 1, countIncludePad: false }),
    ],
    ["LPPool2d", new nn.LPPool2d({ normType: 2, kernelSize: 2 }), image, (x) => T.lpPool2d(x, 2, 2)],
    ["AdaptiveAvgPool2d", new nn.AdaptiveAvgPool2d([4, null]), image, (x) => T.adaptiveAvgPool2d(x, [4, 7])],
    ["AdaptiveMaxPool2d", new nn.AdaptiveMaxPool2d(2), image, (x) => T.adaptiveMaxPool2d(x, 2)],
    ["MaxPool1d", new nn.MaxPool1d(window), sequence, (x) => T.maxPool1d(x, 3, { stride: 2, padding: 1 })],
    ["AvgPool1d", new nn.AvgPool1d({ kernelSize: 2 }), sequence, (x) => T.avgPool1d(x, 2)],
  ];
  it.each(pairs)("%s is its function", (_, layer, x, fn) => {
    T.noGrad(() => {
      const input = x();
      expect(layer.forward(input).toArray()).toEqual(fn(input).toArray());
    });
  });

  it("pads are pad() on the axes of the image", () => {
    const x = T.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
    const rows = (layer: nn.Module) => layer.forward(x).reshape([-1, 5]).toArray();
    const widths = [
      [1, 0],
      [2, 0],
    ] as const;
    // torch.nn.functional.pad(x, (2, 0, 1, 0)) in each mode, the first row
    expect((rows(new nn.ZeroPad2d(widths)) as number[][])[0]).toEqual([0, 0, 0, 0, 0]);
    expect((rows(new nn.ReflectionPad2d(widths)) as number[][])[0]).toEqual([6, 5, 4, 5, 6]);
    expect((rows(new nn.ReplicationPad2d(widths)) as number[][])[0]).toEqual([1, 1, 1, 2, 3]);
    expect((rows(new nn.CircularPad2d(widths)) as number[][])[0]).toEqual([8, 9, 7, 8, 9]);
    expect(new nn.ZeroPad2d([1, 2]).forward(x).shape).toEqual([1, 5, 7, 1]);
  });

  it("print what they were given, defaults of convolutions left out", () => {
    const shown = [
      new nn.AvgPool2d({ kernelSize: [2, 3], ceilMode: true }),
      new nn.AdaptiveAvgPool2d([4, 7]),
      new nn.ConvTranspose2d(4, 6, { kernelSize: 3, stride: 2 }),
      new nn.Conv1d(4, 6, { kernelSize: 3, padding: "same", bias: false }),
      new nn.ReflectionPad2d(1),
      new nn.Conv2d(4, 6, { kernelSize: 3, padding: 1, paddingMode: "circular" }),
    ].map((layer) => `${layer.constructor.name}(${layer.extraRepr()})`);
    expect(shown).toEqual([
      "AvgPool2d(kernelSize=[2, 3], ceilMode=true)",
      "AdaptiveAvgPool2d(outputSize=[4, 7])",
      "ConvTranspose2d(4, 6, kernelSize=[3, 3], stride=2)",
      "Conv1d(4, 6, kernelSize=[3], stride=1, padding=same, bias=false)",
      "ReflectionPad2d(padding=[[1, 1], [1, 1]])",
      "Conv2d(4, 6, kernelSize=[3, 3], stride=[1, 1], padding=[1, 1], paddingMode=circular)",
    ]);
  });

  it("ConvTranspose2d turns a convolution round and adds its bias", () => {
    const layer = new nn.ConvTranspose2d(4, 6, { ...window, outputPadding: 1, groups: 2 });
    expect(layer.weight.shape).toEqual([3, 3, 3, 4]);
    // torch.nn.ConvTranspose2d(4, 6, 3, groups=2).weight
    expect(fileShape("convWeight", layer.weight.shape)).toEqual([4, 3, 3, 3]);
    layer.weight.write(new Float32Array(layer.weight.size));
    layer.bias!.write(Float32Array.of(1, 2, 3, 4, 5, 6));
    const y = layer.forward(image());
    expect(y.shape).toEqual([2, 18, 14, 6]);
    expect([...y.dataSync().slice(-6)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("Conv1d and ConvTranspose1d are their functions", () => {
    T.noGrad(() => {
      const x = sequence();
      const conv = new nn.Conv1d(4, 6, { kernelSize: 3, padding: "same", groups: 2 });
      const options = { padding: "same", groups: 2, bias: conv.bias! } as const;
      expect(conv.forward(x).toArray()).toEqual(T.conv1d(x, conv.weight, options).toArray());
      const up = new nn.ConvTranspose1d(4, 3, { kernelSize: 4, stride: 2, padding: 1, bias: false });
      const turned = T.convTranspose1d(x, up.weight, { stride: 2, padding: 1 });
      expect(up.forward(x).toArray()).toEqual(turned.toArray());
      expect(turned.shape).toEqual([2, 18, 3]);
      expect([conv, up].map((layer) => fileShape("convWeight", layer.weight.shape))).toEqual([
        [6, 2, 3],
        [4, 3, 4],
      ]);
    });
  });

  it("start within 1/√fan_in of the file's weight, as torch.nn's do", () => {
    const layer = new nn.ConvTranspose2d(64, 16, { kernelSize: [3, 2] });
    const bound = 1 / Math.sqrt(16 * 3 * 2);
    const largest = Math.max(...layer.weight.dataSync().map(Math.abs));
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.98 * bound);
    expect(Math.max(...layer.bias!.dataSync().map(Math.abs))).toBeLessThanOrEqual(bound);
  });

  it("say which channels groups do not divide", () => {
    expect(() => new nn.Conv1d(4, 6, { kernelSize: 1, groups: 4 })).toThrow(/Conv1d: 4 input and 6 output.*groups=4/);
  });

  it("weights over sequences go to files and back", () => {
    const entry = { shape: [3, 2, 2], values: Float32Array.from({ length: 12 }, (_, i) => i) };
    const file = toFileLayout("convWeight", entry);
    // [K, in, out] -> [out, in, K]
    expect(file).toEqual({ shape: [2, 2, 3], values: Float32Array.of(0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11) });
    expect(fromFileLayout("convWeight", file)).toEqual(entry);
  });
});
