/**
 * PNG to RGB: fast-png inflates and unfilters, this file widens grey and palettes, narrows 16 bits to their high byte and
 * drops alpha without compositing, as OpenCV's colour read does.
 */
import { decode } from "fast-png";
import { DataError } from "../../util/errors.js";
import { createImage, type Image } from "./image.js";
import { join } from "./join.js";
import { DAMAGED_HINT } from "./limits.js";
import { orient } from "./orient.js";
import { channelsOf, chunkData, type PngFile, readPng } from "./png-chunks.js";
import { decodePasses, unpackRow } from "./png-passes.js";

/** Decodes PNG bytes; throws DataError naming `path` for anything that cannot be read. */
export function decodePng(bytes: Uint8Array, path: string, applyOrientation: boolean): Image {
  const file = readPng(bytes, path);
  try {
    const image = createImage(file.width, file.height, toRgb(file, readSamples(bytes, file)));
    return applyOrientation ? orient(image, file.orientation) : image;
  } catch (cause) {
    throw new DataError(`${path}: not a readable PNG, expected a complete file (${reasonOf(cause)})`, DAMAGED_HINT);
  }
}

/** What is wrong with a file; the engine's own words (an array of a negative length) say nothing of it. */
function reasonOf(cause: unknown): string {
  if (cause instanceof RangeError || cause instanceof TypeError) return "its chunks contradict each other";
  return cause instanceof Error ? cause.message : String(cause);
}

const iend = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82);

/** Samples [H, W, channels], 8 bits each: 16-bit ones by their high byte, smaller ones unpacked but not scaled. */
function readSamples(bytes: Uint8Array, file: PngFile): Uint8Array {
  const { width, height, depth, isInterlaced, chunks } = file;
  if (isInterlaced && depth < 8) return decodePasses(file);
  const { data } = decode(join([bytes.subarray(0, 8), ...chunks, iend]), { checkCrc: true });
  if (depth < 8) {
    const samples = new Uint8Array(width * height);
    const rowBytes = Math.ceil((width * depth) / 8);
    const packed = data as Uint8Array;
    for (let y = 0; y < height; y++) {
      unpackRow(packed.subarray(y * rowBytes, (y + 1) * rowBytes), depth, samples, y * width, width, 1);
    }
    return samples;
  }
  const expected = width * height * channelsOf[file.colorType]!;
  if (data.length !== expected) throw new Error(`${data.length} samples came out, expected ${expected}`);
  if (depth < 16) return data as Uint8Array;
  // a loop: Uint8Array.from() over so many numbers is 26 times slower, and aborts the process for lack of memory
  const high = new Uint8Array(expected);
  for (let i = 0; i < expected; i++) high[i] = data[i]! >> 8;
  return high;
}

function toRgb(file: PngFile, samples: Uint8Array): Uint8Array {
  const channels = channelsOf[file.colorType]!;
  if (channels === 3) return samples;
  if (file.colorType === 3) return fromPalette(samples, chunkData(file, "PLTE"));
  const data = new Uint8Array(file.width * file.height * 3);
  const scale = file.depth < 8 ? 255 / (2 ** file.depth - 1) : 1;
  const [green, blue] = channels === 4 ? [1, 2] : [0, 0];
  for (let p = 0, q = 0; q < data.length; p += channels, q += 3) {
    data[q] = samples[p]! * scale;
    data[q + 1] = samples[p + green]! * scale;
    data[q + 2] = samples[p + blue]! * scale;
  }
  return data;
}

function fromPalette(indices: Uint8Array, palette: Uint8Array): Uint8Array {
  const colors = palette.length / 3;
  const data = new Uint8Array(indices.length * 3);
  for (let p = 0, q = 0; p < indices.length; p++, q += 3) {
    const index = indices[p]!;
    if (index >= colors) throw new Error(`colour ${index} of a palette of ${colors}`);
    data[q] = palette[3 * index]!;
    data[q + 1] = palette[3 * index + 1]!;
    data[q + 2] = palette[3 * index + 2]!;
  }
  return data;
}
