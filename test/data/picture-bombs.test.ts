/** Small files that would be large pictures: refused by their headers or by counting, before there is room for them. */
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../src/data/codecs/index.js";
import { inflatedBytes } from "../../src/data/codecs/png-inflated.js";
import { DataError } from "../../src/util/errors.js";
import { lcgBytes, readFixture } from "./fixtures.js";
import { chunk } from "./png-file.js";

function png(width: number, height: number, depth: number, colorType: number, zlib: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colorType, 0, 0, 0], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", zlib), chunk("IEND", new Uint8Array(0))]);
}

/** Deflate of `count` zeros, from blocks of a megabyte. */
function zeros(count: number): Uint8Array {
  const block = deflateSync(new Uint8Array(2 ** 20), { level: 9, finishFlush: 2 });
  const body = block.subarray(2);
  const blocks = Array.from({ length: Math.ceil(count / 2 ** 20) }, () => body);
  return Buffer.concat([block.subarray(0, 2), ...blocks]);
}

const refusal = (bytes: Uint8Array): { message: string; bytes: number } => {
  const before = process.memoryUsage().arrayBuffers;
  try {
    decodeImage(bytes, { path: "bomb.png" });
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    return { message: cause.summary, bytes: process.memoryUsage().arrayBuffers - before };
  }
  throw new Error("accepted, expected a DataError");
};

describe("PNG", () => {
  test.each([
    [
      "100 million pixels of 16 bits in 0.8 MB",
      () => png(10_000, 10_000, 16, 6, zeros(800_010_000)),
      /10000x10000.*bytes for decoding/,
    ],
    [
      "one pixel that unpacks to a gigabyte",
      () => png(1, 1, 8, 2, zeros(1e9)),
      /1x1 pixels whose data unpacks to more/,
    ],
  ] as const)("%s", (_, make, message) => {
    const bomb = make();
    expect(bomb.length).toBeLessThan(2e6);
    const refused = refusal(bomb);
    expect(refused.message).toMatch(message);
    expect(refused.bytes).toBeLessThan(32e6);
  });

  test("16 bits are narrowed to their high byte, one by one", () => {
    const rows = Buffer.alloc(300 * 601);
    for (let i = 0; i < rows.length; i++) rows[i] = i % 601 === 0 ? 0 : (i * 7) & 255;
    const { data } = decodeImage(png(300, 300, 16, 0, deflateSync(rows)));
    expect(data[3]).toBe(rows[3]);
  });

  test("what is counted is what would come out: stored, fixed and dynamic codes", () => {
    for (const [level, bytes] of [
      [0, lcgBytes(200_000, 3)],
      [9, lcgBytes(200_000, 3).map((byte) => byte & 3)],
      [9, lcgBytes(20, 3)],
      [1, new Uint8Array(1_000_000)],
    ] as const)
      expect(inflatedBytes(deflateSync(bytes, { level }), Infinity)).toBe(bytes.length);
    expect(inflatedBytes(deflateSync(lcgBytes(40, 1), { strategy: 4 }), Infinity)).toBe(40);
    // damaged data ends, wherever it leads
    for (let seed = 0; seed < 50; seed++) expect(inflatedBytes(lcgBytes(3000, seed), 1e6)).toBeLessThan(1.1e6);
  });

  test("data behind the last row is passed over", () => {
    const row = Uint8Array.of(0, 10, 20, 30);
    expect([...decodeImage(png(1, 1, 8, 2, deflateSync(Buffer.concat([row, new Uint8Array(5000)])))).data]).toEqual([
      10, 20, 30,
    ]);
  });
});

test("a JPEG of many pixels is refused within the budget of pictures, whatever its data", () => {
  expect(refusal(readFixture("images/bad-huge.jpg")).message).toMatch(/65535x65535 pixels/);
  expect(refusal(readFixture("codecs/bad-memory.jpg")).message).toMatch(/bomb\.png: JPEG of/);
});
