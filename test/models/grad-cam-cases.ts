/** The cases of test/golden/families/make-grad-cam.py, and their picture. */
import { readFileSync } from "node:fs";
import { createImage } from "../../src/data/codecs/image.js";
import { uniform } from "./uniform.js";

interface Case {
  readonly model: string;
  readonly stage: string;
  /** Of the class among the logits: 0 the likeliest. */
  readonly rank: number;
  readonly class: number;
  readonly map: readonly (readonly number[])[];
}

export const golden = JSON.parse(
  readFileSync(new URL("../golden/families/grad-cam.json", import.meta.url), "utf8"),
) as { readonly classes: number; readonly side: number; readonly seed: number; readonly cases: readonly Case[] };

/** The script's stream of pixels, and what spreads [-1, 1) over the bytes. */
const PIXELS_STREAM = 999;
const HALF = 127.99;

/** The script's pixels(). */
export const goldenPicture = () =>
  createImage(
    golden.side,
    golden.side,
    Uint8Array.from(uniform(golden.seed, PIXELS_STREAM, golden.side ** 2 * 3), (value) => (value + 1) * HALF),
  );

/** The largest distance of a map, in units of its own largest value, to PyTorch's. */
export function distanceOf(values: ArrayLike<number>, peak: number, { map }: Case): number {
  const theirs = map.flat();
  const largest = Math.max(...theirs);
  return Math.max(
    Math.abs(peak - largest) / largest,
    ...theirs.map((value, i) => Math.abs(values[i]! * peak - value) / largest),
  );
}
