/** The policy on damaged JPEGs: the cases that were found, 63 of the committed generator's 300 (the slow suite has all), and its edges. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import jpegJs from "jpeg-js";
import { describe, expect, test } from "vitest";
import { decoderNames } from "../../src/data/codecs/decoder.js";
import { decodeImage } from "../../src/data/codecs/index.js";
import { standardTable } from "../../src/data/codecs/jpeg-tables.js";
import { jpegOddities } from "../../src/data/codecs/jpeg-verdict.js";
import { verifyDataset } from "../../src/data/verify.js";
import { DataError } from "../../src/util/errors.js";
import { damaged, expectOpenCv, expectSeeds } from "./damaged-pictures.js";
import { difference, readFixture } from "./fixtures.js";

const oddities: Readonly<Record<string, readonly string[]>> = {
  "base420.jpg": [],
  "rst2.jpg": [],
  "extra_in_interval.jpg": ["more than its end behind its image data"],
  "height_twice.jpg": ["image data that ends early"],
  "missing_rst.jpg": ["more than its end behind its image data"],
  "mjpeg_nodht.jpg": ["no Huffman tables, the standard ones taken"],
  "wrong_rst.jpg": [
    "restart markers out of place",
    "more image data than pixels",
    "more than its end behind its image data",
  ],
  "zeros_between_markers.jpg": ["bytes between its markers"],
};

test.each(
  Object.entries(damaged.cases),
)("%s: OpenCV's pixels from every decoder, and its name", async (file, opencv) => {
  expect(opencv).not.toBeNull();
  expect(await expectOpenCv(readFixture(`damaged/${file}`), file, opencv)).toEqual(oddities[file]);
});

test("63 damaged pictures, three of each kind: every decoder has OpenCV's verdict and pixels", async () => {
  const { plain, odd, refused } = await expectSeeds(0, 63);
  expect(plain).toBeGreaterThan(5);
  expect(odd).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(3);
});

test("pictures of jpeg-js's encoder are not odd, whose last full byte another one of padding follows", () => {
  const odd = [];
  for (let side = 8; side < 72; side++) {
    const data = Uint8Array.from({ length: side * 8 * 4 }, (_, i) => (i * 2654435761) >>> 24);
    const { data: bytes } = jpegJs.encode({ width: side, height: 8, data }, 90);
    odd.push(...jpegOddities(bytes, `${side}.jpg`));
  }
  expect(odd).toEqual([]);
});

test("without its end marker a picture is the same, and odd", () => {
  const whole = readFixture("images/s420.jpg");
  const cut = whole.subarray(0, whole.length - 2);
  expect(jpegOddities(cut, "cut.jpg")).toEqual(["no end marker"]);
  expect(difference(decodeImage(cut), decodeImage(whole)).max).toBeLessThanOrEqual(3);
});

describe("work and memory are bounded before pixels", () => {
  const progressive = readFixture("images/progressive.jpg");
  const lastScan = (() => {
    let at = progressive.length - 2;
    while (!(progressive[at] === 0xff && progressive[at + 1] === 0xda)) at--;
    return progressive.subarray(at, progressive.length - 2);
  })();
  const withSize = (file: Uint8Array, marker: number, width: number, height: number): Uint8Array => {
    const copy = Uint8Array.from(file);
    const at = copy.findIndex((byte, i) => byte === 0xff && copy[i + 1] === marker);
    copy.set([height >> 8, height & 255, width >> 8, width & 255], at + 5);
    return copy;
  };
  const refusal = (bytes: Uint8Array): DataError => {
    try {
      decodeImage(bytes, { path: "bomb.jpg" });
    } catch (cause) {
      if (cause instanceof DataError) return cause;
      throw cause;
    }
    throw new Error("accepted, expected a DataError");
  };

  test("300 scans over many blocks are refused by their headers", () => {
    const large = withSize(progressive, 0xc2, 4000, 4000);
    const parts = [large.subarray(0, large.length - 2), ...Array.from({ length: 300 }, () => lastScan)];
    const bomb = Buffer.concat([...parts, progressive.subarray(progressive.length - 2)]);
    expect(refusal(bomb).summary).toMatch(/^bomb\.jpg: .*blocks more than 32 times/);
    // the same scans over few blocks are little work
    const small = Buffer.concat([progressive.subarray(0, -2), ...parts.slice(1), progressive.subarray(-2)]);
    expect(decodeImage(small).width).toBe(64);
  });

  test("a size that the data cannot fill is damage where it is small, and refused where it is not", () => {
    const base = readFixture("images/s420.jpg");
    expect(decodeImage(withSize(base, 0xc0, 64, 2000)).height).toBe(2000);
    expect(refusal(withSize(base, 0xc0, 9000, 9000)).summary).toMatch(
      /9000x9000 pixels in \d+ bytes, expected at least/,
    );
  });
});

test("the standard tables have 12 and 162 symbols, each once", () => {
  for (const which of [0, 1] as const)
    for (const isDc of [true, false]) {
      const { symbols, largest, offset } = standardTable(which, isDc);
      const last = largest.findLastIndex((code, length) => code >= 0 && length <= 16);
      expect(largest[last]! + offset[last]! + 1).toBe(isDc ? 12 : 162);
      expect(new Set(symbols.subarray(0, isDc ? 12 : 162)).size).toBe(isDc ? 12 : 162);
    }
});

test("verify-dataset names what is odd, the same with every decoder, and finds nothing wrong", async () => {
  const root = mkdtempSync(join(tmpdir(), "tensorone-damaged-"));
  try {
    for (const split of ["train", "val"])
      for (const name of ["a", "b"]) {
        mkdirSync(join(root, split, name), { recursive: true });
        for (const file of split === "train" ? Object.keys(oddities) : ["base420.jpg"])
          writeFileSync(join(root, split, name, file), readFixture(`damaged/${file}`));
      }
    for (const decoder of decoderNames) {
      const { problems, oddities: found } = await verifyDataset({ data: root, decoder, workers: 0 });
      expect([decoder, problems]).toEqual([decoder, []]);
      for (const [file, kinds] of Object.entries(oddities)) {
        const path = join(root, "train", "a", file);
        expect([decoder, file, found.filter((one) => one.path === path).map(({ what }) => what)]).toEqual([
          decoder,
          file,
          kinds,
        ]);
      }
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
