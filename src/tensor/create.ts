/**
 * Making tensors: from numbers, constant, counted, random. The default backend is the one setBackend chose.
 */
import { DTypeError, ShapeError } from "../util/errors.js";
import { convertTo, type DType, dtypeOf, expectHeld, filledArray, type HostArray } from "./dtype.js";
import { checkShape, type Shape, showShape, sizeOf } from "./shape.js";
import { Storage, type StorageBackend } from "./storage.js";
import { Tensor } from "./tensor.js";

export interface CreateOptions {
  readonly dtype?: DType;
  readonly requiresGrad?: boolean;
}

/** A number, boolean or bigint, or arrays of them, as deep as the tensor has axes. */
export type NestedArray = number | boolean | bigint | readonly NestedArray[];

let provideBackend: (() => StorageBackend) | null = null;

/** Sets where new tensors live; backends/backend.ts calls it, since this folder may not import that one. */
export function setDefaultStorage(provider: () => StorageBackend): void {
  provideBackend = provider;
}

export function defaultStorage(): StorageBackend {
  if (!provideBackend) throw new DTypeError("tensor: no backend was chosen", 'call await setBackend("wasm") first');
  return provideBackend();
}

/** A tensor with undefined contents on `backend`. Throws DTypeError where the backend does not hold that dtype. */
export function allocate(shape: Shape, dtype: DType, backend: StorageBackend = defaultStorage()): Tensor {
  checkShape(shape, "allocate");
  if (!backend.dtypes.includes(dtype))
    throw new DTypeError(
      `allocate: the ${backend.name} backend holds ${backend.dtypes.join(", ")}, not ${dtype}`,
      `use ${backend.dtypes[0]}`,
    );
  return new Tensor(new Storage(backend, dtype, sizeOf(shape)), [...shape]);
}

/** The dtype of a plain value on its own. */
const ownDType = { number: "float32", boolean: "bool", bigint: "int64" } as const;

/** Throws DTypeError for a bigint beyond 64 bits, which the array would cut. */
function int64Of(values: readonly bigint[]): BigInt64Array {
  for (const value of values) expectHeld(value, "int64", "tensor");
  return BigInt64Array.from(values);
}

export function finish(result: Tensor, options: CreateOptions): Tensor {
  if (options.requiresGrad) result.requiresGrad = true;
  return result;
}

/** Appends all values of nested arrays to `flat`. */
function flatten(values: NestedArray, shape: number[], flat: (number | boolean | bigint)[], depth = 0): void {
  if (!Array.isArray(values)) {
    if (typeof values !== "number" && typeof values !== "boolean" && typeof values !== "bigint")
      throw new DTypeError(
        `tensor: value ${flat.length} is ${values === null ? "null" : `of type ${typeof values}`}, expected a number or a boolean`,
        "typed arrays go in whole: tensor(Float32Array.of(1, 2), [2])",
      );
    if (depth !== shape.length) throw new ShapeError("tensor: nested arrays are ragged, expected equal lengths");
    flat.push(values);
    return;
  }
  if (depth === shape.length && flat.length === 0) shape.push(values.length);
  if (depth === shape.length)
    throw new ShapeError("tensor: nested arrays are ragged, an array where numbers were expected");
  if (shape[depth] !== values.length)
    throw new ShapeError(
      `tensor: nested arrays are ragged, axis ${depth} has ${values.length} where ${shape[depth]} was expected`,
    );
  for (const item of values) flatten(item, shape, flat, depth + 1);
}

/**
 * A tensor from a typed array and its shape, a number, or nested arrays. Values are copied; the dtype defaults to the
 * smallest that holds all values of the typed array's kind (Uint8ClampedArray: uint8; 8 and 16 bit integers: int32; Uint32Array
 * and BigInt64Array: int64), bool for nested booleans, int64 for nested bigints, float32 for nested numbers. Throws DTypeError where no dtype does, or a value does not fit the one named, and ShapeError for ragged
 * arrays or another number of values than the shape has.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * const bytes = tensor(Uint8Array.of(1, 2, 3, 4), [2, 2]);
 * const weight = tensor([0.5, 0.5], [2, 1], { requiresGrad: true });
 * console.log(x.matmul(weight).toArray(), bytes.dtype); // [[1.5], [3.5]] "uint8"
 * ```
 */
export function tensor(values: HostArray | NestedArray, shape?: Shape, options: CreateOptions = {}): Tensor {
  if (shape !== undefined) checkShape(shape, "tensor");
  let source: HostArray;
  let dims: Shape;
  let own: DType;
  if (ArrayBuffer.isView(values)) {
    source = values;
    dims = shape ?? [source.length];
    own = options.dtype ?? dtypeOf(source);
  } else {
    const found: number[] = [];
    const flat: (number | boolean | bigint)[] = [];
    flatten(values, found, flat);
    const areAll = (type: "boolean" | "bigint") => flat.length > 0 && flat.every((value) => typeof value === type);
    source = areAll("bigint") ? int64Of(flat as bigint[]) : Float64Array.from(flat, Number);
    dims = shape ?? found;
    own = areAll("boolean") ? "bool" : areAll("bigint") ? "int64" : "float32";
  }
  const dtype = options.dtype ?? own;
  if (sizeOf(dims) !== source.length)
    throw new ShapeError(`tensor: ${source.length} values for shape ${showShape(dims)}, expected ${sizeOf(dims)}`);
  const result = allocate(dims, dtype);
  return finish(result.write(convertTo(source, dtype, "tensor")), options);
}

/**
 * `value` everywhere: bool for a boolean, int64 for a bigint, float32 for a number, unless the options name a dtype. Throws DTypeError for a value
 * that the dtype does not hold.
 *
 * @example
 * ```ts
 * console.log(full([2], 7).toArray()); // [7, 7]
 * ```
 */
export function full(shape: Shape, value: number | boolean | bigint, options: CreateOptions = {}): Tensor {
  const dtype = options.dtype ?? ownDType[typeof value as keyof typeof ownDType];
  const result = allocate(shape, dtype);
  const given = typeof value === "bigint" ? int64Of([value]) : Float64Array.of(Number(value));
  const [held] = convertTo(given, dtype, "full");
  return finish(result.write(filledArray(dtype, result.size, held!)), options);
}

/**
 * A tensor of `shape` filled with 0, float32 unless the options name a dtype. Throws ShapeError for a shape that is none.
 *
 * @example
 * ```ts
 * console.log(zeros([2, 2], { dtype: "int32" }).toArray()); // [[0, 0], [0, 0]]
 * ```
 */
export const zeros = (shape: Shape, options?: CreateOptions): Tensor => full(shape, 0, options);
/**
 * A tensor of `shape` filled with 1, float32 unless the options name a dtype. Throws ShapeError for a shape that is none.
 *
 * @example
 * ```ts
 * console.log(ones([3]).toArray()); // [1, 1, 1]
 * ```
 */
export const ones = (shape: Shape, options?: CreateOptions): Tensor => full(shape, 1, options);
