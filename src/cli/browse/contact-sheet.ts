/**
 * Pictures side by side on one sheet, in a grid of square tiles. Pixels are copied, never scaled, but for pictures larger
 * than a tile.
 */
import { createImage, type Image } from "../../data/codecs/image.js";
import { resize } from "../../data/transforms/resize.js";

const PAPER = 245;
const GAP = 4;

export interface SheetOptions {
  /** Side of a tile in pixels. */
  readonly tile: number;
  /** Tiles that stay together in a row, such as a picture and what became of it. */
  readonly groupSize: number;
  readonly groupsPerRow: number;
}

/** The picture as large as a tile holds; smaller ones are left alone. */
export function fitted(image: Image, tile: number): Image {
  const share = tile / Math.max(image.width, image.height);
  if (share >= 1) return image;
  const side = (pixels: number): number => Math.max(1, Math.round(pixels * share));
  return resize(image, { width: side(image.width), height: side(image.height), filter: "bilinear" });
}

/** One sheet of `tiles`, in order; each is centred in its place and must fit there. */
export function contactSheet(tiles: readonly Image[], { tile, groupSize, groupsPerRow }: SheetOptions): Image {
  const groups = Math.ceil(tiles.length / groupSize);
  const rows = Math.ceil(groups / groupsPerRow);
  const groupWidth = groupSize * tile + (groupSize - 1) * GAP;
  const width = Math.min(groups, groupsPerRow) * (groupWidth + 3 * GAP) + GAP;
  const sheet = createImage(width, rows * (tile + GAP) + GAP);
  sheet.data.fill(PAPER);
  tiles.forEach((image, i) => {
    const group = Math.floor(i / groupSize);
    const left = GAP + (group % groupsPerRow) * (groupWidth + 3 * GAP) + (i % groupSize) * (tile + GAP);
    const top = GAP + Math.floor(group / groupsPerRow) * (tile + GAP);
    paste(sheet, image, left + ((tile - image.width) >> 1), top + ((tile - image.height) >> 1));
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
