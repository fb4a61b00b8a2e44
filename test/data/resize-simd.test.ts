/** resize() by vectors gives the bytes of its plain loops, which are Pillow's (resize.test.ts): any size, box and filter. */
import { expect, it, vi } from "vitest";
import { createImage } from "../../src/data/codecs/image.js";
import { MersenneTwister } from "../../src/data/random.js";
import { resize } from "../../src/data/transforms/resize.js";
import { resizeSimd } from "../../src/data/transforms/resize-simd.js";
import { type FilterName, tapsFor } from "../../src/data/transforms/resize-taps.js";

vi.doMock("../../src/data/transforms/resize-simd.js", () => ({ resizeSimd: () => false }));
vi.resetModules();
const { resize: plain } = await import("../../src/data/transforms/resize.js");

const filters: readonly FilterName[] = ["box", "bilinear", "bicubic", "lanczos"];
const random = new MersenneTwister(3);
const within = (low: number, high: number): number => low + random.randint(high - low + 1);

/** Noise and flat black and white, where cubic weights overshoot both ends of a byte. */
function picture(width: number, height: number, isHard: boolean) {
  const data = Uint8Array.from({ length: width * height * 3 }, () =>
    isHard ? 255 * random.randint(2) : random.randint(256),
  );
  return createImage(width, height, data);
}

it("compares vectors with plain loops", () => {
  expect(plain).not.toBe(resize);
  const box = { left: 0, top: 0, width: 4, height: 4 };
  const taps = { across: tapsFor(4, 2, "bilinear"), down: tapsFor(4, 2, "bilinear") };
  expect(resizeSimd(picture(4, 4, false), box, { width: 2, height: 2, ...taps }, new Uint8Array(12))).toBe(true);
});

it("agrees over sizes that are no multiples of anything, boxes and filters", () => {
  for (let round = 0; round < 120; round++) {
    const image = picture(within(1, 90), within(1, 70), round % 3 === 0);
    const [left, top] = [random.randint(image.width), random.randint(image.height)];
    const box = { left, top, width: within(1, image.width - left), height: within(1, image.height - top) };
    const filter = filters[round % filters.length]!;
    // every fifth keeps a direction as it is
    const width = round % 5 === 0 ? box.width : within(1, 100);
    const height = round % 5 === 1 ? box.height : within(1, 100);
    const options = { width, height, box, filter };
    const found = resize(image, options).data;
    expect(
      Buffer.compare(found, plain(image, options).data),
      JSON.stringify({ ...options, of: [image.width, image.height] }),
    ).toBe(0);
  }
});

it("agrees on pictures that are used again and again, larger and smaller, written into what is given", () => {
  for (const [width, height] of [
    [500, 375],
    [40, 30],
    [500, 375],
    [1200, 20],
  ] as const) {
    const image = picture(width, height, false);
    const into = new Uint8Array(224 * 224 * 3 + 7).subarray(7);
    resize(image, { width: 224, height: 224, into });
    expect(Buffer.compare(into, plain(image, { width: 224, height: 224 }).data)).toBe(0);
  }
});
