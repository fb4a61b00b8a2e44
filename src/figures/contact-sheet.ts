/**
 * Pictures side by side on one sheet, in a grid of square tiles, with lines of text below each group where there are some.
 * Pixels are copied, never scaled, but for pictures larger than a tile.
 */
import { createImage, type Image } from "../data/codecs/image.js";
import { resize } from "../data/transforms/resize.js";
import { type Colour, lengthOf, lettersIn, linePitch, writeLine } from "./lettering.js";

const PAPER = 245;
const INK: Colour = [30, 30, 30];
const GAP = 4;
/** Captions are as large as all of them go into their width, the largest first. */
const SCALES = [2, 1] as const;

/** How pictures are laid out. */
export interface SheetOptions {
  /** Side of a tile in pixels. */
  readonly tile: number;
  /** Tiles that stay together in a row, such as a picture and what became of it. */
  readonly groupSize: number;
  readonly groupsPerRow: number;
  /** Lines of text of each group, as many for all; those too long end in an ellipsis. */
  readonly captions?: readonly (readonly string[])[];
}

/** The picture as large as a tile holds; smaller ones are left alone. */
export function fitted(image: Image, tile: number): Image {
  const share = tile / Math.max(image.width, image.height);
  if (share >= 1) return image;
  const side = (pixels: number): number => Math.max(1, Math.round(pixels * share));
  return resize(image, { width: side(image.width), height: side(image.height), filter: "bilinear" });
}

/** The picture at the largest whole multiple of its size that a tile holds, each pixel a square. */
export function enlarged(image: Image, tile: number): Image {
  const times = Math.floor(tile / Math.max(image.width, image.height));
  if (times <= 1) return image;
  const large = createImage(image.width * times, image.height * times);
  for (let y = 0; y < large.height; y++)
    for (let x = 0; x < large.width; x++) {
      const from = (Math.floor(y / times) * image.width + Math.floor(x / times)) * 3;
      large.data.set(image.data.subarray(from, from + 3), (y * large.width + x) * 3);
    }
  return large;
}

/** One sheet of `tiles`, in order; each is centred in its place and must fit there. */
export function contactSheet(tiles: readonly Image[], options: SheetOptions): Image {
  const { tile, groupSize, groupsPerRow, captions = [] } = options;
  const groups = Math.ceil(tiles.length / groupSize);
  const rows = Math.ceil(groups / groupsPerRow);
  const groupWidth = groupSize * tile + (groupSize - 1) * GAP;
  const lines = captions.flat();
  const scale = SCALES.find((one) => lines.every((line) => lengthOf(line) <= lettersIn(groupWidth, one))) ?? 1;
  const captionHeight = (captions[0]?.length ?? 0) * linePitch(scale);
  const pitch = tile + captionHeight + GAP;
  const width = Math.min(groups, groupsPerRow) * (groupWidth + 3 * GAP) + GAP;
  const sheet = createImage(width, rows * pitch + GAP);
  sheet.data.fill(PAPER);
  const placeOf = (group: number): readonly [left: number, top: number] => [
    GAP + (group % groupsPerRow) * (groupWidth + 3 * GAP),
    GAP + Math.floor(group / groupsPerRow) * pitch,
  ];
  tiles.forEach((image, i) => {
    const [start, top] = placeOf(Math.floor(i / groupSize));
    const left = start + (i % groupSize) * (tile + GAP);
    paste(sheet, image, left + ((tile - image.width) >> 1), top + ((tile - image.height) >> 1));
  });
  captions.forEach((words, group) => {
    const [left, top] = placeOf(group);
    words.forEach((text, i) => {
      const below = top + tile + scale + i * linePitch(scale);
      writeLine(sheet, text, { left, top: below, width: groupWidth, scale, colour: INK });
    });
  });
  return sheet;
}

function paste(sheet: Image, image: Image, left: number, top: number): void {
  const rowBytes = image.width * 3;
  for (let y = 0; y < image.height; y++) {
    const row = image.data.subarray(y * rowBytes, (y + 1) * rowBytes);
    sheet.data.set(row, ((top + y) * sheet.width + left) * 3);
  }
}
