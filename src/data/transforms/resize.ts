/**
 * Pillow's 8-bit resize, sample for sample: separable, horizontal pass first into 8 bits, then vertical, 22-bit fixed-point
 * weights; a pass whose size does not change is skipped. A region can be resized without copying it out first.
 * Not cv2's or torch's interpolation: those do not widen the filter when shrinking, and use another bicubic constant.
 */
import { DataError } from "../../util/errors.js";
import { type Box, createImage, crop, type Image } from "../codecs/image.js";

/** Names of the resampling filters. */
export type FilterName = "box" | "bilinear" | "bicubic" | "lanczos";

interface Filter {
  /** Half width, in source pixels when enlarging. */
  readonly support: number;
  readonly weight: (x: number) => number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));
const BICUBIC_A = -0.5;

const filters: { readonly [K in FilterName]: Filter } = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weight: (signed) => {
      const x = Math.abs(signed);
      if (x < 1) return ((BICUBIC_A + 2) * x - (BICUBIC_A + 3)) * x * x + 1;
      if (x < 2) return (((x - 5) * x + 8) * x - 4) * BICUBIC_A;
      return 0;
    },
  },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Which source samples make each output sample, and with which weights. */
interface Taps {
  /** First source index of each output. */
  readonly first: Int32Array;
  /** Number of source samples of each output. */
  readonly count: Int32Array;
  /** `stride` weights per output, scaled by 2^22. */
  readonly weights: Int32Array;
  readonly stride: number;
}

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

function computeTaps(inSize: number, outSize: number, filter: Filter): Taps {
  const scale = inSize / outSize;
  const filterScale = Math.max(scale, 1);
  const support = filter.support * filterScale;
  const inverse = 1 / filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const taps: Taps = {
    first: new Int32Array(outSize),
    count: new Int32Array(outSize),
    weights: new Int32Array(outSize * stride),
    stride,
  };
  const raw = new Float64Array(stride);
  for (let o = 0; o < outSize; o++) {
    const center = (o + 0.5) * scale;
    const low = Math.max(0, Math.trunc(center - support + 0.5));
    const high = Math.min(inSize, Math.trunc(center + support + 0.5));
    let sum = 0;
    for (let x = low; x < high; x++) {
      const weight = filter.weight((x - center + 0.5) * inverse);
      raw[x - low] = weight;
      sum += weight;
    }
    for (let i = 0; i < high - low; i++) {
      const fixed = (sum === 0 ? raw[i]! : raw[i]! / sum) * (1 << PRECISION_BITS);
      taps.weights[o * stride + i] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    taps.first[o] = low;
    taps.count[o] = high - low;
  }
  return taps;
}

/** Random crops ask for a few hundred widths; beyond this the oldest table goes. */
const CACHED_TABLES = 1024;
const tapsCache = new Map<string, Taps>();

function tapsFor(inSize: number, outSize: number, filter: FilterName): Taps {
  const key = `${filter} ${inSize} ${outSize}`;
  const cached = tapsCache.get(key);
  if (cached !== undefined) return cached;
  const taps = computeTaps(inSize, outSize, filters[filter]);
  if (tapsCache.size >= CACHED_TABLES) tapsCache.delete(tapsCache.keys().next().value!);
  tapsCache.set(key, taps);
  return taps;
}

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

  let source = image.data;
  let offset = (box.top * image.width + box.left) * 3;
  let rowBytes = image.width * 3;
  if (box.width !== width) {
    const needsVertical = box.height !== height;
    if (needsVertical && between.length < width * box.height * 3) between = new Uint8Array(width * box.height * 3);
    const target = needsVertical ? between : data;
    resizeRows(source, offset, rowBytes, tapsFor(box.width, width, filter), clamped(target), width, box.height);
    source = target;
    offset = 0;
    rowBytes = width * 3;
  }
  if (box.height !== height) {
    resizeColumns(source, offset, rowBytes, tapsFor(box.height, height, filter), clamped(data), width * 3, height);
  }
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
