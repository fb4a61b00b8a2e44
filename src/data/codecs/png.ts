/**
 * PNG to RGB: fast-png unpacks, this file widens grey and palettes, narrows 16 bits to their high byte and drops alpha
 * without compositing, as OpenCV's colour read does. The header is checked before anything is allocated.
 */
import { convertIndexedToRgb, type DecodedPng, decode } from "fast-png";
import { DataError } from "../../util/errors.js";
import { createImage, type Image } from "../image.js";

const maxPixels = 100e6;
const damagedHint = "the file is truncated or damaged; replace it, or remove it from the data set";

/** Decodes PNG bytes; throws DataError naming `path` for anything that cannot be read. */
export function decodePng(bytes: Uint8Array, path: string): Image {
  checkHeader(bytes, path);
  try {
    return toRgb(decode(bytes));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`${path}: not a readable PNG, expected a complete file (${message})`, damagedHint);
  }
}

/** IHDR is the first chunk: width, height, depth and interlace stand at fixed places after the 8-byte signature. */
function checkHeader(bytes: Uint8Array, path: string): void {
  if (bytes.length < 33)
    throw new DataError(`${path}: PNG of ${bytes.length} bytes, expected a complete file`, damagedHint);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  if (width === 0 || height === 0 || width * height > maxPixels) {
    throw new DataError(`${path}: PNG of ${width}x${height} pixels, expected between 1 and ${maxPixels} pixels`);
  }
  const depth = bytes[24]!;
  const isInterlaced = bytes[28] !== 0;
  // fast-png counts whole bytes per pixel when it undoes Adam7, so its rows run apart below 8 bits.
  if (isInterlaced && depth < 8) {
    throw new DataError(
      `${path}: interlaced PNG of ${depth} bits per sample, expected at least 8 bits where rows are interlaced`,
      "save the file without interlacing",
    );
  }
}

function toRgb(png: DecodedPng): Image {
  const { width, height } = png;
  const pixels = width * height;
  if (png.palette !== undefined) return pack(convertIndexedToRgb(png), png.palette[0]?.length ?? 3, width, height);
  if (png.depth < 8) return pack(unpackGrey(png), 1, width, height);
  if (png.data.length !== pixels * png.channels) throw new Error(`${png.data.length} samples for ${pixels} pixels`);
  return pack(png.depth === 16 ? Uint8Array.from(png.data, (v) => v >> 8) : png.data, png.channels, width, height);
}

/** Samples [H, W, channels] with channels grey, grey+alpha, RGB or RGBA -> RGB. */
function pack(samples: ArrayLike<number>, channels: number, width: number, height: number): Image {
  if (channels === 3 && samples instanceof Uint8Array) return createImage(width, height, samples);
  const data = new Uint8Array(width * height * 3);
  const [green, blue] = channels >= 3 ? [1, 2] : [0, 0];
  for (let p = 0, q = 0; q < data.length; p += channels, q += 3) {
    data[q] = samples[p]!;
    data[q + 1] = samples[p + green]!;
    data[q + 2] = samples[p + blue]!;
  }
  return createImage(width, height, data);
}

/** Grey of 1, 2 or 4 bits, rows padded to whole bytes -> one byte each, scaled to 0..255. */
function unpackGrey({ width, height, depth, data }: DecodedPng): Uint8Array {
  const perByte = 8 / depth;
  const largest = 2 ** depth - 1;
  const scale = 255 / largest;
  const rowBytes = Math.ceil(width / perByte);
  const grey = new Uint8Array(width * height);
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = data[y * rowBytes + Math.floor(x / perByte)]!;
      const shift = 8 - depth * ((x % perByte) + 1);
      grey[o++] = ((byte >> shift) & largest) * scale;
    }
  }
  return grey;
}
