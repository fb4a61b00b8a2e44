import { describe, expect, test } from "vitest";
import { createImage, crop, flipHorizontal, type Image } from "../../src/data/codecs/image.js";
import { MersenneTwister } from "../../src/data/random.js";
import { type DrawnAutoOperation, runAutoOperation } from "../../src/data/transforms/auto-augment.js";
import { type DrawnColor, jitterColors } from "../../src/data/transforms/color-jitter.js";
import { centerBox, shortSideSize } from "../../src/data/transforms/geometry.js";
import {
  applyTransform,
  evalTransform,
  outputSize,
  type Transform,
  trainTransform,
} from "../../src/data/transforms/index.js";
import { imagenetMean, imagenetStd, normalizeInto } from "../../src/data/transforms/normalize.js";
import { type DrawnOperation, randAugmentStep, runOperation } from "../../src/data/transforms/rand-augment.js";
import { eraseBox } from "../../src/data/transforms/random-erasing.js";
import { sampleCrop } from "../../src/data/transforms/random-resized-crop.js";
import { resize } from "../../src/data/transforms/resize.js";
import { type Drawn, traceTransform } from "../../src/data/transforms/trace.js";
import { lcgImage } from "./fixtures.js";

test.each([
  [375, 500, 256, 341],
  [500, 375, 341, 256],
  [333, 500, 256, 384],
  [500, 334, 383, 256],
  [32, 20, 409, 256],
  [600, 399, 384, 256],
])("short side of %ix%i -> %ix%i", (height, width, outHeight, outWidth) => {
  expect(shortSideSize(height, width, 256)).toEqual({ height: outHeight, width: outWidth });
});

test.each([
  [256, 341, 16, 58],
  [256, 343, 16, 60],
  [257, 256, 16, 16],
  [256, 227, 16, 2],
  [256, 225, 16, 0],
  [256, 229, 16, 2],
])("centre of %ix%i at (%i, %i)", (height, width, top, left) => {
  expect(centerBox(height, width, 224)).toEqual({ top, left, height: 224, width: 224 });
});

describe("pipelines", () => {
  const image = lcgImage(50, 40, 3);

  test("train: draws a crop, then a flip", () => {
    for (const seed of [0, 1, 2, 3]) {
      const rng = new MersenneTwister(seed);
      const cut = resize(image, { width: 16, height: 16, box: sampleCrop(rng, 40, 50) });
      const expected = rng.double() < 0.5 ? flipHorizontal(cut) : cut;
      const into = new Uint8Array(16 * 16 * 3);
      applyTransform(trainTransform({ imageSize: 16 }), image, new MersenneTwister(seed), into);
      expect(into).toEqual(expected.data);
    }
  });

  test("eval: short side, then centre; 256 for 224 and the same share elsewhere", () => {
    expect(evalTransform({ imageSize: 224 })[0]).toMatchObject({ kind: "resizeShortSide", size: 256 });
    expect(evalTransform({ imageSize: 32 })[0]).toMatchObject({ size: 37 });
    const into = new Uint8Array(16 * 16 * 3);
    applyTransform(evalTransform({ imageSize: 16, resizeSize: 20 }), image, new MersenneTwister(0), into);
    const resized = resize(image, { width: 25, height: 20 });
    expect(into).toEqual(crop(resized, { left: 4, top: 2, width: 16, height: 16 }).data);
  });

  test("do not touch the picture they read", () => {
    const before = image.data.slice();
    for (const transform of [trainTransform({ imageSize: 40 }), evalTransform({ imageSize: 40, resizeSize: 40 })]) {
      applyTransform(transform, image, new MersenneTwister(9));
    }
    expect(image.data).toEqual(before);
  });

  test("can be traced: the same draws without the pixels", () => {
    const imageSize = 16;
    const { fill } = randAugmentStep(7);
    const colorJitter = { brightness: 0.4, hue: 0.1 };
    // by what does an operation of the trace
    const pipelines: [Transform, (image: Image, drawn: Drawn["operations"][number]) => Image][] = [
      [
        trainTransform({ imageSize, randAugmentLevel: 7 }),
        (at, drawn) => runOperation(at, drawn as DrawnOperation, fill),
      ],
      [
        trainTransform({ imageSize, autoAugment: "svhn", randomErasing: {} }),
        (at, drawn) => runAutoOperation(at, drawn as DrawnAutoOperation, fill),
      ],
      [
        trainTransform({ imageSize, colorJitter, randomErasing: { mode: "rand", scale: [0.1, 0.2] } }),
        (at, drawn) => jitterColors(at, [drawn as DrawnColor]),
      ],
      [evalTransform({ imageSize }), (at) => at],
    ];
    for (const [transform, redo] of pipelines) {
      let erasures = 0;
      for (let seed = 0; seed < 40; seed++) {
        const [doing, tracing] = [new MersenneTwister(seed), new MersenneTwister(seed)];
        const done = applyTransform(transform, createImage(50, 40, image.data.slice()), doing);
        const { crop: box, isFlipped, operations, erased } = traceTransform(transform, 40, 50, tracing);
        expect(tracing.state()).toEqual(doing.state());
        if (box === null) continue;
        const cut = resize(image, { width: 16, height: 16, box });
        const redone = operations.reduce(redo, isFlipped ? flipHorizontal(cut) : cut);
        if (erased) {
          erasures++;
          for (const one of [redone, done]) eraseBox(one, erased, () => 0);
        }
        expect(redone.data).toEqual(done.data);
      }
      const isErasing = transform.some(({ kind }) => kind === "randomErasing");
      expect(erasures > 8).toBe(isErasing);
    }
  });

  test("refuse amounts that are none", () => {
    expect(() => trainTransform({ imageSize: 8, colorJitter: { hue: 0.6 } })).toThrow(
      "hue is 0.6, expected at least 0 and",
    );
    expect(() => trainTransform({ imageSize: 8, colorJitter: { contrast: -1 } })).toThrow("contrast is -1");
    expect(() => trainTransform({ imageSize: 8, randomErasing: { probability: 2 } })).toThrow("expected 0 to 1");
    expect(() => trainTransform({ imageSize: 8, randomErasing: { value: [0, 0.5, 0] } })).toThrow("expected a byte");
    expect(() => trainTransform({ imageSize: 8, autoAugment: "imagnet" as "imagenet" })).toThrow(
      "imagenet, cifar10, svhn",
    );
  });

  test("know their size, or say that they have none", () => {
    expect(outputSize(trainTransform({ imageSize: 32 }))).toBe(32);
    expect(outputSize(evalTransform({ imageSize: 24 }))).toBe(24);
    expect(() => outputSize([{ kind: "resizeShortSide", size: 9, filter: "box" }])).toThrow(/different sizes/);
    expect(() => evalTransform({ imageSize: 24, resizeSize: 23 })).toThrow(/smaller/);
  });

  test("refuse a picture smaller than its crop", () => {
    const into = new Uint8Array(64 * 64 * 3);
    expect(() => applyTransform([{ kind: "centerCrop", size: 64 }], image, new MersenneTwister(0), into)).toThrow(
      /50x40/,
    );
  });
});

test("normalizeInto subtracts the mean and divides by the deviation", () => {
  const source = Uint8Array.from([0, 0, 0, 255, 128, 1]);
  const target = normalizeInto(source, new Float32Array(6));
  source.forEach((v, i) => {
    expect(target[i]).toBe(Math.fround((v - imagenetMean[i % 3]!) / imagenetStd[i % 3]!));
  });
  expect(() => normalizeInto(source, new Float32Array(3))).toThrow(/6 samples/);
});
