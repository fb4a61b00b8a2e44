/** Frames of a burst are one group, other pictures are not. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Image } from "../../src/data/codecs/image.js";
import { decodeImage } from "../../src/data/codecs/index.js";
import { likenessOf, nearDuplicates } from "../../src/data/sets/near-duplicates.js";

const demo = join(import.meta.dirname, "..", "..", "demo", "fashion-mnist", "train");
const pictures = readdirSync(demo)
  .sort()
  .flatMap((name) =>
    readdirSync(join(demo, name))
      .sort()
      .slice(0, 10)
      .map((file) => decodeImage(readFileSync(join(demo, name, file)))),
  );

/** The same scene a moment later: brighter, and with noise of a few levels. */
const later = (image: Image): Image => ({
  ...image,
  data: image.data.map((value, i) => Math.min(255, Math.round(value * 0.97) + 2 + ((i * 7919) % 5))),
});

it("joins a picture and its next frame, and few of those that differ", () => {
  const alone = new Set(nearDuplicates(pictures.map(likenessOf))).size;
  expect(alone).toBeGreaterThan(0.9 * pictures.length);
  const both = nearDuplicates([...pictures, ...pictures.map(later)].map(likenessOf));
  for (const [i] of pictures.entries()) expect(both[pictures.length + i]).toBe(both[i]);
});

it("compares no plain pictures: white paper is like white paper only by chance", () => {
  const plain = { width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(200) } as const;
  expect(nearDuplicates([plain, plain].map(likenessOf))).toEqual([0, 1]);
});
