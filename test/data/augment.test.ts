/**
 * AutoAugment, ColorJitter and RandomErasing against torchvision and Pillow (golden/data/make-augment.py): for the draws that
 * torchvision made, every sample equal; and how our own draws are distributed.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Box, createImage, type Image } from "../../src/data/codecs/image.js";
import { decodeImage } from "../../src/data/codecs/index.js";
import { MersenneTwister } from "../../src/data/random.js";
import {
  type AutoOperationName,
  autoAugmentStep,
  autoOperations,
  drawAutoAugment,
  operationsOf,
  runAutoOperation,
} from "../../src/data/transforms/auto-augment.js";
import { type AutoAugmentPolicy, policies } from "../../src/data/transforms/auto-augment-policies.js";
import {
  type ColorAspect,
  colorAspects,
  colorJitterStep,
  drawColors,
  jitterColors,
} from "../../src/data/transforms/color-jitter.js";
import { adjustHue } from "../../src/data/transforms/hue.js";
import { drawErasedBox, eraseBox, randomErasing, randomErasingStep } from "../../src/data/transforms/random-erasing.js";
import { fixtureUrl, lcgBytes, lcgImage, readFixture } from "./fixtures.js";

interface Golden {
  readonly sources: Readonly<Record<string, string>>;
  readonly auto: {
    readonly operations: readonly (readonly [AutoOperationName, number | null, string, string])[];
    readonly draws: readonly (readonly [
      AutoAugmentPolicy,
      number,
      readonly [number, number],
      readonly [boolean, boolean],
      string,
      string,
    ])[];
  };
  readonly colors: {
    readonly single: readonly (readonly [ColorAspect, number, string, string])[];
    readonly whole: readonly (readonly [readonly (readonly [ColorAspect, number])[], string, string])[];
    readonly all: Readonly<Record<string, string>>;
  };
  readonly erasing: readonly (readonly [Box, number | null, string, string])[];
}

const golden = JSON.parse(readFileSync(fixtureUrl("augment.json"), "utf8")) as Golden;
const fill = [124, 116, 104] as const;

const copy = ({ width, height, data }: Image): Image => createImage(width, height, data.slice());
const digest = ({ data }: Image): string => createHash("sha256").update(data).digest("hex").slice(0, 16);

const photo = (name: string): Image => decodeImage(readFixture(`augment/${name}.png`));

/** Pillow's grey with a tint of a level or none, as in the script. */
function greyish(image: Image): Image {
  const tint = lcgBytes(image.data.length, 5);
  const data = image.data.map((_, i) => {
    const [red, green, blue] = image.data.subarray(i - (i % 3), i - (i % 3) + 3) as unknown as [number, number, number];
    const grey = Math.floor((red * 19595 + green * 38470 + blue * 7471 + 0x8000) / 65536);
    return Math.min(255, Math.max(0, grey + (tint[i]! % 3) - 1));
  });
  return createImage(image.width, image.height, data);
}

const sources: Readonly<Record<string, Image>> = {
  astronaut: photo("astronaut"),
  coffee: photo("coffee"),
  chelsea: photo("chelsea"),
  rocket: photo("rocket"),
  greyish: greyish(photo("coffee")),
  noise61x47: lcgImage(61, 47, 12),
  noise1x3: lcgImage(1, 3, 15),
  noise3x2: lcgImage(3, 2, 16),
  flat: createImage(
    30,
    20,
    new Uint8Array(1800).map((_, i) => (i % 3 === 2 ? 200 : 7)),
  ),
};
const source = (name: string): Image => copy(sources[name]!);

test("the pictures are those of the script", () => {
  expect(Object.fromEntries(Object.entries(sources).map(([name, image]) => [name, digest(image)]))).toEqual(
    golden.sources,
  );
});

