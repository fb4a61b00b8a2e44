/**
 * Interlaced PNGs of less than 8 bits a sample, which fast-png does not unpack: it takes whole bytes for pixels. Their
 * stream is seven reduced pictures (Adam7), each with rows of its own. fast-png still inflates the stream, and each reduced
 * picture is a common PNG picture whose rows are unfiltered here. PNG specification, sections 8 and 9.
 */
import { decode } from "fast-png";
import { join } from "./join.js";
import { chunkData, type PngFile } from "./png-chunks.js";

/** Where each reduced picture's samples are in the whole one (section 8.2). */
const passes = [
  { x: 0, y: 0, stepX: 8, stepY: 8 },
  { x: 4, y: 0, stepX: 8, stepY: 8 },
  { x: 0, y: 4, stepX: 4, stepY: 8 },
  { x: 2, y: 0, stepX: 4, stepY: 4 },
  { x: 0, y: 2, stepX: 2, stepY: 4 },
  { x: 1, y: 0, stepX: 2, stepY: 2 },
  { x: 0, y: 1, stepX: 1, stepY: 2 },
];

/** Samples [height, width], one byte each, of an interlaced picture of 1, 2 or 4 bits; throws Error if the data is damaged. */
export function decodePasses(file: PngFile): Uint8Array {
  const { width, height, depth } = file;
  const reduced = passes
    .map((pass) => ({
      ...pass,
      columns: Math.ceil((width - pass.x) / pass.stepX),
      rows: Math.ceil((height - pass.y) / pass.stepY),
    }))
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const rowBytes = (columns: number) => Math.ceil((columns * depth) / 8);
  const bytes = reduced.reduce((sum, { columns, rows }) => sum + rows * (1 + rowBytes(columns)), 0);
  const stream = inflate(chunkData(file, "IDAT"), bytes);
  const samples = new Uint8Array(width * height);
  let at = 0;
  for (const { x, y, stepX, stepY, columns, rows } of reduced) {
    let above = new Uint8Array(rowBytes(columns));
    for (let row = 0; row < rows; row++) {
      const packed = stream.subarray(at + 1, at + 1 + above.length);
      unfilter(stream[at]!, packed, above);
      unpackRow(packed, depth, samples, (y + row * stepY) * width + x, columns, stepX);
      above = packed;
      at += 1 + packed.length;
    }
  }
  return samples;
}

/** Takes a row of 1, 2 or 4-bit samples apart: `count` of them to `into[at]`, `into[at + step]` … */
export function unpackRow(
  packed: Uint8Array,
  depth: number,
  into: Uint8Array,
  at: number,
  count: number,
  step: number,
): void {
  const mask = 2 ** depth - 1;
  for (let i = 0, bit = 0, q = at; i < count; i++, bit += depth, q += step) {
    into[q] = (packed[bit >> 3]! >> (8 - depth - (bit & 7))) & mask;
  }
}

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** A block of deflate (RFC 1951, 3.2.4) that holds one byte 0 as it is, and is not the last. */
const zeroBlock = Uint8Array.of(0, 1, 0, 0xfe, 0xff, 0);

/**
 * The first `bytes` of a zlib stream. fast-png has no such call; it is given a grey picture one row high whose pixels are
 * those bytes. The row's filter type, 0 for "as it is", is put in as a block of its own behind zlib's two bytes.
 */
function inflate(zlib: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, bytes);
  header.set([0, 0, 0, 1, 8, 0, 0, 0, 0], 4);
  const data = join([zlib.subarray(0, 2), zeroBlock, zlib.subarray(2)]);
  const file = join([signature, chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", new Uint8Array(0))]);
  return Uint8Array.from(decode(file).data);
}

/** A chunk with its CRC left zero: no reader here checks it. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 12);
  new DataView(out.buffer).setUint32(0, data.length);
  for (let i = 0; i < 4; i++) out[4 + i] = type.charCodeAt(i);
  out.set(data, 8);
  return out;
}

/** Undoes a row's filter in place; `above` is the row over it, unfiltered. Pixels count as one byte below 8 bits. */
function unfilter(type: number, row: Uint8Array, above: Uint8Array): void {
  const predict = predictors[type];
  if (predict === undefined) throw new Error(`row filter ${type}, expected 0 to 4`);
  let left = 0;
  let aboveLeft = 0;
  for (let i = 0; i < row.length; i++) {
    const up = above[i]!;
    left = (row[i]! + predict(left, up, aboveLeft)) & 255;
    row[i] = left;
    aboveLeft = up;
  }
}

/** None, Sub, Up, Average, Paeth (section 9.2). */
const predictors: readonly ((left: number, up: number, aboveLeft: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  (left, up, aboveLeft) => {
    const toLeft = Math.abs(up - aboveLeft);
    const toUp = Math.abs(left - aboveLeft);
    const toCorner = Math.abs(left + up - 2 * aboveLeft);
    if (toLeft <= toUp && toLeft <= toCorner) return left;
    return toUp <= toCorner ? up : aboveLeft;
  },
];
