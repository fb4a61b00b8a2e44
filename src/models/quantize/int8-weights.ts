/**
 * The weights of a product in int8: a scale for each output channel, no zero point; and its bias in int32, whose scale is that of the
 * input times that of the weights.
 */
import { roundHalfEven } from "../../io/float16.js";

export interface Int8Weights {
  /** −127 to 127, in the order of the file: output channels first. */
  readonly values: Int8Array;
  /** By output channel; float32. */
  readonly scales: Float32Array;
  readonly bias: Int32Array | null;
}

const LARGEST = 127;
/** Of a bias: room for the sum that it begins. */
const LARGEST_BIAS = 2 ** 30;

/**
 * `weight` [channels, …] by the largest size of each channel. A channel whose bias would not fit into int32, such as one of zeros,
 * has the scale that its bias needs.
 */
export function quantizeWeights(
  weight: Float32Array,
  channels: number,
  bias: Float32Array | null,
  inputScale: number,
): Int8Weights {
  const each = weight.length / channels;
  const scales = new Float32Array(channels);
  const values = new Int8Array(weight.length);
  for (let c = 0; c < channels; c++) {
    let largest = 0;
    for (let i = c * each; i < (c + 1) * each; i++) largest = Math.max(largest, Math.abs(weight[i]!));
    const wanted = Math.max(largest / LARGEST, Math.abs(bias?.[c] ?? 0) / (inputScale * LARGEST_BIAS));
    scales[c] = wanted > 0 ? wanted : 1;
    for (let i = c * each; i < (c + 1) * each; i++) values[i] = roundHalfEven(weight[i]! / scales[c]!);
  }
  return {
    values,
    scales,
    bias: bias && Int32Array.from(bias, (b, c) => roundHalfEven(b / (inputScale * scales[c]!))),
  };
}

/** What int8 leaves of the weights. */
export function roundedWeights(weight: Float32Array, channels: number): Float32Array {
  const { values, scales } = quantizeWeights(weight, channels, null, 1);
  const each = weight.length / channels;
  return Float32Array.from(values, (value, i) => value * scales[Math.floor(i / each)]!);
}
