/**
 * Pillow's 8-bit resize, sample for sample: separable, horizontal pass first into 8 bits, then vertical, 22-bit fixed-point
 * weights; a pass whose size does not change is skipped. A region can be resized without copying it out first.
 * Not cv2's or torch's interpolation: those do not widen the filter when shrinking, and use another bicubic constant.
 */
import { DataError } from "../../util/errors.js";
import { type Box, createImage, crop, type Image } from "../codecs/image.js";
import { resizeSimd } from "./resize-simd.js";
import { type FilterName, HALF, PRECISION_BITS, type Taps, tapsFor } from "./resize-taps.js";

export type { FilterName } from "./resize-taps.js";

/** The 8-bit picture between the passes; kept, and grown when needed. */
let between = new Uint8Array(0);

/** What to resize to, and from where. */
export interface ResizeOptions {
  readonly width: number;
  readonly height: number;
  readonly filter?: FilterName;
  /** Take only this region of the source: the same as cropping first. Default: the whole picture. */
  readonly box?: Box;
  /** Write here (width * height * 3 bytes) instead of into a fresh array. */
  readonly into?: Uint8Array;
}

/**
 * Resizes like Pillow's `Image.resize` of the cropped region; a source that already has the size is copied.
 * Throws DataError for an empty size or a box outside the picture. Filter formulas: Pillow, src/libImaging/Resample.c.
 */
export function resize(image: Image, options: ResizeOptions): Image {
  const { width, height, filter = "bilinear" } = options;
  const box = options.box ?? { left: 0, top: 0, width: image.width, height: image.height };
  checkSizes(image, box, width, height);
  const data = options.into ?? new Uint8Array(width * height * 3);
  if (box.width === width && box.height === height) return crop(image, box, data);

  const across = box.width === width ? null : tapsFor(box.width, width, filter);
  const down = box.height === height ? null : tapsFor(box.height, height, filter);
  if (resizeSimd(image, box, { width, height, across, down }, data)) return createImage(width, height, data);

  let source = image.data;
  let offset = (box.top * image.width + box.left) * 3;
  let rowBytes = image.width * 3;
  if (across) {
    const needsVertical = down !== null;
    if (needsVertical && between.length < width * box.height * 3) between = new Uint8Array(width * box.height * 3);
    const target = needsVertical ? between : data;
    resizeRows(source, offset, rowBytes, across, clamped(target), width, box.height);
    source = target;
    offset = 0;
    rowBytes = width * 3;
  }
  if (down) resizeColumns(source, offset, rowBytes, down, clamped(data), width * 3, height);
  return createImage(width, height, data);
}

function checkSizes(image: Image, box: Box, width: number, height: number): void {
  if (!(width >= 1 && height >= 1)) throw new DataError(`resize: asked for ${width}x${height}, expected at least 1x1`);
  const fits = box.left >= 0 && box.top >= 0 && box.width >= 1 && box.height >= 1;
  if (!fits || box.left + box.width > image.width || box.top + box.height > image.height)
    throw new DataError(
      `resize: box ${box.width}x${box.height} at (${box.left}, ${box.top}) is not inside the ${image.width}x${image.height} picture`,
    );
}

/** The same bytes, stored to with clamping to 0..255: cubic and Lanczos weights overshoot. */
function clamped(bytes: Uint8Array): Uint8ClampedArray {
  return new Uint8ClampedArray(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Horizontal pass: source rows at `offset`, `rowBytes` apart -> target [height, width, 3]. */
function resizeRows(
  source: Uint8Array,
  offset: number,
  rowBytes: number,
  taps: Taps,
  target: Uint8ClampedArray,
  width: number,
  height: number,
): void {
  const { first, count, weights, stride } = taps;
  let q = 0;
  for (let y = 0; y < height; y++) {
    const row = offset + y * rowBytes;
    for (let x = 0; x < width; x++, q += 3) {
      let r = HALF;
      let g = HALF;
      let b = HALF;
      let p = row + first[x]! * 3;
      const start = x * stride;
      const end = start + count[x]!;
      for (let i = start; i < end; i++, p += 3) {
        const weight = weights[i]!;
        r = (r + Math.imul(source[p]!, weight)) | 0;
        g = (g + Math.imul(source[p + 1]!, weight)) | 0;
        b = (b + Math.imul(source[p + 2]!, weight)) | 0;
      }
      target[q] = r >> PRECISION_BITS;
      target[q + 1] = g >> PRECISION_BITS;
      target[q + 2] = b >> PRECISION_BITS;
    }
  }
}

/** Vertical pass over rows of `samples` bytes: the samples of one output row share their weights. */
function resizeColumns(
  source: Uint8Array,
  offset: number,
  rowBytes: number,
  taps: Taps,
  target: Uint8ClampedArray,
  samples: number,
  height: number,
): void {
  const { first, count, weights, stride } = taps;
  for (let y = 0; y < height; y++) {
    const start = y * stride;
    const end = start + count[y]!;
    const top = offset + first[y]! * rowBytes;
    const q = y * samples;
    for (let x = 0; x < samples; x++) {
      let sum = HALF;
      let p = top + x;
      for (let i = start; i < end; i++, p += rowBytes) sum = (sum + Math.imul(source[p]!, weights[i]!)) | 0;
      target[q + x] = sum >> PRECISION_BITS;
    }
  }
}
