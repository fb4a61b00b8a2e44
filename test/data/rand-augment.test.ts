/**
 * RandAugment against pictures and draws of numpy, OpenCV and Pillow (golden/data/make-rand-augment.py): every sample equal.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createImage, crop, type Image } from "../../src/data/codecs/image.js";
import { decodeImage } from "../../src/data/codecs/index.js";
import { MersenneTwister } from "../../src/data/random.js";
import { applyTransform, outputSize, trainTransform } from "../../src/data/transforms/index.js";
import {
  drawOperations,
  type OperationName,
  operationNames,
  operations,
  randAugment,
  randAugmentStep,
  runOperation,
} from "../../src/data/transforms/rand-augment.js";
import { resize } from "../../src/data/transforms/resize.js";
import { fixtureUrl, lcgImage, readFixture } from "./fixtures.js";

interface Golden {
  readonly normals: readonly number[];
  readonly cases: readonly {
    readonly op: OperationName;
    readonly magnitude: number | null;
    readonly source: string;
    readonly sha256: string;
  }[];
  readonly draws: readonly {
    readonly level: number;
    readonly seed: number;
    readonly operations: readonly [OperationName, number | null][];
    readonly next: number;
    readonly sha256: string;
  }[];
}

const golden = JSON.parse(readFileSync(fixtureUrl("rand-augment.json"), "utf8")) as Golden;
const { fill } = randAugmentStep(7);

/** Soft gradients and one edge, as in the script. */
function smoothImage(width: number, height: number, seed: number): Image {
  const image = resize(lcgImage(7, 5, seed), { width, height, filter: "bicubic" });
  for (let y = Math.floor(height / 3); y < Math.floor(height / 2); y++)
    for (let x = Math.floor(width / 4); x < Math.floor(width / 2); x++)
      image.data.set([250, 20, 90], (y * width + x) * 3);
  return image;
}

const sources: Readonly<Record<string, Image>> = {
  noise224: lcgImage(224, 224, 11),
  noise61x47: lcgImage(61, 47, 12),
  smooth192: smoothImage(192, 192, 13),
  smooth61x47: smoothImage(61, 47, 14),
  noise1x3: lcgImage(1, 3, 15),
  flat: createImage(
    30,
    20,
    new Uint8Array(1800).map((_, i) => (i % 3 === 2 ? 200 : 7)),
  ),
};

const copy = (image: Image): Image => createImage(image.width, image.height, image.data.slice());
const digest = (image: Image): string => createHash("sha256").update(image.data).digest("hex").slice(0, 16);

describe("every operation, every sample equal", () => {
  test.each(operationNames)("%s", (name) => {
    const cases = golden.cases.filter(({ op }) => op === name);
    expect(cases.length).toBeGreaterThanOrEqual(Object.keys(sources).length);
    const wrong = cases.filter(({ source, magnitude, sha256 }) => {
      return digest(runOperation(copy(sources[source]!), { name, magnitude }, fill)) !== sha256;
    });
    expect(wrong.map(({ source, magnitude }) => `${source} at ${magnitude}`)).toEqual([]);
  });

  test("the sheet of golden pictures, pixel by pixel", () => {
    const sheet = decodeImage(readFixture("rand-augment.png"));
    const { width, height } = sources.smooth61x47!;
    operationNames.forEach((name, row) => {
      const { range, isSigned } = operations[name];
      const at7 = range === null ? null : (7 / 10) * (range[1] - range[0]) + range[0];
      const magnitudes = isSigned && at7 !== null ? [at7, -at7] : [at7];
      magnitudes.forEach((magnitude, i) => {
        const golden = crop(sheet, { left: (i + 1) * width, top: row * height, width, height });
        const ours = runOperation(copy(sources.smooth61x47!), { name, magnitude }, fill);
        expect(Buffer.compare(ours.data, golden.data), `${name} ${magnitude}`).toBe(0);
      });
    });
  });
});

describe("draws are numpy's, in the reference's order", () => {
  test.each(golden.draws)("level $level, seed $seed", ({ level, seed, operations, next, sha256 }) => {
    const rng = new MersenneTwister(seed);
    const drawn = drawOperations(randAugmentStep(level), rng);
    expect(drawn.map(({ name }) => name)).toEqual(operations.map(([name]) => name));
    drawn.forEach(({ magnitude }, i) => {
      const expected = operations[i]![1];
      if (expected === null) expect(magnitude).toBeNull();
      else expect(magnitude).toBeCloseTo(expected, 12);
    });
    expect(rng.double()).toBe(next);
    const ours = randAugment(copy(sources.smooth61x47!), randAugmentStep(level), new MersenneTwister(seed));
    expect(digest(ours)).toBe(sha256);
  });

  test("normal draws come in pairs, the second waits through other draws and survives a saved state", () => {
    const rng = new MersenneTwister(7);
    golden.normals.forEach((expected, i) => {
      const resumed = MersenneTwister.fromState(rng.state());
      const [value, again] = i === 5 ? [rng.double(), resumed.double()] : [rng.normal(2, 0.5), resumed.normal(2, 0.5)];
      expect(value).toBeCloseTo(expected, 14);
      expect(again).toBe(value);
    });
    rng.normal(0, 1);
    rng.seed(7);
    expect(rng.normal(2, 0.5)).toBeCloseTo(golden.normals[0]!, 14);
  });
});

test("a train pipeline with RandAugment keeps its size and fills the batch", () => {
  const transform = trainTransform({ imageSize: 24, randAugmentLevel: 7 });
  expect(transform.map(({ kind }) => kind)).toEqual(["randomResizedCrop", "randomFlip", "randAugment"]);
  expect(outputSize(transform)).toBe(24);
  let changed = 0;
  for (let seed = 0; seed < 30; seed++) {
    const into = new Uint8Array(24 * 24 * 3);
    const without = applyTransform(trainTransform({ imageSize: 24 }), sources.smooth61x47!, new MersenneTwister(seed));
    applyTransform(transform, sources.smooth61x47!, new MersenneTwister(seed), into);
    if (Buffer.compare(into, without.data) !== 0) changed++;
  }
  // neither operation is applied to a quarter of the pictures, and some change nothing
  expect(changed).toBeGreaterThan(14);
  expect(changed).toBeLessThan(30);
});
