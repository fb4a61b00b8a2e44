/**
 * Raw samples of a JPEG to RGB: which colours they mean, by libjpeg's rules, and what OpenCV makes of inks.
 */
import { inksToRgb } from "./inks.js";
import { finishInPlace } from "./jpeg-color.js";
import type { JpegHeader } from "./jpeg-header.js";

/** Samples [height, width, components], repeated where subsampled, to [height, width, 3]; `data` may be changed or given back. */
export function finishRaw(data: Uint8Array, header: JpegHeader): Uint8Array {
  const { width, height, components } = header;
  if (components.length === 1) return threeOf(data);
  finishInPlace(data, width, height, components, isYcc(header));
  if (components.length === 3) return data;
  if (isYcc(header)) invertThree(data);
  return inksToRgb(data);
}

/** Grey three times. */
function threeOf(grey: Uint8Array): Uint8Array {
  const data = new Uint8Array(3 * grey.length);
  for (let p = 0, q = 0; p < grey.length; p++, q += 3) data.fill(grey[p]!, q, q + 3);
  return data;
}

/** libjpeg's rules (jdapimin.c): JFIF means YCbCr, else Adobe's marker decides, else the identifiers. */
function isYcc({ hasJfif, adobe, components }: JpegHeader): boolean {
  if (components.length === 4) return adobe !== undefined && adobe.transform !== 0;
  if (hasJfif) return true;
  if (adobe !== undefined) return adobe.transform !== 0;
  return String.fromCharCode(...components.map(({ id }) => id)) !== "RGB";
}

/** YCCK holds the complements of its inks as YCbCr. */
function invertThree(data: Uint8Array): void {
  for (let q = 0; q < data.length; q += 4) {
    data[q] = 255 - data[q]!;
    data[q + 1] = 255 - data[q + 1]!;
    data[q + 2] = 255 - data[q + 2]!;
  }
}
