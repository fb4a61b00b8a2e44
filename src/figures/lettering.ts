/**
 * Words on a picture: lines of one size, cut where there is no room.
 */
import type { Image } from "../data/codecs/image.js";
import { dotsOf, GLYPH, signsOf } from "./glyphs.js";

/** Red, green, blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Between letters, in pixels of a letter. */
const LETTER_GAP = 1;
const LINE_GAP = 2;
const ELLIPSIS = "…";

/** Pixels from one letter to the next, and from one line to the next, at a scale. */
export const letterPitch = (scale: number): number => (GLYPH.width + LETTER_GAP) * scale;
export const linePitch = (scale: number): number => (GLYPH.height + LINE_GAP) * scale;

/** Letters that go into so many pixels. */
export const lettersIn = (width: number, scale: number): number =>
  Math.max(1, Math.floor((width + LETTER_GAP * scale) / letterPitch(scale)));

/** How many letters a text is shown by. */
export const lengthOf = (text: string): number => signsOf(text).length;

/** Where and how to write. */
export interface Lettering {
  readonly left: number;
  readonly top: number;
  /** Room in pixels; what is longer ends in an ellipsis. */
  readonly width: number;
  /** Pixels of the picture for one of a letter, whole. */
  readonly scale: number;
  readonly colour: Colour;
}

/** Writes one line into the picture; what lies outside of it is left out. */
export function writeLine(image: Image, text: string, { left, top, width, scale, colour }: Lettering): void {
  const room = lettersIn(width, scale);
  const signs = signsOf(text);
  const shown = signs.length <= room ? signs : [...signs.slice(0, room - 1), ELLIPSIS];
  shown.forEach((sign, i) => {
    const start = left + i * letterPitch(scale);
    dotsOf(sign, (column, row) => fill(image, start + column * scale, top + row * scale, scale, colour));
  });
}

/** A square of `side` pixels. */
function fill({ width, height, data }: Image, left: number, top: number, side: number, colour: Colour): void {
  for (let y = Math.max(0, top); y < Math.min(height, top + side); y++)
    for (let x = Math.max(0, left); x < Math.min(width, left + side); x++) data.set(colour, (y * width + x) * 3);
}
