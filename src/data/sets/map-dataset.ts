/**
 * Data sets of anything: a length and a function from an index to a sample. Sets made of sets pass indices on and hold nothing.
 * Runs in Node and in a tab.
 */
import { tensor } from "../../tensor/create.js";
import type { DType, TypedArray } from "../../tensor/dtype.js";
import { sizeOf } from "../../tensor/shape.js";
import { Tensor } from "../../tensor/tensor.js";
import { DataError } from "../../util/errors.js";
import { randomPermutation } from "../random.js";

/**
 * Samples by index (torch.utils.data.Dataset): `length` of them, `get(i)` for 0 ≤ i < length, now or later. What get gives is
 * collated to batches by DataLoader.
 *
 * @example
 * ```ts
 * const squares = { length: 10, get: (i: number) => [i, i * i] as const };
 * console.log(await mapDataset(squares, ([x, y]) => [x / 10, y]).get(3)); // [0.3, 9]
 * ```
 */
export interface MapDataset<S> {
  readonly length: number;
  get(index: number): S | Promise<S>;
  /** Many at once, as a batch that is collated already; DataLoader asks for it where no collate is given. */
  getBatch?(indices: readonly number[]): unknown;
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0;

/** Throws DataError for what is no data set. */
export function expectDataset(where: string, set: MapDataset<unknown>): void {
  const { length, get } = (set ?? {}) as Partial<MapDataset<unknown>>;
  if (!isCount(length as number) || typeof get !== "function")
    throw new DataError(
      `${where}: ${set === null ? "null" : typeof set} with length ${String(length)}, expected a data set: { length, get(i) }`,
      Array.isArray(set) ? "{ length: list.length, get: (i) => list[i] }" : undefined,
    );
}

/** Throws DataError for an index that the set has not. */
function expectIndex(where: string, index: number, length: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= length)
    throw new DataError(`${where}: index ${index}, expected 0 to ${length - 1}`);
}

/** One tensor of a TensorDataset, on the host. */
interface Column {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Values of one row. */
  readonly rowSize: number;
  readonly values: Promise<TypedArray>;
}

/**
 * Rows of tensors that have one first axis (torch.utils.data.TensorDataset): sample i is [a[i], b[i], …]. The values are copied to
 * the host at once, so that the tensors may be freed afterwards; batches are made from there in one copy. Throws
 * DataError for tensors of different lengths.
 *
 * @example
 * ```ts
 * const set = new TensorDataset(rand([6, 4, 4, 1]), tensor(Int32Array.of(0, 1, 0, 1, 0, 1)));
 * const [image, label] = await set.get(1);
 * console.log(set.length, image?.shape, label?.item()); // 6 [4, 4, 1] 1
 * ```
 */
export class TensorDataset implements MapDataset<Tensor[]> {
  readonly length: number;
  readonly #columns: readonly Column[];

  constructor(...tensors: readonly Tensor[]) {
    const [first] = tensors;
    if (!first || !tensors.every((x) => x instanceof Tensor && x.rank > 0))
      throw new DataError(
        "TensorDataset: expected at least one tensor, each with an axis of samples",
        "new TensorDataset(images, labels); tensor(values, shape) makes tensors of arrays",
      );
    this.length = first.shape[0]!;
    const odd = tensors.findIndex((x) => x.shape[0] !== this.length);
    if (odd > 0)
      throw new DataError(
        `TensorDataset: tensor ${odd} has ${tensors[odd]!.shape[0]} samples, expected ${this.length} as the first`,
      );
    this.#columns = tensors.map((x) => ({
      shape: x.shape.slice(1),
      dtype: x.dtype,
      rowSize: sizeOf(x.shape.slice(1)),
      values: x.data(),
    }));
  }

  /** Row `index` of each tensor. Throws DataError for an index outside. */
  async get(index: number): Promise<Tensor[]> {
    const batch = await this.#rows([index]);
    return batch.map(({ values, dtype, shape }) => tensor(values, [...shape], { dtype }));
  }

  /** Those rows of each tensor, [indices.length, …]. Throws DataError for an index outside. */
  async getBatch(indices: readonly number[]): Promise<Tensor[]> {
    const batch = await this.#rows(indices);
    return batch.map(({ values, dtype, shape }) => tensor(values, [indices.length, ...shape], { dtype }));
  }

  async #rows(indices: readonly number[]) {
    for (const index of indices) expectIndex("TensorDataset", index, this.length);
    return Promise.all(
      this.#columns.map(async (column) => {
        const { rowSize, dtype, shape } = column;
        const source = await column.values;
        const values = new (source.constructor as new (length: number) => TypedArray)(indices.length * rowSize);
        for (const [i, index] of indices.entries())
          values.set(source.subarray(index * rowSize, (index + 1) * rowSize) as never, i * rowSize);
        return { values, dtype, shape };
      }),
    );
  }
}

