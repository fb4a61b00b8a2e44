/**
 * From bytes to what a network eats: (x - mean) / std per channel, in units of 0..255. Meant for small jobs and tests;
 * a training step may do the same inside the engine instead and keep its batches as bytes until then.
 */
import { DataError } from "../../util/errors.js";

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
