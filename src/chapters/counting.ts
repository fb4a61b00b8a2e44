/**
 * How often values occur. The size of a result that depends on values is known once they are read: those functions are
 * asynchronous.
 */

import {
  add,
  cast,
  div,
  equal,
  floor,
  greaterEqual,
  lessEqual,
  minimum,
  mul,
  sub,
  where,
} from "../ops/functional/elementwise.js";
import { reshape } from "../ops/functional/movement.js";
import { max, min } from "../ops/functional/reductions.js";
import { slice } from "../ops/functional/slicing.js";
import { allocate } from "../tensor/create.js";
import { isFloat, newArray } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { DTypeError, ShapeError } from "../util/errors.js";
import { apply } from "./indexing-ops.js";

/** What unique() found. */
export interface Unique {
  /** Every value once, in ascending order, [n]; NaN last, each by itself as in PyTorch. */
  readonly values: Tensor;
  /** int32, of x's shape: which of the values an element is. */
  readonly inverse: Tensor;
  /** int32 [n]: how often each occurs. */
  readonly counts: Tensor;
}

/**
 * The values that occur in x, in order, which of them each element is, and how often each occurs (torch.unique). Reads x.
 *
 * @example
 * ```ts
 * const { values, counts } = await unique(tensor([2, 1, 2]));
 * console.log(values.toArray(), counts.toArray()); // [1, 2] [1, 2]
 * ```
 */
export async function unique(x: Tensor): Promise<Unique> {
  const data = await x.data();
  const order = Int32Array.from({ length: data.length }, (_, i) => i).sort((i, j) => {
    const [a, b] = [data[i]!, data[j]!];
    return a < b ? -1 : a > b ? 1 : Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  });
  const values: number[] = [];
  const counts: number[] = [];
  const inverse = new Int32Array(data.length);
  for (const i of order) {
    if (values.length === 0 || data[i] !== values.at(-1)) {
      values.push(data[i]!);
      counts.push(0);
    }
    inverse[i] = values.length - 1;
    counts[counts.length - 1]!++;
  }
  const { backend } = x.storage;
  const held = newArray(x.dtype, values.length);
  held.set(values);
  return {
    values: allocate([values.length], x.dtype, backend).write(held),
    inverse: allocate(x.shape, "int32", backend).write(inverse),
    counts: allocate([counts.length], "int32", backend).write(Int32Array.from(counts)),
  };
}

/** Of bincount. */
export interface BincountOptions {
  /** Added up in place of ones, [n] as x. */
  readonly weights?: Tensor;
  /** The least number of bins. Default 0. */
  readonly minLength?: number;
}

/**
 * How often each of 0 … max(x) occurs in integers x [n], int32, or the sums of their weights, in the weights' dtype
 * (torch.bincount). Reads the largest of x. Throws DTypeError for x that are no integers, IndexError for negative ones.
 *
 * @example
 * ```ts
 * console.log((await bincount(tensor(Int32Array.of(0, 2, 2)))).toArray()); // [1, 0, 2]
 * ```
 */
export async function bincount(x: Tensor, { weights, minLength = 0 }: BincountOptions = {}): Promise<Tensor> {
  if (isFloat(x.dtype))
    throw new DTypeError(`bincount: x is ${x.dtype}, expected int32 or uint8`, 'cast it: x.cast("int32")');
  if (x.rank !== 1) throw new ShapeError(`bincount: x has ${x.rank} axes, expected 1`, "flatten it: x.reshape([-1])");
  const largest = x.size === 0 ? -1 : (await max(x).data())[0]!;
  return scope(() => {
    const indices = cast(x, "int32");
    const ones = weights ?? add(mul(indices, 0), 1);
    return apply("scatterAdd", [ones, indices], { rows: Math.max(minLength, largest + 1) })[0];
  });
}

/** Of histc: from min to max; both 0, the default: of the smallest to the largest x. */
export interface HistcOptions {
  readonly min?: number;
  readonly max?: number;
}

/**
 * How many elements of x fall into each of `bins` equal parts of [min, max], in x's dtype; the last part includes its end, and
 * elements outside are not counted (torch.histc). Throws DTypeError for integers, as PyTorch does.
 *
 * @example
 * ```ts
 * console.log(histc(tensor([0, 1, 1, 3]), 2, { min: 0, max: 4 }).toArray()); // [3, 1]
 * ```
 */
export function histc(x: Tensor, bins = 100, { min: low = 0, max: high = 0 }: HistcOptions = {}): Tensor {
  if (!isFloat(x.dtype))
    throw new DTypeError(`histc: x is ${x.dtype}, expected float32 or float64`, 'cast it: x.cast("float32")');
  if (!Number.isInteger(bins) || bins < 1)
    throw new ShapeError(`histc: bins is ${bins}, expected a whole number from 1`);
  if (!(high >= low)) throw new ShapeError(`histc: min is ${low} and max ${high}, expected min up to max`);
  return scope(() => {
    const flat = reshape(x.detach(), [x.size]);
    let from = add(mul(allocate([1], x.dtype, x.storage.backend).write(newArray(x.dtype, 1)), 0), low);
    let to = add(mul(from, 0), high);
    if (low === high && x.size > 0) {
      [from, to] = [min(flat, 0, { keepDims: true }), max(flat, 0, { keepDims: true })];
      const isPoint = equal(from, to);
      [from, to] = [where(isPoint, sub(from, 1), from), where(isPoint, add(to, 1), to)];
    }
    const place = minimum(floor(mul(div(sub(flat, from), sub(to, from)), bins)), bins - 1);
    const isInside = mul(cast(greaterEqual(flat, from), "int32"), cast(lessEqual(flat, to), "int32"));
    // what is outside goes to one more bin, which is cut off
    const indices = cast(where(isInside, place, bins), "int32");
    const ones = add(mul(cast(indices, x.dtype), 0), 1);
    return slice(apply("scatterAdd", [ones, indices], { rows: bins + 1 })[0], [0], [bins]);
  });
}
