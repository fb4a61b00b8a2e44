/**
 * Grad-CAM against its definition by differences, which knows no backward pass; what it leaves alone, and what it refuses. Against
 * PyTorch: test/models/families-golden.test.ts.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { withBackend } from "../../src/backends/backend.js";
import { referenceBackend } from "../../src/backends/reference/index.js";
import { createImage } from "../../src/data/codecs/image.js";
import { enlargedMap, heatImage, heatOverlay } from "../../src/figures/heat-map.js";
import { gradCam, models, nn, noGrad, normalize, scope, setBackend, type Tensor, tensor } from "../../src/index.js";
import { MobileOne } from "../../src/models/mobileone/mobileone.js";
import type { Variant } from "../../src/models/mobileone/variants.js";
import { chain } from "../../src/nn/sequential.js";
import { uniform } from "../models/uniform.js";

beforeAll(async () => {
  await setBackend("wasm");
});

const CLASSES = 4;
const SIDE = 32;
/** A unit a stage, with squeeze and excitation at the end. */
const small: Variant = {
  widths: [0.1, 0.1, 0.1, 0.02],
  numConvBranches: 2,
  squeezeExciteUnits: [0, 0, 0, 1],
  units: [1, 1, 1, 1],
};
const picture = createImage(
  SIDE,
  SIDE,
  Uint8Array.from(uniform(1, 2, SIDE * SIDE * 3), (value) => 127 * (value + 1)),
);
const sizes = { imageSize: SIDE, resizeSize: SIDE };
const classNames = ["ant", "bee", "cow", "dog"];

/** In float64, with biases that keep what a ReLU is given off its kink, where all around is zero. */
function generic(): MobileOne {
  const model = new MobileOne(small, { numClasses: CLASSES, seed: 5, dtype: "float64" });
  [...model.namedParameters()].forEach(([name, { tensor: parameter }], i) => {
    if (name.endsWith("bias")) noGrad(() => parameter.write(uniform(7, i, parameter.size)));
  });
  return model.eval();
}

/** The map without a backward pass: a channel's weight is how the logit moves with all of it, by the places it has. */
async function byDifferences(model: MobileOne, stage: string, label: number): Promise<number[]> {
  const last = model.blocks.findLastIndex(({ spec }) => spec.name.startsWith(stage));
  const rest = (features: Tensor): number =>
    noGrad(() =>
      scope(() => {
        const y = model.classifier.forward(chain(model.blocks.slice(last + 1), features).mean([1, 2]));
        return y.dataSync()[label] as number;
      }),
    );
  const features = noGrad(() => chain(model.blocks.slice(0, last + 1), normalize([picture]).cast("float64")));
  const [, h, w, channels] = features.shape as [number, number, number, number];
  const values = features.dataSync() as Float64Array;
  // small, so that no ReLU of the rest has its kink within
  const step = 1e-7;
  const weights = Array.from({ length: channels }, (_, channel) => {
    const moved = (by: number) =>
      rest(
        tensor(
          values.map((value, i) => (i % channels === channel ? value + by : value)),
          features.shape,
          { dtype: "float64" },
        ),
      );
    return (moved(step) - moved(-step)) / (2 * step) / (h * w);
  });
  return Array.from({ length: h * w }, (_, place) =>
    Math.max(
      0,
      weights.reduce((sum, weight, channel) => sum + weight * values[place * channels + channel]!, 0),
    ),
  );
}

