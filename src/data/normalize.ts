/**
 * From bytes to what a network eats: (x - mean) / std per channel, in units of 0..255. Meant for small jobs and tests;
 * a training step may do the same inside the engine instead and keep its batches as bytes until then.
 */
import { DataError } from "../util/errors.js";

/** Per-channel mean of ImageNet, red green blue, in 0..255 (mmpretrain's data preprocessor). */
export const imagenetMean: readonly [number, number, number] = [123.675, 116.28, 103.53];
/** Per-channel standard deviation of ImageNet, red green blue, in 0..255. */
export const imagenetStd: readonly [number, number, number] = [58.395, 57.12, 57.375];

/** Writes (source - mean) / std: uint8 [..., 3] -> float32 [..., 3]; throws DataError if the lengths differ. */
export function normalizeInto(
  source: Uint8Array,
  target: Float32Array,
  mean: readonly number[] = imagenetMean,
  std: readonly number[] = imagenetStd,
): Float32Array {
  if (source.length !== target.length || source.length % 3 !== 0) {
    throw new DataError(
      `normalizeInto: source has ${source.length} samples, target ${target.length}; expected equal multiples of 3`,
    );
  }
  // 256 possible inputs per channel: one table each, rounded to float32 once.
  const tables = [0, 1, 2].map((c) => Float32Array.from({ length: 256 }, (_, v) => (v - mean[c]!) / std[c]!));
  const [red, green, blue] = tables as [Float32Array, Float32Array, Float32Array];
  for (let i = 0; i < source.length; i += 3) {
    target[i] = red[source[i]!]!;
    target[i + 1] = green[source[i + 1]!]!;
    target[i + 2] = blue[source[i + 2]!]!;
  }
  return target;
}
