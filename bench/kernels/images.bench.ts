/** From a JPEG file to pixels: decoding, cropping, resizing, normalising one picture, on one thread. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Decoder, type DecoderName, decoderNames, loadDecoder } from "../../src/data/codecs/decoder.js";
import { createImage, type Image } from "../../src/data/codecs/image.js";
import { MersenneTwister } from "../../src/data/random.js";
import { applyTransform, trainTransform } from "../../src/data/transforms/index.js";
import { imagenetMean, imagenetStd, normalizeInto } from "../../src/data/transforms/normalize.js";
import { resize } from "../../src/data/transforms/resize.js";
import type { Case, Prepared } from "../measure/case.js";
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

/** Decoders that answer at once and are installed; sharp answers later, which this way of timing cannot wait for. */
async function installed(): Promise<readonly Decoder[]> {
  const wanted = decoderNames.filter((name) => name !== "sharp");
  const loaded = await Promise.allSettled(wanted.map((name: DecoderName) => loadDecoder(name)));
  return loaded.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

const decode = (decoder: Decoder, bytes: Uint8Array): Image => decoder.decode(bytes, photo.file) as Image;

const decoding = (decoder: Decoder): readonly Case[] => [
  row(`decode JPEG 500×375, ${decoder.name}`, () => {
    const bytes = readFileSync(photo.file);
    return () => void decode(decoder, bytes);
  }),
  row(`read, decode, crop, flip 500×375 to 224×224, ${decoder.name}`, () => {
    const transform = trainTransform({ imageSize: 224 });
    const rng = new MersenneTwister(0);
    const into = new Uint8Array(224 * 224 * 3);
    return () => void applyTransform(transform, decode(decoder, readFileSync(photo.file)), rng, into);
  }),
];

export const images: readonly Case[] = [
  ...(await installed()).flatMap(decoding),
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
