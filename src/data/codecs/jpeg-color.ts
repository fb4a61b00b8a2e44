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

/** Sums of luma and chroma, from -below up, cut to 0..255: 1.772 * 128 is the most chroma adds or takes. */
const BELOW = 256;
const clamped = Uint8Array.from({ length: 3 * 256 }, (_, i) => Math.min(255, Math.max(0, i - BELOW)));

/**
 * Samples [height, width, components.length] as they came, finished in place: smooth where libjpeg smooths, and their first
 * three from YCbCr to RGB if `isYcc`.
 */
export function finishInPlace(
  data: Uint8Array,
  width: number,
  height: number,
  components: readonly JpegComponent[],
  isYcc: boolean,
): void {
  const maxH = Math.max(...components.map(({ h }) => h));
  const maxV = Math.max(...components.map(({ v }) => v));
  const stride = components.length;
  const rowReaders = components.map(({ h, v }, channel) =>
    smoothRows(data, { channel, stride, width, height, ratioX: maxH / h, ratioY: maxV / v }),
  );
  const [, cbRow, crRow] = rowReaders;
  // chroma of common files goes from its rows straight into the conversion
  const isFused = isYcc && cbRow !== undefined && crRow !== undefined;
  for (let y = 0; y < height; y++) {
    const start = y * width * stride;
    const row = data.subarray(start, start + width * stride);
    rowReaders.forEach((readRow, channel) => {
      if (readRow === undefined || (isFused && (channel === 1 || channel === 2))) return;
      const samples = readRow(y);
      for (let x = 0, q = channel; x < width; x++, q += stride) row[q] = samples[x]!;
    });
    if (isFused) convertRow(row, stride, width, cbRow(y), crRow(y));
  }
  if (isYcc && !isFused) convertAll(data, stride);
}

/** One row's YCbCr, luma in place and chroma from elsewhere, to RGB in place. */
function convertRow(row: Uint8Array, stride: number, width: number, cbs: Uint8Array, crs: Uint8Array): void {
  for (let x = 0, q = 0; x < width; x++, q += stride) {
    const y = row[q]!;
    const cb = cbs[x]!;
    const cr = crs[x]!;
    row[q] = clamped[y + redFromCr[cr]! + BELOW]!;
    row[q + 1] = clamped[y + ((greenFromCb[cb]! + greenFromCr[cr]!) >> 16) + BELOW]!;
    row[q + 2] = clamped[y + blueFromCb[cb]! + BELOW]!;
  }
}

function convertAll(data: Uint8Array, stride: number): void {
  for (let q = 0; q < data.length; q += stride) {
    const y = data[q]!;
    const cb = data[q + 1]!;
    const cr = data[q + 2]!;
    data[q] = clamped[y + redFromCr[cr]! + BELOW]!;
    data[q + 1] = clamped[y + ((greenFromCb[cb]! + greenFromCr[cr]!) >> 16) + BELOW]!;
    data[q + 2] = clamped[y + blueFromCb[cb]! + BELOW]!;
  }
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
const NARROWEST = 3;

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
  const isSmoothed = (ratioX === 2 && planeWidth >= NARROWEST) || (ratioX === 1 && ratioY === 2);
  if (!isSmoothed || ratioY > 2 || !Number.isInteger(ratioY)) return undefined;

  const plane = new Uint8Array(planeWidth * planeHeight);
  for (let y = 0, o = 0; y < planeHeight; y++) {
    let q = y * ratioY * width * stride + channel;
    for (let x = 0; x < planeWidth; x++, q += stride * ratioX) plane[o++] = data[q]!;
  }
  const row = new Uint8Array(planeWidth * ratioX);
  return (y) => {
    const near = (y / ratioY) | 0;
    const isLower = y % ratioY === 1;
    const far = Math.min(planeHeight - 1, Math.max(0, isLower ? near + 1 : near - 1));
    const nearAt = near * planeWidth;
    const farAt = far * planeWidth;
    if (ratioX === 1) smoothDown(plane, nearAt, farAt, isLower ? 2 : 1, row);
    else if (ratioY === 1) smoothAcross(plane, nearAt, planeWidth, row);
    else smoothBoth(plane, nearAt, farAt, planeWidth, row);
    return row;
  };
}

// All three weigh the nearer sample 3/4 in each direction and the farther 1/4, and repeat samples beyond the edges. The
// rounding alternates between neighbouring pixels, so that it adds no bias.

function smoothDown(plane: Uint8Array, nearAt: number, farAt: number, rounding: number, row: Uint8Array): void {
  for (let x = 0; x < row.length; x++) row[x] = (3 * plane[nearAt + x]! + plane[farAt + x]! + rounding) >> 2;
}

function smoothAcross(plane: Uint8Array, at: number, planeWidth: number, row: Uint8Array): void {
  let left = plane[at]!;
  let here = left;
  for (let x = 0; x < planeWidth; x++) {
    const right = x + 1 < planeWidth ? plane[at + x + 1]! : here;
    row[2 * x] = (3 * here + left + 1) >> 2;
    row[2 * x + 1] = (3 * here + right + 2) >> 2;
    left = here;
    here = right;
  }
}

function smoothBoth(plane: Uint8Array, nearAt: number, farAt: number, planeWidth: number, row: Uint8Array): void {
  let left = 3 * plane[nearAt]! + plane[farAt]!;
  let here = left;
  for (let x = 0; x < planeWidth; x++) {
    const right = x + 1 < planeWidth ? 3 * plane[nearAt + x + 1]! + plane[farAt + x + 1]! : here;
    row[2 * x] = (3 * here + left + 8) >> 4;
    row[2 * x + 1] = (3 * here + right + 7) >> 4;
    left = here;
    here = right;
  }
}
