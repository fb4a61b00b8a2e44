/**
 * Initial values by hand (torch.nn.init), written over a tensor in place: `model.apply((m) => { if (m instanceof Linear) …(m.weight) })`.
 * Each call draws from a stream of its own of the generator that manualSeed() resets. Fans are those of weights as they lie here:
 * outputs last, inputs before them, the window in front.
 */
import { newArray } from "../tensor/dtype.js";
import { generator, Random } from "../tensor/random.js";
import { showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError, UsageError } from "../util/errors.js";
import { orthonormalColumns } from "./orthonormal.js";

/** What is behind a layer, which its weights make up for. */
export type Nonlinearity = "linear" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

/** Of torch.nn.init.calculate_gain; `a` is the slope of a leaky ReLU below 0. */
const gains: { readonly [N in Nonlinearity]: (a: number) => number } = {
  linear: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (a) => Math.sqrt(2 / (1 + a ** 2)),
  selu: () => 3 / 4,
};

/** The factor by which `nonlinearity` shrinks what goes through it (torch.nn.init.calculate_gain). */
export function calculateGain(nonlinearity: Nonlinearity, a = 0.01): number {
  const gain = gains[nonlinearity];
  if (!gain)
    throw new UsageError(`calculateGain: nonlinearity is "${nonlinearity}", expected ${Object.keys(gains).join(", ")}`);
  return gain(a);
}

function fill(x: Tensor, draw: (random: Random) => number): Tensor {
  const { seed, stream } = generator.take();
  const random = new Random(seed, stream);
  const values = newArray(x.dtype, x.size);
  for (let i = 0; i < values.length; i++) values[i] = draw(random);
  return x.write(values);
}

/** Inputs that an output sums, and outputs that an input goes to. */
function fansOf(where: string, { shape }: Tensor): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2)
    throw new ShapeError(
      `${where}: ${showShape(shape)} has ${shape.length} axes, expected at least 2: inputs and outputs`,
    );
  const window = shape.slice(0, -2).reduce((size, side) => size * side, 1);
  return { fanIn: window * shape.at(-2)!, fanOut: window * shape.at(-1)! };
}

/** All values the same. */
export const constant = (x: Tensor, value: number): Tensor => x.write(newArray(x.dtype, x.size).fill(value));
/** All values 0. */
export const zeros = (x: Tensor): Tensor => constant(x, 0);
/** All values 1. */
export const ones = (x: Tensor): Tensor => constant(x, 1);

/** Uniform in low … high. */
export const uniform = (x: Tensor, low = 0, high = 1): Tensor =>
  fill(x, (random) => low + (high - low) * random.uniform());

/** Normal. */
export const normal = (x: Tensor, mean = 0, std = 1): Tensor => fill(x, (random) => mean + std * random.normal());

/** Normal, drawn again outside low … high. Throws UsageError unless low is below high and std above 0. */
export function truncNormal(x: Tensor, mean = 0, std = 1, low = -2, high = 2): Tensor {
  if (!(low < high && std > 0))
    throw new UsageError(`truncNormal: std ${std} within ${low} … ${high}, expected one above 0 and a range`);
  const [from, to] = [(low - mean) / std, (high - mean) / std];
  // the density is highest at the point of the range that is nearest to the mean
  const peak = Math.min(Math.max(0, from), to);
  // a normal draw seldom hits a narrow or far range, a uniform one seldom counts in a wide one
  const isWide = from < 0 && to > 0 && to - from > 2;
  return fill(x, (random) => {
    for (;;) {
      const z = isWide ? random.normal() : from + (to - from) * random.uniform();
      const isIn = isWide ? z >= from && z <= to : random.uniform() <= Math.exp((peak ** 2 - z ** 2) / 2);
      if (isIn) return mean + std * z;
    }
  });
}

/** Xavier and Glorot 2010: uniform within gain · √(6 / (fanIn + fanOut)). Throws ShapeError below two axes. */
export function xavierUniform(x: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = fansOf("xavierUniform", x);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform(x, -bound, bound);
}

/** Xavier and Glorot 2010: normal with deviation gain · √(2 / (fanIn + fanOut)). Throws ShapeError below two axes. */
export function xavierNormal(x: Tensor, gain = 1): Tensor {
  const { fanIn, fanOut } = fansOf("xavierNormal", x);
  return normal(x, 0, gain * Math.sqrt(2 / (fanIn + fanOut)));
}

/** Which of a weight's fans Kaiming's rule keeps level, and what is behind the layer. */
export interface KaimingOptions {
  /** Slope of the leaky ReLU below 0. Default 0. */
  readonly a?: number;
  /** Default "fanIn", which keeps the variance forward; "fanOut" backward. */
  readonly mode?: "fanIn" | "fanOut";
  /** Default "leakyRelu". */
  readonly nonlinearity?: Nonlinearity;
}

function kaimingStd(where: string, x: Tensor, { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" }: KaimingOptions) {
  return calculateGain(nonlinearity, a) / Math.sqrt(fansOf(where, x)[mode]);
}

/** He et al. 2015: uniform within gain · √(3 / fan). Throws ShapeError below two axes. */
export function kaimingUniform(x: Tensor, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingStd("kaimingUniform", x, options);
  return uniform(x, -bound, bound);
}

/**
 * He et al. 2015: normal with deviation gain / √fan. Throws ShapeError below two axes.
 *
 * @example
 * ```ts
 * const model = new nn.Sequential(new nn.Conv2d(3, 8, { kernelSize: 3 }), new nn.ReLU());
 * model.apply((m) => {
 *   if (m instanceof nn.Conv2d) nn.init.kaimingNormal(m.weight, { mode: "fanOut", nonlinearity: "relu" });
 * });
 * ```
 */
export const kaimingNormal = (x: Tensor, options: KaimingOptions = {}): Tensor =>
  normal(x, 0, kaimingStd("kaimingNormal", x, options));

/**
 * Saxe et al. 2013: as a matrix of [window · inputs, outputs] its columns, or its rows where these are fewer, are orthogonal and
 * `gain` long. Throws ShapeError below two axes.
 */
export function orthogonal(x: Tensor, gain = 1): Tensor {
  fansOf("orthogonal", x);
  const outputs = x.shape.at(-1)!;
  const inputs = outputs === 0 ? 0 : x.size / outputs;
  const { seed, stream } = generator.take();
  const random = new Random(seed, stream);
  const [long, short] = [Math.max(inputs, outputs), Math.min(inputs, outputs)];
  const columns = orthonormalColumns(
    Array.from({ length: short }, () => Float64Array.from({ length: long }, () => random.normal())),
  );
  const at = (input: number, output: number) =>
    inputs >= outputs ? columns[output]![input]! : columns[input]![output]!;
  const values = newArray(x.dtype, x.size);
  for (let i = 0; i < values.length; i++) values[i] = gain * at(Math.floor(i / outputs), i % outputs);
  return x.write(values);
}
