/**
 * Pillow's enhancements: a picture blended with a poorer version of itself, in float32, cut to 0..255 and truncated. Sample
 * for sample those of Pillow 9.4 (ImageEnhance, Blend.c), which torchvision's adjust functions call; photometric.ts has OpenCV's
 * for RandAugment, which round otherwise. All change the picture in place and return it.
 */
import type { Image } from "../codecs/image.js";

/** Pillow's grey of 16 bits: shares of red, green, blue (ITU-R 601-2). */
const [redShare, greenShare, blueShare, shareBits] = [19595, 38470, 7471, 16];

const greyOf = (red: number, green: number, blue: number): number =>
  (red * redShare + green * greenShare + blue * blueShare + (1 << (shareBits - 1))) >> shareBits;

const LARGEST = 255;

/** What `factor` makes of each difference from -255 to 255, in float32. */
function scaledDifferences(factor: number): Float32Array {
  const share = Math.fround(factor);
  return Float32Array.from({ length: 2 * LARGEST + 1 }, (_, i) => share * (i - LARGEST));
}

/** poor + factor · (level − poor), one rounding to float32 a step. */
function blended(level: number, poor: number, scaled: Float32Array): number {
  const value = Math.fround(poor + scaled[level - poor + LARGEST]!);
  return value <= 0 ? 0 : value >= LARGEST ? LARGEST : Math.trunc(value);
}

/** Blends every sample with one level. */
function blendWithLevel(image: Image, poor: number, factor: number): Image {
  const scaled = scaledDifferences(factor);
  const table = Uint8Array.from({ length: LARGEST + 1 }, (_, level) => blended(level, poor, scaled));
  const { data } = image;
  for (let i = 0; i < data.length; i++) data[i] = table[data[i]!]!;
  return image;
}

/** Black where `factor` is 0, the picture at 1, lighter beyond. */
export const adjustBrightness = (image: Image, factor: number): Image => blendWithLevel(image, 0, factor);

/** The picture's mean grey where `factor` is 0, the picture at 1, more contrast beyond. */
export function adjustContrast(image: Image, factor: number): Image {
  const { data } = image;
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) sum += greyOf(data[i]!, data[i + 1]!, data[i + 2]!);
  return blendWithLevel(image, Math.trunc(sum / (data.length / 3) + 0.5), factor);
}

/** Each pixel's grey where `factor` is 0, the picture at 1, stronger colours beyond. */
export function adjustSaturation(image: Image, factor: number): Image {
  const scaled = scaledDifferences(factor);
  const { data } = image;
  for (let i = 0; i < data.length; i += 3) {
    const grey = greyOf(data[i]!, data[i + 1]!, data[i + 2]!);
    data[i] = blended(data[i]!, grey, scaled);
    data[i + 1] = blended(data[i + 1]!, grey, scaled);
    data[i + 2] = blended(data[i + 2]!, grey, scaled);
  }
  return image;
}

/** Sum of the smoothing kernel: ones around a five. Odd, so that no sum lies halfway and any rounding gives Pillow's. */
const KERNEL_SUM = 13;
const smoothed = Uint8Array.from({ length: LARGEST * KERNEL_SUM + 1 }, (_, sum) => Math.round(sum / KERNEL_SUM));

/** Smoothed by its neighbours where `factor` is 0, the picture at 1, sharper beyond; pixels of the border stay. */
export function adjustSharpness(image: Image, factor: number): Image {
  const { width, height, data } = image;
  const scaled = scaledDifferences(factor);
  const source = data.slice();
  const row = width * 3;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * row + 3; i < (y + 1) * row - 3; i++) {
      const level = source[i]!;
      const sum =
        source[i - row - 3]! +
        source[i - row]! +
        source[i - row + 3]! +
        source[i - 3]! +
        5 * level +
        source[i + 3]! +
        source[i + row - 3]! +
        source[i + row]! +
        source[i + row + 3]!;
      data[i] = blended(level, smoothed[sum]!, scaled);
    }
  }
  return image;
}
