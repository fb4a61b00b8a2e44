/**
 * From bytes to what a network eats: (x - mean) / std per channel, in units of 0..255. Meant for small jobs and tests;
 * a training step may do the same inside the engine instead and keep its batches as bytes until then.
 */
import { tensor } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { DataError } from "../../util/errors.js";
import type { Image } from "../codecs/image.js";

/** Per-channel mean of ImageNet, red green blue, in 0..255 (mmpretrain's data preprocessor). */
export const imagenetMean: readonly [number, number, number] = [123.675, 116.28, 103.53];
/** Per-channel standard deviation of ImageNet, red green blue, in 0..255. */
export const imagenetStd: readonly [number, number, number] = [58.395, 57.12, 57.375];

/** What each byte becomes, [3, 256]: (v - mean) / std per channel, rounded to float32 once. */
export const normalizationTable = (
  mean: readonly number[] = imagenetMean,
  std: readonly number[] = imagenetStd,
): Float32Array => Float32Array.from({ length: 3 * 256 }, (_, i) => ((i & 255) - mean[i >> 8]!) / std[i >> 8]!);

/** Writes (source - mean) / std: uint8 [..., 3] -> float32 [..., 3]; throws DataError if the lengths differ. */
export function normalizeInto(
  source: Uint8Array,
  target: Float32Array,
  mean: readonly number[] = imagenetMean,
  std: readonly number[] = imagenetStd,
): Float32Array {
  if (source.length !== target.length || source.length % 3 !== 0)
    throw new DataError(
      `normalizeInto: source has ${source.length} samples, target ${target.length}; expected equal multiples of 3`,
    );
  const table = normalizationTable(mean, std);
  const [red, green, blue] = [table.subarray(0, 256), table.subarray(256, 512), table.subarray(512)];
  for (let i = 0; i < source.length; i += 3) {
    target[i] = red[source[i]!]!;
    target[i + 1] = green[source[i + 1]!]!;
    target[i + 2] = blue[source[i + 2]!]!;
  }
  return target;
}

/** Per channel, red green blue, in 0..255. */
export interface NormalizeOptions {
  /** Default: ImageNet's. */
  readonly mean?: readonly number[];
  /** Default: ImageNet's. */
  readonly std?: readonly number[];
}

/** Throws DataError for numbers that cannot be meant. */
export function expectChannels(where: string, { mean = imagenetMean, std = imagenetStd }: NormalizeOptions): void {
  for (const [name, values] of [
    ["mean", mean],
    ["std", std],
  ] as const)
    if (values.length !== 3 || !values.every(Number.isFinite))
      throw new DataError(`${where}: ${name} [${values.join(", ")}], expected a number for each of 3 channels`);
  if (std.every((value) => value >= 1)) return;
  throw new DataError(
    `${where}: std [${std.join(", ")}], expected units of 0..255`,
    "torchvision's are of 0..1: multiply mean and std by 255",
  );
}

/**
 * (pixels - mean) / std per channel, in units of 0..255: a picture -> float32 [H, W, 3], pictures of one size -> [N, H, W, 3].
 * Throws DataError for pictures of different sizes, and for mean and std in units of 0..1.
 *
 * @example
 * <!-- test: given picture from test/docs/given/images.ts -->
 * ```ts
 * const image = await readImage(picture);
 * console.log(normalize([image, image]).shape); // [2, 32, 32, 3]
 * ```
 */
export function normalize(picture: Image | readonly Image[], options: NormalizeOptions = {}): Tensor {
  expectChannels("normalize", options);
  const { mean, std } = options;
  const isOne = !Array.isArray(picture);
  const images = (isOne ? [picture] : picture) as readonly Image[];
  const [first] = images;
  if (!first) throw new DataError("normalize: no pictures, expected at least one");
  const { width, height } = first;
  const odd = images.find((image) => image.width !== width || image.height !== height);
  if (odd)
    throw new DataError(
      `normalize: pictures of ${width}x${height} and ${odd.width}x${odd.height}, expected one size`,
      "evalTransform({ imageSize }) ends with a crop to one size",
    );
  const size = width * height * 3;
  const values = new Float32Array(images.length * size);
  images.forEach(({ data }, i) => {
    normalizeInto(data, values.subarray(i * size, (i + 1) * size), mean, std);
  });
  return tensor(values, [...(isOne ? [] : [images.length]), height, width, 3]);
}
