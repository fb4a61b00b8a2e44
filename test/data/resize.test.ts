import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createImage, crop } from "../../src/data/codecs/image.js";
import { type FilterName, resize } from "../../src/data/transforms/resize.js";
import { lcgImage, readFixture } from "./fixtures.js";

interface Case {
  seed: number;
  from: [number, number];
  box: [number, number, number, number] | null;
  to: [number, number];
  filter: FilterName;
  sha256: string;
}
const casesOf = (name: string) => JSON.parse(new TextDecoder().decode(readFixture(name))) as Case[];
const cases = [...casesOf("resize.json"), ...casesOf("resize-bilinear.json")];

test("there are enough cases", () => {
  expect(cases.filter(({ filter }) => filter === "bilinear").length).toBeGreaterThanOrEqual(90);
  for (const filter of ["box", "bicubic", "lanczos"])
    expect(cases.filter((one) => one.filter === filter).length).toBeGreaterThanOrEqual(18);
});

test.each(cases)("equals Pillow: $from $box -> $to $filter", ({ seed, from, box, to, filter, sha256 }) => {
  const source = lcgImage(from[0], from[1], seed);
  const region = box ? { left: box[0], top: box[1], width: box[2], height: box[3] } : undefined;
  const size = { width: to[0], height: to[1], filter };
  const result = resize(source, region ? { ...size, box: region } : size);
  expect(createHash("sha256").update(result.data).digest("hex")).toBe(sha256);
  if (region) expect(Buffer.compare(resize(crop(source, region), size).data, result.data)).toBe(0);
});

describe("the worked example", () => {
  const grey = Array.from({ length: 35 }, (_, i) => (7 * i) % 251);
  const source = createImage(7, 5, Uint8Array.from(grey.flatMap((v) => [v, v, v])));
  const rows = (width: number, height: number) => {
    const { data } = resize(source, { width, height });
    return Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => data[(y * width + x) * 3]));
  };

  test("shrinks", () => {
    expect(rows(3, 2)).toEqual([
      [55, 70, 85],
      [153, 168, 183],
    ]);
  });

  test("enlarges", () => {
    const all = rows(9, 6);
    expect(all[0]).toEqual([0, 5, 10, 16, 21, 26, 32, 37, 42]);
    expect(all[1]).toEqual([37, 42, 47, 53, 58, 63, 69, 74, 79]);
    expect(all[5]).toEqual([196, 201, 206, 212, 217, 222, 228, 233, 238]);
  });
});

test("writes into a given place", () => {
  const batch = new Uint8Array(2 * 4 * 4 * 3);
  const result = resize(lcgImage(9, 9, 1), { width: 4, height: 4, into: batch.subarray(48) });
  expect(batch.subarray(0, 48).every((v) => v === 0)).toBe(true);
  expect(batch.subarray(48)).toEqual(resize(lcgImage(9, 9, 1), { width: 4, height: 4 }).data);
  expect(result.data.buffer).toBe(batch.buffer);
});

test("refuses empty sizes and boxes outside", () => {
  const image = lcgImage(8, 8, 1);
  expect(() => resize(image, { width: 0, height: 4 })).toThrow(/0x4/);
  expect(() => resize(image, { width: 4, height: 4, box: { left: 5, top: 0, width: 4, height: 4 } })).toThrow(
    /not inside/,
  );
});
