/**
 * JPEG to RGB by jpeg-js with libjpeg's colours: jpeg-js does entropy decoding and the inverse DCT (poppler's, within one
 * level of libjpeg's), jpeg-color.ts the rest. Grey is replicated, RGB files are taken as they are, four components go
 * through jpeg-four.ts. What cannot be decoded has been refused before (jpeg-checks.ts).
 */
import jpegJs from "jpeg-js";
import { DataError } from "../../util/errors.js";
import { createImage, type Image } from "./image.js";
import { jpegCost } from "./jpeg-checks.js";
import { finishRaw } from "./jpeg-finish.js";
import { decodeFour } from "./jpeg-four.js";
import type { JpegHeader } from "./jpeg-header.js";
import { DAMAGED_HINT } from "./limits.js";

/** The pixels as stored; throws DataError naming `path` for anything that cannot be read whole. */
export function jpegJsPixels(bytes: Uint8Array, header: JpegHeader, path: string): Image {
  try {
    return createImage(header.width, header.height, decodeComponents(bytes, header));
  } catch (cause) {
    throw new DataError(`${path}: not a readable JPEG, expected a complete file (${describe(cause)})`, DAMAGED_HINT);
  }
}

function decodeComponents(bytes: Uint8Array, header: JpegHeader): Uint8Array {
  const { components } = header;
  const source = withoutTransform(bytes, header);
  if (components.length === 1) return decodeRaw(source, header);
  return finishRaw(
    components.length === 3
      ? decodeRaw(source, header)
      : decodeFour(source, header, (three) => decodeRaw(three, header)),
    header,
  );
}

/** Room for quantisation and Huffman tables in jpeg-js's count of its memory. */
const TABLE_MEGABYTES = 1;

/** Three samples a pixel: untransformed components, or grey three times. */
function decodeRaw(bytes: Uint8Array, header: JpegHeader): Uint8Array {
  const { width, height, data } = jpegJs.decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    colorTransform: false,
    // the header's own figures: a second, larger frame hidden in the file finds no room
    // half a pixel more: jpeg-js multiplies again, and would refuse a size that was rounded down
    maxResolutionInMP: (header.width * header.height + 0.5) / 1e6,
    maxMemoryUsageInMB: jpegCost(header).workingBytes / 2 ** 20 + TABLE_MEGABYTES,
  });
  if (width !== header.width || height !== header.height) throw new Error(`${width}x${height} pixels came out`);
  return data;
}

/** jpeg-js lets an Adobe marker overrule the option `colorTransform`: a copy of the file in which it says "none". */
function withoutTransform(bytes: Uint8Array, { adobe }: JpegHeader): Uint8Array {
  if (adobe === undefined || adobe.transform === 0) return bytes;
  // not slice(), which on a Node Buffer copies nothing
  const copy = new Uint8Array(bytes);
  copy[adobe.offset] = 0;
  return copy;
}

/** jpeg-js's messages, in words where they have none. */
const plainWords: Readonly<Record<string, string>> = { "marker was not found": "the image data ends too early" };

function describe(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return plainWords[message] ?? message;
}
