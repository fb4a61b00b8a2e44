/**
 * A PNG as its chunks: the header's fields, checked before anything is allocated, and the few chunks that make pixels. Text,
 * profiles, animation and whatever else a file carries is passed over, so that it can neither spoil nor slow a picture.
 * Layout: PNG specification, third edition, sections 5 and 11.
 */
import { Budget, getBudget } from "../../util/budget.js";
import { DataError } from "../../util/errors.js";
import { readOrientation } from "./exif.js";
import { join } from "./join.js";
import { DAMAGED_HINT, SIZE_HINT } from "./limits.js";
import { inflatedBytes } from "./png-inflated.js";

/** The fields of IHDR that matter, and the chunks of image data and palette: whole, with length, type and CRC. */
export interface PngFile {
  readonly width: number;
  readonly height: number;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  /** Colour type: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha. */
  readonly colorType: number;
  readonly isInterlaced: boolean;
  readonly chunks: readonly Uint8Array[];
  /** EXIF orientation 1 to 8; 1 where there is none. */
  readonly orientation: number;
}

const SIGNATURE_BYTES = 8;
/** Length and type before a chunk's data, CRC behind it. */
const AROUND_BYTES = 12;
const IHDR_BYTES = 13;

/** The depths each colour type may have. */
const depths: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Samples of a pixel by colour type. */
export const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Deflate makes at most 258 bytes of two bits (RFC 1951: a length and a distance of one bit each). */
const LARGEST_RATIO = 1032;

/** Reads the chunks; throws DataError naming `path` if the header is unusable or the file ends inside a chunk. */
export function readPng(bytes: Uint8Array, path: string): PngFile {
  const headerEnd = SIGNATURE_BYTES + AROUND_BYTES + IHDR_BYTES;
  if (bytes.length < headerEnd)
    throw new DataError(`${path}: PNG of ${bytes.length} bytes, expected a complete file`, DAMAGED_HINT);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Uint8Array[] = [];
  let orientation: number | undefined;
  const singles = new Set<string>();
  const header = readHeader(view, path);
  for (let at = SIGNATURE_BYTES; at + AROUND_BYTES <= bytes.length; ) {
    const end = at + AROUND_BYTES + view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (type === "IEND") break;
    if (end > bytes.length) {
      const missing = end - bytes.length;
      throw new DataError(`${path}: PNG ends inside its chunk ${type}, expected ${missing} bytes more`, DAMAGED_HINT);
    }
    const isSingle = type === "IHDR" || (type === "PLTE" && header.colorType === 3);
    // decoders differ in which of two counts, and only the first header has been checked
    if (isSingle && singles.has(type))
      throw new DataError(`${path}: PNG with a second chunk ${type}, expected one`, DAMAGED_HINT);
    if (isSingle) singles.add(type);
    if (isSingle || type === "IDAT") chunks.push(bytes.subarray(at, end));
    if (type === "eXIf") orientation ??= readOrientation(bytes.subarray(at + 8, end - 4));
    at = end;
  }
  checkAmount(header, chunks, path);
  return { ...header, chunks, orientation: orientation ?? 1 };
}

/** Data behind the last row is passed over, as libpng does, up to so much. */
const MOST_EXTRA_BYTES = 2 ** 20;
/** Data that cannot unpack to more is not counted first: 16 kB of it. */
const UNCOUNTED_BYTES = 16 * 2 ** 20;
/** fast-png holds what it inflates as chunks, as a whole and as rows without their filters. */
const COPIES = 3;

/**
 * Refuses a size that the compressed data cannot fill or that costs more than the budget, and data that unpacks to far more than the size
 * says, before room is made for either.
 */
function checkAmount(
  { width, height, depth, colorType }: Pick<PngFile, "width" | "height" | "depth" | "colorType">,
  chunks: readonly Uint8Array[],
  path: string,
): void {
  const needed = height * (1 + Math.ceil((width * depth * channelsOf[colorType]!) / 8));
  const data = chunkData({ chunks }, "IDAT");
  const compressed = data.length;
  if (needed > compressed * LARGEST_RATIO) {
    const least = Math.ceil(needed / LARGEST_RATIO);
    const came = `PNG of ${width}x${height} pixels in ${compressed} bytes of data`;
    throw new DataError(`${path}: ${came}, expected at least ${least} bytes`, DAMAGED_HINT);
  }
  new Budget(`${path}: PNG of ${width}x${height} pixels`, DataError).check(
    "pictureBytes",
    COPIES * needed + 3 * width * height,
  );
  // the seven pictures of an interlaced one have more rows, each with its filter byte
  const most = 2 * needed + MOST_EXTRA_BYTES;
  if (compressed * LARGEST_RATIO <= Math.max(most, UNCOUNTED_BYTES)) return;
  const unpacked = inflatedBytes(data, most);
  if (unpacked > most)
    throw new DataError(
      `${path}: PNG of ${width}x${height} pixels whose data unpacks to more than ${most} bytes, expected about ${needed}`,
      DAMAGED_HINT,
    );
}

function readHeader(view: DataView, path: string): Omit<PngFile, "chunks" | "orientation"> {
  const at = SIGNATURE_BYTES + 8;
  const width = view.getUint32(at);
  const height = view.getUint32(at + 4);
  const depth = view.getUint8(at + 8);
  const colorType = view.getUint8(at + 9);
  const interlace = view.getUint8(at + 12);
  if (view.getUint32(at - 8) !== IHDR_BYTES || view.getUint32(at - 4) !== 0x49484452)
    throw new DataError(`${path}: PNG without its header chunk IHDR, expected it first`, DAMAGED_HINT);
  if (width === 0 || height === 0 || width * height > getBudget().pixels)
    throw new DataError(
      `${path}: PNG of ${width}x${height} pixels, expected between 1 and ${getBudget().pixels} pixels`,
      SIZE_HINT,
    );
  if (!depths[colorType]?.includes(depth) || interlace > 1) {
    const came = `colour type ${colorType}, ${depth} bits per sample, interlace method ${interlace}`;
    throw new DataError(`${path}: PNG of ${came}, expected a combination that PNG has`, DAMAGED_HINT);
  }
  return { width, height, depth: depth as PngFile["depth"], colorType, isInterlaced: interlace === 1 };
}

/** The data of the chunks of one type, one after the other. */
export function chunkData({ chunks }: Pick<PngFile, "chunks">, type: string): Uint8Array<ArrayBuffer> {
  const parts = chunks
    .filter((chunk) => String.fromCharCode(...chunk.subarray(4, 8)) === type)
    .map((chunk) => chunk.subarray(8, chunk.length - 4));
  return join(parts);
}