describe("AutoAugment, every sample equal", () => {
  test.each(Object.keys(autoOperations) as AutoOperationName[])("%s", (name) => {
    const cases = golden.auto.operations.filter(([op]) => op === name);
    expect(cases.length).toBeGreaterThanOrEqual(Object.keys(sources).length);
    const wrong = cases.filter(([, magnitude, from, sha256]) => {
      return digest(runAutoOperation(source(from), { name, magnitude }, fill)) !== sha256;
    });
    expect(wrong.map(([, magnitude, from]) => `${from} at ${magnitude}`)).toEqual([]);
  });

  test.each(Object.keys(policies) as AutoAugmentPolicy[])("%s: torchvision's draws", (policy) => {
    const draws = golden.auto.draws.filter(([name]) => name === policy);
    expect(draws.map(([, subPolicy]) => subPolicy)).toEqual(policies[policy].map((_, i) => i));
    const wrong = draws.filter(([, subPolicy, chances, areNegated, from, sha256]) => {
      const image = source(from);
      const operations = operationsOf(policy, { subPolicy, chances, areNegated }, image.height, image.width);
      return digest(operations.reduce((now, one) => runAutoOperation(now, one, fill), image)) !== sha256;
    });
    expect(wrong.map(([, subPolicy]) => subPolicy)).toEqual([]);
  });
});

describe("ColorJitter, every sample equal", () => {
  test.each(colorAspects)("%s", (name) => {
    const cases = golden.colors.single.filter(([aspect]) => aspect === name);
    expect(cases.length).toBeGreaterThanOrEqual(11 * Object.keys(sources).length);
    const wrong = cases.filter(([, magnitude, from, sha256]) => {
      return digest(jitterColors(source(from), [{ name, magnitude }])) !== sha256;
    });
    expect(wrong.map(([, magnitude, from]) => `${from} at ${magnitude}`)).toEqual([]);
  });

  test("torchvision's draws, in its order", () => {
    const wrong = golden.colors.whole.filter(([drawn, from, sha256]) => {
      const changes = drawn.map(([name, magnitude]) => ({ name, magnitude }));
      return digest(jitterColors(source(from), changes)) !== sha256;
    });
    expect(wrong.map(([drawn]) => drawn)).toEqual([]);
  });

  test.each(Object.entries(golden.colors.all))("all 2^24 colours turned by %s", (turn, sha256) => {
    const hash = createHash("sha256");
    const slice = new Uint8Array(256 * 256 * 3);
    for (let red = 0; red < 256; red++) {
      for (let i = 0; i < 256 * 256; i++) {
        slice[3 * i] = red;
        slice[3 * i + 1] = i >> 8;
        slice[3 * i + 2] = i & 255;
      }
      hash.update(adjustHue(createImage(256, 256, slice), Number(turn)).data);
    }
    expect(hash.digest("hex")).toBe(sha256);
  });
});

describe("RandomErasing, every sample equal", () => {
  test("torchvision's boxes", () => {
    expect(golden.erasing.length).toBeGreaterThan(30);
    const wrong = golden.erasing.filter(([box, seed, from, sha256]) => {
      const noise = seed === null ? null : lcgBytes(box.width * box.height * 3, seed);
      let at = 0;
      return digest(eraseBox(source(from), box, (channel) => noise?.[at++] ?? fill[channel]!)) !== sha256;
    });
    expect(wrong.map(([box]) => box)).toEqual([]);
  });
});

