/** Every decoder against OpenCV's pixels, on every kind of JPEG and PNG there is a fixture of, and what all must refuse. */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Decoder, decoderNames, loadDecoder } from "../../src/data/codecs/decoder.js";
import { decodeImage } from "../../src/data/codecs/index.js";
import { DataError } from "../../src/util/errors.js";
import { difference, fixtureUrl, readFixture } from "./fixtures.js";

/** Fixture files and the files of their expected pixels. */
const fixtures = ["codecs", "images"].flatMap((folder) => {
  const files = readdirSync(fixtureUrl(folder)).map((file) => `${folder}/${file}`);
  return files
    .filter((file) => /\.(jpe?g|png)$/.test(file) && !file.endsWith(".expected.png"))
    .map((file) => ({ file, expected: `${folder === "codecs" ? file : file.replace(/\.\w+$/, "")}.expected.png` }))
    .filter(({ expected }) => files.includes(expected));
});
const refused = ["codecs", "images"].flatMap((folder) =>
  readdirSync(fixtureUrl(folder))
    .filter((file) => file.startsWith("bad-"))
    .map((file) => `${folder}/${file}`),
);

/** Below so many samples a mean says little. */
const fewSamples = 400;

describe.each(decoderNames)("%s", async (name) => {
  const decoder = await loadDecoder(name);
  const isOurs = (file: string) => name === "jpeg-js" && !file.endsWith(".png");

  test.each(fixtures)("$file", async ({ file, expected }) => {
    const image = await decoder.decode(readFixture(file), file);
    const { max, mean } = difference(image, decodeImage(readFixture(expected)));
    expect(max).toBeLessThanOrEqual(isOurs(file) ? 3 : 0);
    if (image.data.length >= fewSamples) expect(mean).toBeLessThanOrEqual(0.2);
  });

  test.each(refused)("%s", async (file) => {
    const error = await failure(decoder, file);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).summary).toContain(file);
  });

  test("is told by its name, and gives its picture at once unless it is sharp", async () => {
    expect(decoder.name).toBe(name);
    const picture = decoder.decode(readFixture("images/s420.jpg"), "s420.jpg");
    expect(picture instanceof Promise).toBe(name === "sharp");
    await picture;
  });

  test("leaves the file's bytes alone", async () => {
    for (const file of ["codecs/ycck.jpg", "codecs/adobe-behind-frame.jpg", "codecs/adam7-palette4.png"]) {
      const bytes = Buffer.from(readFixture(file));
      await decoder.decode(bytes, file);
      expect(bytes.equals(readFixture(file)), file).toBe(true);
    }
  });
});

async function failure(decoder: Decoder, file: string): Promise<unknown> {
  try {
    await decoder.decode(readFixture(file), file);
    return undefined;
  } catch (error) {
    return error;
  }
}

test.each([
  ["images/bad-arithmetic.jpg", /arithmetic coding \(SOF9\)/],
  ["codecs/bad-arithmetic-progressive.jpg", /progressive arithmetic coding \(SOF10\)/],
  ["images/bad-12bit.jpg", /12 bits per sample/],
  ["images/bad-lossless.jpg", /lossless \(SOF3\)/],
  ["codecs/bad-fractional.jpg", /sampling factors 2x1 beside 3x1/],
  ["codecs/bad-two-frames.jpg", /frame header/],
  ["codecs/bad-size-for-bytes.jpg", /9000x9000 pixels in \d+ bytes/],
  ["codecs/bad-memory.jpg", /12000x12000 pixels/],
  ["codecs/bad-crc.png", /[Cc][Rr][Cc]/],
  ["codecs/bad-depth.png", /3 bits per sample/],
  ["codecs/bad-index.png", /palette of 2/],
  ["codecs/bad-short.png", /not a readable PNG/],
])("%s is refused by name", (file, reason) => {
  expect(() => decodeImage(readFixture(file), { path: file })).toThrow(reason);
});

test("a decoder nobody has is answered with the nearest name", async () => {
  await expect(loadDecoder("libjpegturbo" as never)).rejects.toThrow(/expected one of jpeg-js.*\n.*libjpeg-turbo/);
});

test("a picture within the pixel limit that needs too much memory is refused by its header", () => {
  const four = Buffer.concat([readFixture("codecs/cmyk.jpg"), Buffer.alloc(2 ** 20)]);
  const frame = four.indexOf(Buffer.of(0xff, 0xc0));
  four.writeUInt16BE(9900, frame + 5);
  four.writeUInt16BE(10000, frame + 7);
  const before = process.memoryUsage().arrayBuffers;
  expect(() => decodeImage(four, { path: "huge.jpg" })).toThrow(/huge\.jpg: JPEG of 10000x9900 .*\d+ MiB/);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
});
