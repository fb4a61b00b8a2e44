/**
 * JPEG to RGB with libjpeg's colours: jpeg-js does entropy decoding and the inverse DCT, jpeg-color.ts the rest. Grey is
 * replicated, RGB files are taken as they are, four-component files go through jpeg-js's own ink conversion.
 * Refused by name: 12-bit samples, arithmetic coding, lossless and hierarchical processes.
 */
import jpegJs from "jpeg-js";
import { DataError } from "../../util/errors.js";
import { createImage, type Image } from "../image.js";
import { damagedHint, jpegCost } from "./jpeg-checks.js";
import { yccToRgbInPlace } from "./jpeg-color.js";
import type { JpegHeader } from "./jpeg-header.js";

/** Room for quantisation and Huffman tables in jpeg-js's count. */
const tableMegabytes = 1;

/** The pixels as stored; throws DataError naming `path` for anything that cannot be read whole. */
export function jpegJsPixels(bytes: Uint8Array, header: JpegHeader, path: string): Image {
  const limits = {
    // the header's own figures: a second, larger frame hidden in the file finds no room
    maxResolutionInMP: (header.width * header.height) / 1e6,
    maxMemoryUsageInMB: jpegCost(header).workingBytes / 2 ** 20 + tableMegabytes,
  };
  const { components } = header;
  const isYcc = components.length === 3 && !isRgb(header);
  try {
    const source = components.length === 1 ? bytes : withoutForcedTransform(bytes, header);
    const { width, height, data } = jpegJs.decode(source, {
      useTArray: true,
      formatAsRGBA: false,
      colorTransform: false,
      ...limits,
    });
    if (isYcc) yccToRgbInPlace(data, width, height, components);
    if (components.length === 4) matchInkRounding(data);
    return createImage(width, height, data);
  } catch (cause) {
    throw new DataError(`${path}: not a readable JPEG, expected a complete file (${describe(cause)})`, damagedHint);
  }
}

/**
 * jpeg-js gives floor(c k / 255) for stored inks c and k; OpenCV gives k - (((255 - c) k) >> 8), which is 0 to 2 levels more.
 * The separate inks are gone by then, so the middle is taken: off by about one level; chroma of YCCK files is only repeated, not smoothed.
 */
function matchInkRounding(data: Uint8Array): void {
  for (let i = 0; i < data.length; i++) if (data[i]! < 255) data[i]!++;
}

/** libjpeg's rule for three components: JFIF means YCbCr, else Adobe's marker decides, else the identifiers "RGB". */
function isRgb({ hasJfif, adobe, components }: JpegHeader): boolean {
  if (hasJfif) return false;
  if (adobe !== undefined) return adobe.transform === 0;
  return String.fromCharCode(...components.map((c) => c.id)) === "RGB";
}

/** An APP14 marker that says "no transform". */
const plainAdobe = [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0];

/**
 * The file as jpeg-js must see it. Its Adobe marker overrules the `colorTransform` option, so for three components the
 * transform is cleared in a copy; and four components are only accepted with such a marker, so one is put in.
 */
function withoutForcedTransform(bytes: Uint8Array, { adobe, components }: JpegHeader): Uint8Array {
  if (components.length === 3 && adobe !== undefined && adobe.transform !== 0) {
    const copy = bytes.slice();
    copy[adobe.offset] = 0;
    return copy;
  }
  if (components.length === 4 && adobe === undefined) {
    const copy = new Uint8Array(bytes.length + plainAdobe.length);
    copy.set(bytes.subarray(0, 2));
    copy.set(plainAdobe, 2);
    copy.set(bytes.subarray(2), 2 + plainAdobe.length);
    return copy;
  }
  return bytes;
}

/** jpeg-js's messages, in words where they have none. */
const plainWords: Readonly<Record<string, string>> = { "marker was not found": "the image data ends too early" };

function describe(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return plainWords[message] ?? message;
}