/** Share of `count` draws that are true. */
const shareOf = (count: number, draw: () => boolean): number => {
  let hits = 0;
  for (let i = 0; i < count; i++) if (draw()) hits++;
  return hits / count;
};
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("our own draws", () => {
  const DRAWS = 6000;

  test("ColorJitter: every order alike, amounts evenly within their ranges, none where 0", () => {
    const rng = new MersenneTwister(3);
    const step = colorJitterStep({ brightness: 0.4, contrast: 1.5, saturation: 0.2, hue: 0.1 });
    const drawn = Array.from({ length: DRAWS }, () => drawColors(step, rng));
    const orders = new Map<string, number>();
    for (const one of drawn) {
      const order = one.map(({ name }) => name[0]).join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    for (const count of orders.values()) expect(Math.abs(count - DRAWS / 24)).toBeLessThan(80);
    const ranges = { brightness: [0.6, 1.4], contrast: [0, 2.5], saturation: [0.8, 1.2], hue: [-0.1, 0.1] } as const;
    for (const name of colorAspects) {
      const values = drawn.map((one) => one.find((change) => change.name === name)!.magnitude);
      const [low, high] = ranges[name];
      const slack = (high - low) * 0.01;
      for (const end of [Math.min(...values) - low, high - Math.max(...values)]) {
        expect(end).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThan(slack);
      }
      expect(Math.abs(mean(values) - (low + high) / 2)).toBeLessThan(2 * slack);
    }
    expect(drawColors(colorJitterStep({ contrast: 0.4 }), rng).map(({ name }) => name)).toEqual(["contrast"]);
  });

  test("AutoAugment: every sub-policy alike, operations as often as their probability, half of the signs", () => {
    const rng = new MersenneTwister(4);
    const drawn = Array.from({ length: DRAWS }, () => drawAutoAugment(autoAugmentStep("cifar10"), rng));
    policies.cifar10.forEach((_, i) => {
      expect(Math.abs(drawn.filter(({ subPolicy }) => subPolicy === i).length - DRAWS / 25)).toBeLessThan(75);
    });
    // translateY .4 at bin 3, then sharpness .2 at bin 6
    const done = drawn.map((one) => operationsOf("cifar10", { ...one, subPolicy: 12 }, 331, 331));
    const moves = done.flat().filter(({ name }) => name === "translateY");
    expect(moves.length / DRAWS).toBeCloseTo(0.4, 1);
    expect(done.flat().filter(({ name }) => name === "sharpness").length / DRAWS).toBeCloseTo(0.2, 1);
    expect([...new Set(moves.map(({ magnitude }) => magnitude))].sort()).toEqual([-50, 50]);
    expect(moves.filter(({ magnitude }) => magnitude === 50).length / moves.length).toBeCloseTo(0.5, 1);
  });

  test("RandomErasing: as often as its probability, shares and ratios within their ranges, anywhere", () => {
    const rng = new MersenneTwister(5);
    const step = randomErasingStep({ probability: 0.25 });
    expect(shareOf(DRAWS, () => drawErasedBox(step, 200, 300, rng) !== null)).toBeCloseTo(0.25, 1);
    const always = randomErasingStep({ probability: 1 });
    const boxes = Array.from({ length: DRAWS }, () => drawErasedBox(always, 200, 300, rng)!);
    const shares = boxes.map(({ height, width }) => (height * width) / 60_000);
    expect(Math.min(...shares)).toBeGreaterThan(0.019);
    expect(Math.max(...shares)).toBeLessThan(0.332);
    expect(mean(shares)).toBeCloseTo(0.17, 1);
    // the logarithm of the ratio is drawn evenly; boxes higher than the picture are drawn again
    expect(mean(boxes.map(({ height, width }) => Math.log(height / width)))).toBeLessThan(0);
    for (const { top, left, height, width } of boxes)
      expect(top >= 0 && left >= 0 && top + height <= 200 && left + width <= 300).toBe(true);
    expect(mean(boxes.map(({ top, height }) => top + height / 2)) / 200).toBeCloseTo(0.5, 1);
    expect(mean(boxes.map(({ left, width }) => left + width / 2)) / 300).toBeCloseTo(0.5, 1);
  });

  test('RandomErasing "rand": bytes of all levels inside of the box, the picture outside', () => {
    const step = randomErasingStep({ probability: 1, mode: "rand", scale: [0.3, 0.33], ratio: [1, 1] });
    const box = drawErasedBox(step, 120, 120, new MersenneTwister(6))!;
    const image = createImage(120, 120);
    const { data } = randomErasing(image, step, new MersenneTwister(6));
    const inside = data.filter((_, i) => {
      const [x, y] = [Math.floor(i / 3) % 120, Math.floor(i / 360)];
      return x >= box.left && x < box.left + box.width && y >= box.top && y < box.top + box.height;
    });
    expect(inside.length).toBe(box.width * box.height * 3);
    expect(new Set(inside).size).toBe(256);
    expect(mean([...inside])).toBeCloseTo(127.5, -1);
    expect(data.filter((level) => level > 0).length).toBe(inside.filter((level) => level > 0).length);
  });
});