/**
 * Each sample through `f`, when it is asked for.
 *
 * @example
 * ```ts
 * const paths = { length: 2, get: (i: number) => `${i}.png` };
 * console.log(await mapDataset(paths, (path) => path.length).get(0)); // 5
 * ```
 */
export const mapDataset = <S, T>(
  set: MapDataset<S>,
  f: (sample: S, index: number) => T | Promise<T>,
): MapDataset<T> => {
  expectDataset("mapDataset", set);
  return { length: set.length, get: async (index) => f(await set.get(index), index) };
};

/**
 * The samples at `indices` (torch.utils.data.Subset), in their order. Throws DataError for an index that the set has not.
 *
 * @example
 * ```ts
 * const evens = subset({ length: 10, get: (i) => i }, [0, 2, 4]);
 * console.log(evens.length, await evens.get(2)); // 3 4
 * ```
 */
export function subset<S>(set: MapDataset<S>, indices: Iterable<number>): MapDataset<S> {
  expectDataset("subset", set);
  const chosen = Float64Array.from(indices);
  for (const index of chosen) expectIndex("subset", index, set.length);
  const at = (index: number): number => {
    expectIndex("subset", index, chosen.length);
    return chosen[index]!;
  };
  const { getBatch } = set;
  return {
    length: chosen.length,
    get: (index) => set.get(at(index)),
    ...(getBatch && { getBatch: (wanted: readonly number[]) => getBatch.call(set, wanted.map(at)) }),
  };
}

/**
 * One set after another (torch.utils.data.ConcatDataset).
 *
 * @example
 * ```ts
 * const both = concatDatasets({ length: 2, get: () => "a" }, { length: 3, get: () => "b" });
 * console.log(both.length, await both.get(2)); // 5 b
 * ```
 */
export function concatDatasets<S>(...sets: readonly MapDataset<S>[]): MapDataset<S> {
  for (const set of sets) expectDataset("concatDatasets", set);
  const length = sets.reduce((sum, set) => sum + set.length, 0);
  return {
    length,
    get: (index) => {
      expectIndex("concatDatasets", index, length);
      let rest = index;
      const set = sets.find((one) => {
        if (rest < one.length) return true;
        rest -= one.length;
        return false;
      });
      return set!.get(rest);
    },
  };
}

/** Rounding of shares that add up to 1. */
const SHARE_TOLERANCE = 1e-9;

/** Whole numbers of samples: shares are rounded down, and what is left goes one by one to the first parts, as torch does. */
function countsOf(length: number, parts: readonly number[]): number[] {
  const sum = parts.reduce((total, part) => total + part, 0);
  if (parts.length > 0 && parts.every(isCount) && sum === length) return [...parts];
  if (parts.some((part) => !(part >= 0)) || Math.abs(sum - 1) > SHARE_TOLERANCE)
    throw new DataError(
      `randomSplit: parts [${parts.join(", ")}] add up to ${sum}, expected ${length} samples, or shares that add up to 1`,
    );
  const counts = parts.map((share) => Math.floor(length * share));
  let left = length - counts.reduce((total, count) => total + count, 0);
  for (let i = 0; left > 0; i = (i + 1) % counts.length, left--) counts[i]!++;
  return counts;
}

/**
 * Parts of a set without a sample in common, drawn by `seed` (torch.utils.data.random_split, with the permutation of
 * torch.randperm): numbers of samples, or shares that add up to 1. Throws DataError for parts that do not fit.
 *
 * @example
 * ```ts
 * const [train, val] = randomSplit({ length: 10, get: (i) => i }, [0.8, 0.2], { seed: 0 });
 * console.log(train?.length, val?.length); // 8 2
 * ```
 */
export function randomSplit<S>(
  set: MapDataset<S>,
  parts: readonly number[],
  { seed = 0 }: { readonly seed?: number } = {},
): MapDataset<S>[] {
  expectDataset("randomSplit", set);
  const order = randomPermutation(set.length, seed);
  let start = 0;
  return countsOf(set.length, parts).map((count) => {
    start += count;
    return subset(set, order.subarray(start - count, start));
  });
}
