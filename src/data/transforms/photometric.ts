/**
 * Operations on levels: tables of 256 entries, and blends of a picture with a poorer version of itself. They give the
 * pixels of the reference (mmcv 2.0 over numpy and OpenCV 4.6), which truncates where it blends in float32 and rounds where
 * it blends bytes. All change the picture in place and return it.
 */
import type { Image } from "../codecs/image.js";
import { roundHalfEven } from "./round.js";

type Table = ArrayLike<number>;

/** OpenCV's grey of 15 bits: shares of red, green, blue. */
const [redShare, greenShare, blueShare, shareBits] = [9798, 19235, 3735, 15];

function greyOf(red: number, green: number, blue: number): number {
  return (red * redShare + green * greenShare + blue * blueShare + (1 << (shareBits - 1))) >> shareBits;
}

const clamped = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);

/** 256 levels from a function of the level, cut to 0..255 and truncated. */
function levels(of: (level: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, level) => Math.trunc(clamped(of(level))));
}

/** Replaces every level by the entry of its channel's table. */
function look(image: Image, red: Table, green: Table = red, blue: Table = red): Image {
  const { data } = image;
  for (let i = 0; i < data.length; i += 3) {
    data[i] = red[data[i]!]!;
    data[i + 1] = green[data[i + 1]!]!;
    data[i + 2] = blue[data[i + 2]!]!;
  }
  return image;
}

/** One table per channel, made from how often each level occurs there. */
function lookByHistogram(image: Image, tableOf: (histogram: Uint32Array) => Table): Image {
  const { data } = image;
  const histograms = [0, 1, 2].map(() => new Uint32Array(256)) as [Uint32Array, Uint32Array, Uint32Array];
  const [red, green, blue] = histograms;
  for (let i = 0; i < data.length; i += 3) {
    red[data[i]!]!++;
    green[data[i + 1]!]!++;
    blue[data[i + 2]!]!++;
  }
  return look(image, tableOf(red), tableOf(green), tableOf(blue));
}

const identity = levels((level) => level);
const inverse = levels((level) => 255 - level);

/** Stretches each channel from its darkest..lightest to 0..255. */
export function autoContrast(image: Image): Image {
  return lookByHistogram(image, (histogram) => {
    const low = histogram.findIndex((count) => count > 0);
    const high = histogram.findLastIndex((count) => count > 0);
    if (low >= high) return identity;
    const scale = 255 / (high - low);
    const offset = -low * scale;
    return levels((level) => level * scale + offset);
  });
}

/** Spreads each channel's levels so that all occur about equally often. */
export function equalize(image: Image): Image {
  return lookByHistogram(image, (histogram) => {
    const total = histogram.reduce((sum, count) => sum + count, 0);
    const lightest = histogram.findLast((count) => count > 0) ?? 0;
    const step = Math.floor((total - lightest) / 255);
    if (step === 0) return identity;
    let below = Math.floor(step / 2);
    return levels((level) => {
      const entry = level === 0 ? 0 : Math.floor(below / step);
      below += histogram[level]!;
      return entry;
    });
  });
}

/** 255 - level. */
export function invert(image: Image): Image {
  return look(image, inverse);
}

/** Keeps the highest bits of each level: ceil(`bits`) of 8. */
export function posterize(image: Image, bits: number): Image {
  const shift = 8 - Math.ceil(bits);
  return look(
    image,
    levels((level) => (level >> shift) << shift),
  );
}

/** Inverts levels from `threshold` on. */
export function solarize(image: Image, threshold: number): Image {
  return look(
    image,
    levels((level) => (level < threshold ? level : 255 - level)),
  );
}

/** Lightens the darker half of the levels by `amount`. */
export function solarizeAdd(image: Image, amount: number): Image {
  return look(
    image,
    levels((level) => (level < 128 ? level + amount : level)),
  );
}

/** OpenCV's blend of float32 pictures: weighed in float64, rounded to float32 once. */
function blend(level: number, other: number, factor: number): number {
  return Math.fround(level * factor + other * (1 - factor));
}

/** Black where `factor` is 0, the picture at 1, lighter beyond. */
export function brightness(image: Image, factor: number): Image {
  return look(
    image,
    levels((level) => blend(level, 0, factor)),
  );
}

/** The picture's mean grey where `factor` is 0, the picture at 1, more contrast beyond. */
export function contrast(image: Image, factor: number): Image {
  const { data } = image;
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) sum += greyOf(data[i]!, data[i + 1]!, data[i + 2]!);
  const mean = roundHalfEven(sum / (data.length / 3));
  return look(
    image,
    levels((level) => blend(level, mean, factor)),
  );
}

/** Each pixel's grey where `factor` is 0, the picture at 1, stronger colours beyond; rounded, not truncated. */
export function color(image: Image, factor: number): Image {
  const { data } = image;
  // OpenCV blends bytes in float32 with one rounding after a fused multiply-add
  const share = Math.fround(factor);
  const grey = Float32Array.from({ length: 256 }, (_, level) => level * Math.fround(1 - factor));
  // its stores cut to 0..255 and round halves to even
  const out = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < data.length; i += 3) {
    const red = data[i]!;
    const green = data[i + 1]!;
    const blue = data[i + 2]!;
    const other = grey[greyOf(red, green, blue)]!;
    out[i] = Math.fround(red * share + other);
    out[i + 1] = Math.fround(green * share + other);
    out[i + 2] = Math.fround(blue * share + other);
  }
  return image;
}

/** Sum of the smoothing kernel: ones around a five. */
const KERNEL_SUM = 13;
const smoothed = Uint8Array.from({ length: 255 * KERNEL_SUM + 1 }, (_, sum) => Math.round(sum / KERNEL_SUM));

/** Smoothed by its neighbours where `factor` is 0, the picture at 1, sharper beyond; borders are mirrored. */
export function sharpness(image: Image, factor: number): Image {
  const { width, height, data } = image;
  const source = data.slice();
  const rowBytes = width * 3;
  const own = Float64Array.from({ length: 256 }, (_, level) => level * factor);
  const other = Float64Array.from({ length: 256 }, (_, level) => level * (1 - factor));
  const lastX = rowBytes - 3;
  for (let y = 0; y < height; y++) {
    const row = y * rowBytes;
    const above = mirrored(y - 1, height) * rowBytes;
    const below = mirrored(y + 1, height) * rowBytes;
    for (let x = 0; x < rowBytes; x++) {
      const isEdge = x < 3 || x >= lastX;
      const left = isEdge ? mirrored(Math.floor(x / 3) - 1, width) * 3 + (x % 3) : x - 3;
      const right = isEdge ? mirrored(Math.floor(x / 3) + 1, width) * 3 + (x % 3) : x + 3;
      const level = source[row + x]!;
      const sum =
        source[above + left]! +
        source[above + x]! +
        source[above + right]! +
        source[row + left]! +
        5 * level +
        source[row + right]! +
        source[below + left]! +
        source[below + x]! +
        source[below + right]!;
      data[row + x] = clamped(Math.fround(own[level]! + other[smoothed[sum]!]!));
    }
  }
  return image;
}

/** A position just outside, seen in a mirror that stands on the border pixel. */
function mirrored(i: number, size: number): number {
  if (size === 1) return 0;
  return i < 0 ? -i : i >= size ? 2 * size - 2 - i : i;
}
