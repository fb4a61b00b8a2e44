/** What holds for decoding whatever the kind of file; codecs-golden.test.ts has the kinds, hostile-images.test.ts the damage. */
import { encode } from "fast-png";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../src/data/codecs/index.js";
import { DataError } from "../../src/util/errors.js";
import { difference, expectedImage, readFixture } from "./fixtures.js";
import { chunk } from "./png-file.js";

const decode = (name: string) => decodeImage(readFixture(`images/${name}`), { path: name });

test("EXIF orientation can be left off", () => {
  const turned = decode("exif6.jpg");
  const raw = decodeImage(readFixture("images/exif6.jpg"), { applyOrientation: false });
  expect([turned.width, turned.height]).toEqual([raw.height, raw.width]);
});

describe("PNG, exactly", () => {
  test("as another encoder wrote a known picture", () => {
    const data = Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => i * 4);
    expect(decodeImage(encode({ width: 5, height: 4, channels: 3, data })).data).toEqual(data);
  });

  test("under a JPEG's name", () => {
    expect(difference(decode("png-named.jpeg"), expectedImage("png-named")).max).toBe(0);
  });
});

describe("refused, with the file's name and a hint", () => {
  // fast-png takes the size from the last header: 13.9 GB here, where the first, which is checked, says 5x4
  test("a second header, which nobody has checked, and a second palette", () => {
    const data = new Uint8Array(5 * 4).fill(1);
    const png = encode({ width: 5, height: 4, channels: 1, data });
    const HEADER_END = 33;
    const withChunks = (more: Uint8Array) =>
      Uint8Array.of(...png.subarray(0, HEADER_END), ...more, ...png.subarray(HEADER_END));
    const huge = chunk("IHDR", Uint8Array.of(255, 0, 0, 21, 0, 0, 0, 13, 8, 0, 0, 0, 0));
    expect(() => decodeImage(withChunks(huge), { path: "a.png" })).toThrow(
      "a.png: PNG with a second chunk IHDR, expected one",
    );
    const indexed = encode({
      width: 5,
      height: 4,
      channels: 1,
      data,
      palette: [
        [0, 0, 0],
        [9, 9, 9],
      ],
    });
    expect(indexed[HEADER_END - 8], "colour type").toBe(3);
    const palette = chunk("PLTE", Uint8Array.of(1, 1, 1, 2, 2, 2));
    const twice = Uint8Array.of(...indexed.subarray(0, HEADER_END), ...palette, ...indexed.subarray(HEADER_END));
    expect(() => decodeImage(twice, { path: "a.png" })).toThrow("a.png: PNG with a second chunk PLTE, expected one");
  });

  test.each([
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
