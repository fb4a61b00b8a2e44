/** Deterministic numbers for a case's inputs, and how two results are compared. */
import { type DType, type ElementArray, isFloat, newArray, type TypedArray } from "../../src/tensor/dtype.js";
import { Random } from "../../src/tensor/random.js";
import { sizeOf } from "../../src/tensor/shape.js";
import { dtypeOfInput, type Input } from "./cases/index.js";

/** Values of one input; the same for every backend. */
export function valuesOf(input: Input, seed: number, float: DType): TypedArray {
  const random = new Random(seed);
  const size = sizeOf(input.shape);
  const dtype = dtypeOfInput(input, float);
  const values = newArray(dtype === "int64" ? "float64" : dtype, size);
  const { fill } = input;
  if (typeof fill === "object" && "values" in fill) {
    // the shape may be an emptied one
    values.set(fill.values.slice(0, size));
    return values;
  }
  const order = fill === "distinct" ? shuffled(size, random) : [];
  for (let i = 0; i < size; i++) {
    if (fill === "normal") values[i] = random.normal();
    else if (fill === "far") values[i] = 100 + random.normal();
    else if (fill === "covariance") break;
    else if (fill === "tails") values[i] = tail(values, random);
    else if (fill === "positive") values[i] = 0.5 + 1.5 * random.uniform();
    else if (fill === "inside") values[i] = 1.8 * random.uniform() - 0.9;
    else if (fill === "aboveOne") values[i] = 1.5 * (1 + random.uniform());
    else if (fill === "mask") values[i] = random.uniform() < 0.5 ? 0 : 1;
    // a third of a step off, so that no value is 0 or meets its neighbour, here or in another input
    else if (fill === "distinct") values[i] = ((order[i]! + 0.3) * 8) / size - 4 + (seed % 7) / (16 * size);
    else values[i] = random.next32() % fill.indicesBelow;
  }
  if (fill === "covariance") writeCovariances(values, input.shape.at(-1)!, random);
  return heldAs(values, dtype);
}

/** Numbers drawn for int64 as its array holds them. */
const heldAs = (values: TypedArray, dtype: DType): TypedArray =>
  dtype === "int64" ? (BigInt64Array.from(values, (v) => BigInt(Math.trunc(v))) as ElementArray as TypedArray) : values;

/** Values for a case of any dtype: integers as `integer` draws them, floats as valuesOf(). */
export function valuesOfDType(
  input: Input,
  seed: number,
  dtype: DType,
  integer: (random: Random) => number,
): TypedArray {
  if (isFloat(dtype) || typeof input.fill === "object" || input.dtype) return valuesOf(input, seed, dtype);
  const random = new Random(seed);
  const values = newArray(dtype === "int64" ? "float64" : dtype, sizeOf(input.shape));
  for (let i = 0; i < values.length; i++) values[i] = input.fill === "mask" ? random.next32() % 2 : integer(random);
  return heldAs(values, dtype);
}

const specials = [0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.5, -20, 88, -104];
const ends = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 46341, 65536, 255, 128];
/** The exponents of a float type, from the smallest denormal number to the largest. */
const exponents = { float32: [-149, 127], float64: [-1074, 1023] } as const;

/** One of a quarter of special numbers; the others have any exponent, or, half of them, one around 0. */
function tail(of: TypedArray, random: Random): number {
  const isFloat = of instanceof Float32Array || of instanceof Float64Array;
  const list = isFloat ? specials : ends;
  if (random.uniform() < 0.25) return list[random.next32() % list.length]!;
  if (!isFloat) return random.next32() | 0;
  const [least, most] =
    random.uniform() < 0.5 ? [-8, 8] : exponents[of instanceof Float32Array ? "float32" : "float64"];
  const exponent = least + (random.next32() % (most - least + 1));
  return (random.uniform() < 0.5 ? -1 : 1) * (1 + random.uniform()) * 2 ** exponent;
}

/** I + u uᵀ, with a random u for each matrix. */
function writeCovariances(values: TypedArray, k: number, random: Random): void {
  for (let first = 0; first < values.length; first += k * k) {
    const u = Array.from({ length: k }, () => random.normal());
    for (let i = 0; i < k; i++)
      for (let j = 0; j < k; j++) values[first + i * k + j] = u[i]! * u[j]! + (i === j ? 1 : 0);
  }
}

function shuffled(size: number, random: Random): number[] {
  const order = Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = random.next32() % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** |actual − expected| / |expected|, as Euclidean norms over all elements. */
export function relativeError(actual: TypedArray, expected: TypedArray): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += Number(actual[i]! - expected[i]!) ** 2;
    norm += Number(expected[i]!) ** 2;
  }
  return Math.sqrt(difference) / Math.max(Math.sqrt(norm), 1e-12);
}
