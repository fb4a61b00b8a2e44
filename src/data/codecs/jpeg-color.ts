/**
 * The last two stages of a JPEG decoder, done as libjpeg does them: "fancy" (triangle) upsampling and integer colour
 * conversion. Input are raw component samples merely repeated to full size, as jpeg-js gives them untransformed.
 * Facts from libjpeg's jdsample.c and jdcolor.c.
 */
import type { JpegComponent } from "./jpeg-header.js";

const fixed = (x: number): number => Math.floor(x * 65536 + 0.5);
const chromaTable = (entry: (chroma: number) => number): Int32Array =>
  Int32Array.from({ length: 256 }, (_, i) => entry(i - 128));

const redFromCr = chromaTable((cr) => (fixed(1.402) * cr + 32768) >> 16);
const blueFromCb = chromaTable((cb) => (fixed(1.772) * cb + 32768) >> 16);
// The two parts of green are added before the shift.
const greenFromCr = chromaTable((cr) => -fixed(0.71414) * cr);
const greenFromCb = chromaTable((cb) => -fixed(0.34414) * cb + 32768);

/** YCbCr, with anything behind it in each pixel left alone, to RGB in place: `data` is [pixels, stride]. */
export function yccToRgbInPlace(data: Uint8Array, stride: number): void {
  const out = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  for (let q = 0; q < data.length; q += stride) {
    const y = data[q]!;
    const cb = data[q + 1]!;
    const cr = data[q + 2]!;
    out[q] = y + redFromCr[cr]!;
    out[q + 1] = y + ((greenFromCb[cb]! + greenFromCr[cr]!) >> 16);
    out[q + 2] = y + blueFromCb[cb]!;
  }
}

/** Replaces repeated samples by smooth ones in place, where libjpeg does; `data` is [height, width, components.length]. */
export function smoothInPlace(
  data: Uint8Array,
  width: number,
  height: number,
  components: readonly JpegComponent[],
): void {
  const maxH = Math.max(...components.map(({ h }) => h));
  const maxV = Math.max(...components.map(({ v }) => v));
  const stride = components.length;
  components.forEach(({ h, v }, channel) => {
    const readRow = smoothRows(data, { channel, stride, width, height, ratioX: maxH / h, ratioY: maxV / v });
    if (readRow === undefined) return;
    for (let y = 0; y < height; y++) {
      const row = readRow(y);
      for (let x = 0, q = y * width * stride + channel; x < width; x++, q += stride) data[q] = row[x]!;
    }
  });
}

/** One component's place in interleaved samples, and how many pixels share one of its samples. */
interface Plane {
  readonly channel: number;
  readonly stride: number;
  readonly width: number;
  readonly height: number;
  readonly ratioX: number;
  readonly ratioY: number;
}

/** libjpeg smooths horizontally only planes wider than this (jdsample.c, jinit_upsampler). */
const narrowest = 3;

/**
 * A function giving the full-width row y of a plane (a buffer it reuses), or undefined where libjpeg only repeats
 * samples, as the data already has them: no subsampling, ratios other than 1 and 2, very narrow planes.
 */
function smoothRows(
  data: Uint8Array,
  { channel, stride, width, height, ratioX, ratioY }: Plane,
): ((y: number) => Uint8Array) | undefined {
  const planeWidth = Math.ceil(width / ratioX);
  const planeHeight = Math.ceil(height / ratioY);
  const isSmoothed = (ratioX === 2 && planeWidth >= narrowest) || (ratioX === 1 && ratioY === 2);
  if (!isSmoothed || ratioY > 2 || !Number.isInteger(ratioY)) return undefined;

  const plane = new Uint8Array(planeWidth * planeHeight);
  for (let y = 0, o = 0; y < planeHeight; y++) {
    let q = y * ratioY * width * stride + channel;
    for (let x = 0; x < planeWidth; x++, q += stride * ratioX) plane[o++] = data[q]!;
  }
  const row = new Uint8Array(planeWidth * ratioX);
  if (ratioY === 1) {
    return (y) => smoothRow(plane.subarray(y * planeWidth, (y + 1) * planeWidth), row);
  }
  const columnSums = new Int32Array(planeWidth);
  return (y) => {
    const near = y >> 1;
    const isLower = (y & 1) === 1;
    const far = Math.min(planeHeight - 1, Math.max(0, isLower ? near + 1 : near - 1));
    const nearAt = near * planeWidth;
    const farAt = far * planeWidth;
    if (ratioX === 1) {
      const bias = isLower ? 2 : 1;
      for (let x = 0; x < planeWidth; x++) row[x] = (3 * plane[nearAt + x]! + plane[farAt + x]! + bias) >> 2;
      return row;
    }
    for (let x = 0; x < planeWidth; x++) columnSums[x] = 3 * plane[nearAt + x]! + plane[farAt + x]!;
    return smoothSums(columnSums, row);
  };
}

/** Horizontal 1:2 with weights 3/4 and 1/4; the two ends are copied. */
function smoothRow(samples: Uint8Array, row: Uint8Array): Uint8Array {
  const last = samples.length - 1;
  row[0] = samples[0]!;
  for (let x = 0; x < last; x++) {
    row[2 * x + 1] = (3 * samples[x]! + samples[x + 1]! + 2) >> 2;
    row[2 * x + 2] = (3 * samples[x + 1]! + samples[x]! + 1) >> 2;
  }
  row[2 * last + 1] = samples[last]!;
  return row;
}

/** The same on sums of two rows that already carry a factor 4. */
function smoothSums(sums: Int32Array, row: Uint8Array): Uint8Array {
  const last = sums.length - 1;
  row[0] = (4 * sums[0]! + 8) >> 4;
  for (let x = 0; x < last; x++) {
    row[2 * x + 1] = (3 * sums[x]! + sums[x + 1]! + 7) >> 4;
    row[2 * x + 2] = (3 * sums[x + 1]! + sums[x]! + 8) >> 4;
  }
  row[2 * last + 1] = (4 * sums[last]! + 7) >> 4;
  return row;
}
