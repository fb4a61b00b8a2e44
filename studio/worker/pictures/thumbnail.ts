/** A kept picture, small and with an opaque alpha, for the page to draw. */

import type { Image } from "../../../src/data/codecs/image.js";
import type { Pixels } from "../../protocol.js";
import { seen } from "../improve/inputs.js";

/** With the short side at most `side`. */
export function thumbnailOf(image: Image, side: number): Omit<Pixels, "id"> {
  const isLarge = Math.min(image.width, image.height) > side;
  const { width, height, data } = isLarge
    ? seen([{ kind: "resizeShortSide", size: side, filter: "bilinear" }], image)
    : image;
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from]!;
    rgba[to + 1] = data[from + 1]!;
    rgba[to + 2] = data[from + 2]!;
  }
  return { width, height, data: rgba };
}