describe("gradCam", () => {
  it.each(["stage1", "stage3", "stage4"])("is what differences give, in float64: %s", (stage) =>
    withBackend(referenceBackend, async () => {
      const model = generic();
      for (const label of [0, 1, 2, 3]) {
        const expected = await byDifferences(model, stage, label);
        const cam = await gradCam(model, picture, { ...sizes, stage, class: label });
        expect(cam.map.values).toHaveLength(expected.length);
        const largest = Math.max(...expected, 1e-12);
        cam.map.values.forEach((value, i) => {
          expect(Math.abs(value * cam.peak - expected[i]!) / largest, `class ${label}, place ${i}`).toBeLessThan(1e-5);
        });
      }
    }));

  it("leaves mode, gradients and what was frozen alone, and frees what it made", async () => {
    const model = new MobileOne(small, { numClasses: CLASSES, seed: 5 });
    const [first] = model.parameters();
    first!.requiresGrad = false;
    const before = (await first!.data()).slice();
    const cam = await gradCam(model, picture, { ...sizes, classNames });
    expect(model.training).toBe(true);
    expect(model.parameters().map(({ requiresGrad }) => requiresGrad)).toEqual(
      model.parameters().map((p) => p !== first),
    );
    expect(model.parameters().every(({ grad }) => grad === null)).toBe(true);
    expect(await first!.data()).toEqual(before);
    expect(cam.stage).toBe(model.featureInfo.at(-1)!.module);
    expect(cam.class).toEqual(cam.predicted);
    expect([cam.image.width, Math.max(...cam.map.values)]).toEqual([SIDE, 1]);
    expect(noGrad(() => 1)).toBe(1);
    // the hook is gone: an answer is the same as before, and needs no gradient
    const again = await noGrad(() => gradCam(model, picture, { ...sizes, classNames }));
    expect(again.map).toEqual(cam.map);
  });

  it("takes stages by number, name and module, classes by number and name", async () => {
    const model = models.createModel("resnet18", { numClasses: CLASSES, seed: 1, deploy: true });
    const cam = (options: object) => gradCam(model, picture, { ...sizes, classNames, ...options });
    const named = await cam({ stage: "layer3", class: "cow" });
    expect(named.class).toMatchObject({ label: "cow", index: 2 });
    expect([named.map.width, named.map.height]).toEqual([2, 2]);
    for (const stage of [3, -2, "layer3.1", model.blocks.at(-3)!])
      expect((await cam({ stage, class: 2 })).map).toEqual(named.map);
    const unnamed = await gradCam(model, picture, { ...sizes, class: "2", stage: 3 });
    expect(unnamed.map).toEqual(named.map);
  });

  it("is for any module whose logits come from a map", async () => {
    class Net extends nn.Module {
      readonly conv = new nn.Conv2d(3, 6, { kernelSize: 3, stride: 4, padding: 1 });
      readonly fc = new nn.Linear(6, 2);
      readonly idle = new nn.ReLU();
      forward(x: Tensor): Tensor {
        return this.fc.forward(this.conv.forward(x).relu().mean([1, 2]));
      }
    }
    const net = new Net();
    const cam = await gradCam(net, picture, { ...sizes, stage: "conv" });
    expect([cam.map.width, cam.map.height, cam.stage]).toEqual([8, 8, "conv"]);
    expect((await gradCam(net, picture, { ...sizes, stage: net.conv })).map).toEqual(cam.map);
    await expect(gradCam(net, picture, sizes)).rejects.toThrow(/Net has no stages.*\n.*stage: model.features/);
    await expect(gradCam(net, picture, { ...sizes, stage: "fc" })).rejects.toThrow(
      /fc gives \[1, 2\], expected \[1, H, W/,
    );
    await expect(gradCam(net, picture, { ...sizes, stage: "idle" })).rejects.toThrow(/does not run idle/);
    await expect(gradCam(net, picture, { ...sizes, stage: new nn.ReLU() })).rejects.toThrow(
      /a ReLU outside of the model/,
    );
    expect((await gradCam(net, picture, { ...sizes, stage: "conv" })).map).toEqual(cam.map);
  });

  it.each([
    [{ stage: 9 }, /no stage 9, expected one of stage0, stage1, .*, or a number from -5 to 4/],
    [{ stage: 1.5 }, /no stage 1.5/],
    [{ stage: "stag3" }, /no stage "stag3", expected one of stage0, .*\n.*did you mean stage3/],
    [{ stage: "" }, /no stage ""/],
    [{ class: "cwo" }, /no class "cwo", expected a name, or a number from 0 to 3\n.*did you mean cow/],
    [{ class: 4 }, /no class 4/],
    [{ class: "1" }, /no class "1"/],
    [{ classNames: ["a"] }, /1 classNames, expected one for each of 4/],
  ])("refuses %o", async (options, message) => {
    const model = new MobileOne(small, { numClasses: CLASSES });
    await expect(gradCam(model, picture, { ...sizes, classNames, ...options })).rejects.toThrow(message);
  });
});

describe("heat maps", () => {
  it("grow as F.interpolate(align_corners=False) does", () => {
    // torch.nn.functional.interpolate of [[0, 1], [2, 4]] to 3 x 4, bilinear
    const expected = [0, 0.25, 0.75, 1, 1, 1.375, 2.125, 2.5, 2, 2.5, 3.5, 4];
    const found = enlargedMap({ width: 2, height: 2, values: [0, 1, 2, 4] }, 4, 3);
    expected.forEach((value, i) => {
      expect(found[i]).toBeCloseTo(value, 12);
    });
  });

  it("lie over a picture by their opacity", () => {
    const map = { width: 1, height: 1, values: [1] };
    const heat = heatImage(map, SIDE, SIDE);
    expect(heatOverlay(picture, map, { opacity: 0 }).data).toEqual(picture.data);
    expect(heatOverlay(picture, map, { opacity: 1 }).data).toEqual(heat.data);
    const half = heatOverlay(picture, map);
    expect(half.data[5]).toBe(Math.round((heat.data[5]! + picture.data[5]!) / 2));
    expect(() => heatOverlay(picture, map, { opacity: 2 })).toThrow(/opacity 2, expected 0 to 1/);
  });
});
