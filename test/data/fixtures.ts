/** Reading the committed fixtures, the byte stream they were made from, and how far two pictures differ. */
import { readFileSync } from "node:fs";
import { createImage, type Image } from "../../src/data/codecs/image.js";
import { decodeImage } from "../../src/data/codecs/index.js";

export const fixtureUrl = (name: string): URL => new URL(`../golden/data/${name}`, import.meta.url);
export const readFixture = (name: string): Uint8Array => readFileSync(fixtureUrl(name));

/** Pillow's pixels for `stem`; 8-bit RGB PNG files, which a test of their own holds to be read exactly. */
export const expectedImage = (stem: string): Image => decodeImage(readFixture(`images/${stem}.expected.png`));

/** High bytes of a 32-bit linear congruential generator; make-fixtures.py computes the same. */
export function lcgBytes(count: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

export const lcgImage = (width: number, height: number, seed: number): Image =>
  createImage(width, height, lcgBytes(width * height * 3, seed));

/** Largest and mean absolute difference in levels. */
export function difference(a: Image, b: Image): { max: number; mean: number } {
  if (a.width !== b.width || a.height !== b.height) {
    throw new Error(`sizes differ: ${a.width}x${a.height} and ${b.width}x${b.height}`);
  }
  let max = 0;
  let sum = 0;
  a.data.forEach((value, i) => {
    const error = Math.abs(value - b.data[i]!);
    max = Math.max(max, error);
    sum += error;
  });
  return { max, mean: sum / a.data.length };
}
