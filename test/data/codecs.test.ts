import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../src/data/codecs/index.js";
import { DataError } from "../../src/util/errors.js";
import { difference, expectedImage, readFixture } from "./fixtures.js";

const decode = (name: string) => decodeImage(readFixture(`images/${name}`), { path: name });

describe("JPEG against Pillow", () => {
  const names = [
    ...["s444", "s422", "s420", "s440", "s411", "s410", "progressive", "restart", "grey", "rgb"],
    ...["odd17x9", "odd33x31"],
    ...Array.from({ length: 8 }, (_, i) => `exif${i + 1}`),
    ...["exif6-little", "exif-bad0", "exif-bad1", "exif-bad2", "exif-bad3"],
  ];
  test.each(names)("%s", (name) => {
    const { max, mean } = difference(decode(`${name}.jpg`), expectedImage(name));
    expect(max).toBeLessThanOrEqual(3);
    expect(mean).toBeLessThanOrEqual(0.2);
  });

  // A handful of pixels: the mean says nothing.
  test.each(["odd1x1", "odd2x3", "odd3x5", "odd4x4", "odd5x3", "odd5x4-422"])("%s", (name) => {
    expect(difference(decode(`${name}.jpg`), expectedImage(name)).max).toBeLessThanOrEqual(3);
  });
});

describe("four-component JPEG against OpenCV's formula", () => {
  test.each(["cmyk", "cmyk-bare", "ycck"])("%s", (name) => {
    const { max, mean } = difference(decode(`${name}.jpg`), expectedImage(name));
    expect(max).toBeLessThanOrEqual(3);
    expect(mean).toBeLessThanOrEqual(0.6);
  });
});

test("EXIF orientation can be left off", () => {
  const turned = decode("exif6.jpg");
  const raw = decodeImage(readFixture("images/exif6.jpg"), { applyOrientation: false });
  expect([turned.width, turned.height]).toEqual([raw.height, raw.width]);
});

describe("PNG, exactly", () => {
  const names = [
    ...["rgb8", "grey8", "rgba8", "la8", "palette8", "palette4", "palette2", "palette-alpha"],
    ...["grey1", "grey2", "grey4", "rgb16", "grey16"],
    ...["adam7-rgb8", "adam7-grey8"],
  ];
  test.each(names)("%s", (name) => {
    expect(difference(decode(`${name}.png`), expectedImage(name)).max).toBe(0);
  });

  test("of a known picture", () => {
    const data = Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => i * 4);
    expect(decodeImage(encode({ width: 5, height: 4, channels: 3, data })).data).toEqual(data);
  });

  test("under a JPEG's name", () => {
    expect(difference(decode("png-named.jpeg"), expectedImage("png-named")).max).toBe(0);
  });
});

describe("refused, with the file's name and a hint", () => {
  test.each([
    ["bad-truncated.jpg", /ends too early|not a readable JPEG/],
    ["bad-header-only.jpg", /frame header/],
    ["bad-arithmetic.jpg", /arithmetic/],
    ["bad-12bit.jpg", /12 bits per sample/],
    ["bad-lossless.jpg", /lossless/],
    ["bad-huge.jpg", /65535x65535|MP/],
    ["bad-text.jpg", /neither a JPEG nor a PNG/],
    ["bad-empty.jpg", /empty file/],
    ["bad-truncated.png", /ends inside its chunk IDAT/],
    ["bad-signature-only.png", /8 bytes/],
    ["bad-huge.png", /100000x100000/],
  ])("%s", (name, reason) => {
    let error: unknown;
    try {
      decode(name);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).summary).toMatch(reason);
    expect((error as DataError).summary).toContain(name);
  });
});

test("damaged files give a DataError or a picture, never anything else", () => {
  let seed = 1;
  const next = (n: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed % n;
  };
  for (const name of ["s420.jpg", "progressive.jpg", "cmyk.jpg", "palette4.png", "rgb16.png"]) {
    for (let i = 0; i < 40; i++) {
      const bytes = readFixture(`images/${name}`).slice();
      for (let k = 0; k < 6; k++) bytes[next(bytes.length)] = next(256);
      try {
        decodeImage(bytes, { path: name });
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    }
  }
});
