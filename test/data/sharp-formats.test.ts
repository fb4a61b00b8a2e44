/** WebP, GIF, TIFF and AVIF: read by sharp where it is there, named with what would read them where not. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { loadDecoder } from "../../src/data/codecs/decoder.js";
import { createImage } from "../../src/data/codecs/image.js";
import { openDataset } from "../../src/data/sets/dataset.js";
import { verifyDataset } from "../../src/data/verify.js";
import { DataError } from "../../src/util/errors.js";
import { difference, fixtureUrl } from "./fixtures.js";

const sharp = (await import("sharp")).default;
const root = mkdtempSync(join(tmpdir(), "formats-"));
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => {
  vi.doUnmock("node:module");
  vi.resetModules();
});

const photo = readFileSync(fixtureUrl("photos/cat/0.jpg"));
const pixels = await sharp(photo).raw().toBuffer();
const expected = createImage(48, 48, new Uint8Array(pixels));

/** Encoded so, and how far the pixels may be from those that were encoded. */
const formats = {
  webp: { encode: () => sharp(photo).webp({ lossless: true }), most: 0 },
  tif: { encode: () => sharp(photo).tiff({ compression: "lzw" }), most: 0 },
  gif: { encode: () => sharp(photo).gif(), most: 80 },
  avif: { encode: () => sharp(photo).avif({ lossless: true }), most: 4 },
} as const;

test.each(Object.entries(formats))("%s, by every decoder", async (ending, { encode, most }) => {
  const bytes = new Uint8Array(await encode().toBuffer());
  for (const name of ["jpeg-js", "libjpeg-turbo", "sharp"] as const) {
    const image = await (await loadDecoder(name)).decode(bytes, `x.${ending}`);
    expect(difference(image, expected).max).toBeLessThanOrEqual(most);
  }
});

test("alpha is dropped, 16 bits are cut to 8, grey becomes colour, EXIF turns upright unless told not to", async () => {
  const { decode } = await loadDecoder("jpeg-js");
  const rgba = Uint8Array.from({ length: 4 * 4 * 4 }, (_, i) => (i % 4 === 3 ? 10 * (i >> 2) : i));
  const opaque = createImage(
    4,
    4,
    rgba.filter((_, i) => i % 4 !== 3),
  );
  const webp = await sharp(rgba, { raw: { width: 4, height: 4, channels: 4 } })
    .webp({ lossless: true, exact: true })
    .toBuffer();
  expect(difference(await decode(webp, "a.webp"), opaque).max).toBe(0);
  const grey = await sharp(photo).greyscale().tiff({ compression: "lzw" }).toBuffer();
  const { data } = await decode(grey, "g.tif");
  expect(data.every((value, i) => value === data[i - (i % 3)])).toBe(true);
  const deep = await sharp(photo).toColourspace("rgb16").tiff({ compression: "lzw" }).toBuffer();
  expect(difference(await decode(deep, "d.tif"), expected).max).toBeLessThanOrEqual(1);
  const turned = await sharp(photo)
    .extract({ left: 0, top: 0, width: 48, height: 24 })
    .withMetadata({ orientation: 6 })
    .webp()
    .toBuffer();
  const sizes = [true, false].map(async (applyOrientation) => {
    const { width, height } = await decode(turned, "t.webp", { applyOrientation });
    return [width, height];
  });
  expect(await Promise.all(sizes)).toEqual([
    [24, 48],
    [48, 24],
  ]);
});

test("a damaged one is named", async () => {
  const { decode } = await loadDecoder("jpeg-js");
  const bytes = (await sharp(photo).webp().toBuffer()).subarray(0, 300);
  await expect(decode(bytes, "torn.webp")).rejects.toThrow(/torn\.webp: not a readable WEBP, expected a complete file/);
});

test("what the libraries below say of a damaged one is one line", async () => {
  const { decode } = await loadDecoder("jpeg-js");
  const bytes = new Uint8Array(await sharp(photo).resize(24).avif().toBuffer());
  // the size of the box that holds all others
  bytes[bytes.indexOf(0x6d, 16) - 1]! += 40;
  const failure = (await Promise.resolve(decode(bytes.subarray(0, -9), "torn.avif")).catch(
    (error) => error,
  )) as DataError;
  expect(failure).toBeInstanceOf(DataError);
  expect(failure.summary).not.toMatch(/\n|\\x0a/);
  expect(failure.summary).toMatch(/^torn\.avif: not a readable AVIF, expected a complete file \(.+\)$/);
});

test("without sharp they are left out of data sets, with the line that adds it", async () => {
  const webp = await sharp(photo).webp().toBuffer();
  for (const [file, bytes] of [
    ["cat/1.jpg", photo],
    ["cat/2.webp", webp],
    ["dog/1.jpg", photo],
  ] as const) {
    mkdirSync(dirname(join(root, "train", file)), { recursive: true });
    writeFileSync(join(root, "train", file), bytes);
  }
  expect(openDataset(root, "train", { valFraction: 0 }).length).toBe(3);
  expect((await verifyDataset({ data: root, workers: 0 })).problems).toEqual([]);
  vi.doMock("node:module", () => ({
    createRequire: () => ({
      resolve: () => {
        throw new Error("Cannot find module");
      },
    }),
  }));
  vi.resetModules();
  const without = await import("../../src/data/sets/dataset.js");
  const { length, notices } = without.openDataset(root, "train", { valFraction: 0 });
  expect(length).toBe(2);
  expect(notices!.join("\n")).toMatch(
    /train: 1 file is no picture and is left out: 1 \.webp; npm i sharp reads \.webp$/,
  );
  const decoders = await import("../../src/data/codecs/decoder.js");
  const { decode } = await decoders.loadDecoder("jpeg-js");
  expect(() => decode(webp, "x.webp")).toThrow(/x\.webp: WEBP .*expected a JPEG or PNG picture\n.*npm i sharp/);
});
