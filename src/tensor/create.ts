/**
 * Making tensors: from numbers, constant, counted, random. The default backend is the one setBackend chose.
 */
import { DTypeError, ShapeError } from "../util/errors.js";
import { type DType, dtypeOf, newArray, type TypedArray } from "./dtype.js";
import { checkShape, type Shape, showShape, sizeOf } from "./shape.js";
import { Storage, type StorageBackend } from "./storage.js";
import { Tensor } from "./tensor.js";

export interface CreateOptions {
  readonly dtype?: DType;
  readonly requiresGrad?: boolean;
}

export type NestedArray = number | boolean | readonly NestedArray[];

let provideBackend: (() => StorageBackend) | null = null;

/** Tells where new tensors live; called by backends/registry. */
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

function finish(result: Tensor, options: CreateOptions): Tensor {
  if (options.requiresGrad) result.requiresGrad = true;
  return result;
}

function flatten(values: NestedArray, shape: number[], flat: number[], depth = 0): void {
  if (!Array.isArray(values)) {
    if (depth !== shape.length) throw new ShapeError("tensor: nested arrays are ragged, expected equal lengths");
    flat.push(Number(values));
    return;
  }
  if (depth === shape.length && flat.length === 0) shape.push(values.length);
  if (shape[depth] !== values.length)
    throw new ShapeError(
      `tensor: nested arrays are ragged, axis ${depth} has ${values.length} where ${shape[depth]} was expected`,
    );
  for (const item of values) flatten(item, shape, flat, depth + 1);
}

/** A tensor from a typed array and its shape, a number, or nested arrays. Values are copied; the dtype defaults to the array's own, float32 for nested numbers. */
export function tensor(values: TypedArray | NestedArray, shape?: Shape, options: CreateOptions = {}): Tensor {
  let source: TypedArray;
  let dims: Shape;
  if (ArrayBuffer.isView(values)) {
    source = values as TypedArray;
    dims = shape ?? [source.length];
  } else {
    const found: number[] = [];
    const flat: number[] = [];
    flatten(values as NestedArray, found, flat);
    source = Float64Array.from(flat);
    dims = shape ?? found;
  }
  const dtype = options.dtype ?? (ArrayBuffer.isView(values) ? dtypeOf(source) : "float32");
  if (sizeOf(dims) !== source.length)
    throw new ShapeError(`tensor: ${source.length} values for shape ${showShape(dims)}, expected ${sizeOf(dims)}`);
  return finish(allocate(dims, dtype).write(source), options);
}

export function full(shape: Shape, value: number, options: CreateOptions = {}): Tensor {
  const dtype = options.dtype ?? "float32";
  const result = allocate(shape, dtype);
  return finish(result.write(newArray(dtype, result.size).fill(value)), options);
}

export const zeros = (shape: Shape, options?: CreateOptions): Tensor => full(shape, 0, options);
export const ones = (shape: Shape, options?: CreateOptions): Tensor => full(shape, 1, options);

/** 0, 1, … count - 1 as [count]. */
export function arange(count: number, options: CreateOptions = {}): Tensor {
  const dtype = options.dtype ?? "int32";
  const values = newArray(dtype, count);
  for (let i = 0; i < count; i++) values[i] = i;
  return finish(allocate([count], dtype).write(values), options);
}
