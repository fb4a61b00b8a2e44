/** From a JPEG file to pixels: decoding, resizing, normalising one picture, on one thread of plain JavaScript. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeImage } from "../../src/data/codecs/index.js";
import { createImage } from "../../src/data/image.js";
import { imagenetMean, imagenetStd, normalizeInto } from "../../src/data/normalize.js";
import { resize } from "../../src/data/resize.js";
import type { Case, Prepared } from "../case.js";
import { benchFolder } from "../paths.js";

/** ImageNet's average: 500×375, about 100 KB, 4:2:0. Synthetic: fixtures/make-photo.py. */
const photo = { file: join(benchFolder, "fixtures", "photo.jpg"), width: 500, height: 375 };

const free = (): void => {};
const picture = () => {
  const image = createImage(photo.width, photo.height);
  for (let i = 0; i < image.data.length; i++) image.data[i] = (i * 7919) >> 5;
  return image;
};

const row = (name: string, prepareRun: () => Prepared["run"]): Case => ({
  group: "images",
  name,
  work: { images: 1 },
  prepare: () => ({ run: prepareRun(), dispose: free }),
});

export const images: readonly Case[] = [
  row("decode JPEG 500×375", () => {
    const bytes = readFileSync(photo.file);
    return () => void decodeImage(bytes);
  }),
  row("resize 500×375 to 341×256", () => {
    const image = picture();
    return () => void resize(image, { width: 341, height: 256 });
  }),
  row("resize crop 330×260 to 224×224", () => {
    const image = picture();
    const box = { left: 60, top: 50, width: 330, height: 260 };
    return () => void resize(image, { width: 224, height: 224, box });
  }),
  row("normalise 224×224", () => {
    const pixels = picture().data.slice(0, 224 * 224 * 3);
    const into = new Float32Array(pixels.length);
    return () => void normalizeInto(pixels, into, imagenetMean, imagenetStd);
  }),
];
