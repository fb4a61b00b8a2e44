/**
 * EXIF orientation applied to pixels, as OpenCV does when it reads a file (and torchvision does not).
 * Values 1 to 8 are those of the EXIF tag 0x0112.
 */
import { createImage, type Image } from "./image.js";

/** For each orientation: are rows and columns exchanged, and is the source walked from its right or its bottom. */
const orientations: Readonly<
  Record<number, { readonly swap: boolean; readonly fromRight: boolean; readonly fromBottom: boolean }>
> = {
  2: { swap: false, fromRight: true, fromBottom: false },
  3: { swap: false, fromRight: true, fromBottom: true },
  4: { swap: false, fromRight: false, fromBottom: true },
  5: { swap: true, fromRight: false, fromBottom: false },
  6: { swap: true, fromRight: false, fromBottom: true },
  7: { swap: true, fromRight: true, fromBottom: true },
  8: { swap: true, fromRight: true, fromBottom: false },
};

/** The upright picture; orientation 1 and unknown values give the same object back. */
export function orient(image: Image, orientation: number): Image {
  const rule = orientations[orientation];
  if (rule === undefined) return image;
  const { width, height, data } = image;
  const out = new Uint8Array(data.length);
  const outWidth = rule.swap ? height : width;
  const outHeight = rule.swap ? width : height;
  const first = ((rule.fromBottom ? height - 1 : 0) * width + (rule.fromRight ? width - 1 : 0)) * 3;
  const stepX = rule.fromRight ? -3 : 3;
  const stepY = (rule.fromBottom ? -3 : 3) * width;
  const [alongRow, alongColumn] = rule.swap ? [stepY, stepX] : [stepX, stepY];
  for (let y = 0, q = 0; y < outHeight; y++) {
    let p = first + y * alongColumn;
    for (let x = 0; x < outWidth; x++, p += alongRow, q += 3) {
      out[q] = data[p]!;
      out[q + 1] = data[p + 1]!;
      out[q + 2] = data[p + 2]!;
    }
  }
  return createImage(outWidth, outHeight, out);
}
