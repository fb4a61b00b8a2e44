/**
 * Tensors whose values follow from their positions: counted, evenly spaced, ones on a diagonal; and tensors like others.
 */
import { ShapeError } from "../util/errors.js";
import { allocate, type CreateOptions, finish } from "./create.js";
import { convertTo, type DType, expectHeld, filledArray } from "./dtype.js";
import { checkShape, type Shape } from "./shape.js";
import type { StorageBackend } from "./storage.js";
import type { Tensor } from "./tensor.js";

type CountArguments =
  | readonly [count: number, options?: CreateOptions]
  | readonly [start: number, stop: number, options?: CreateOptions]
  | readonly [start: number, stop: number, step: number, options?: CreateOptions];

/**
 * 0, 1, … count − 1, or start, start + step, … up to stop, which is left out (torch.arange). The dtype is int32 where all
 * numbers are integers, else float32. Throws ShapeError where no number of steps leads to stop, DTypeError where the dtype does
 * not hold a value.
 *
 * @example
 * ```ts
 * console.log(arange(4).toArray()); // [0, 1, 2, 3]
 * console.log(arange(5, 0, -2).toArray()); // [5, 3, 1]
 * ```
 */
export function arange(...args: CountArguments): Tensor {
  const numbers = args.filter((arg) => typeof arg === "number");
  const options = (args.find((arg) => typeof arg === "object") ?? {}) as CreateOptions;
  const [start, stop, step] =
    numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0] ?? Number.NaN, numbers[1] ?? Number.NaN, numbers[2] ?? 1];
  if (numbers.length === 1) checkShape([stop], "arange");
  const count = Math.ceil((stop - start) / step);
  if (!Number.isFinite(count) || count < 0)
    throw new ShapeError(
      `arange: from ${start} to ${stop} by ${step}, expected a step that leads there`,
      step === 0 ? undefined : "a negative step counts down",
    );
  const dtype = options.dtype ?? (numbers.every(Number.isInteger) ? "int32" : "float32");
  for (const end of [0, count - 1]) if (count > 0) expectHeld(start + end * step, dtype, "arange");
  const values = Float64Array.from({ length: count }, (_, i) => start + i * step);
  return finish(allocate([count], dtype).write(convertTo(values, dtype, "arange")), options);
}

/**
 * `steps` numbers from start to end, both included, evenly spaced (torch.linspace); float32 unless the options name a dtype.
 * Integer dtypes cut them towards zero.
 *
 * @example
 * ```ts
 * console.log(linspace(0, 1, 5).toArray()); // [0, 0.25, 0.5, 0.75, 1]
 * ```
 */
export function linspace(start: number, end: number, steps: number, options: CreateOptions = {}): Tensor {
  checkShape([steps], "linspace");
  const dtype = options.dtype ?? "float32";
  const step = (end - start) / (steps - 1);
  // from the nearer end, so that both are met exactly
  const valueAt = (i: number): number => (i < Math.floor(steps / 2) ? start + step * i : end - step * (steps - 1 - i));
  const values = Float64Array.from({ length: steps }, (_, i) => (steps === 1 ? start : valueAt(i)));
  return finish(allocate([steps], dtype).write(convertTo(values, dtype, "linspace")), options);
}

/**
 * [rows, columns] with ones on the diagonal, square where columns is not given (torch.eye).
 *
 * @example
 * ```ts
 * console.log(eye(2).toArray()); // [[1, 0], [0, 1]]
 * ```
 */
export function eye(rows: number, columns: number = rows, options: CreateOptions = {}): Tensor {
  checkShape([rows, columns], "eye");
  const dtype = options.dtype ?? "float32";
  const values = new Uint8Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = 1;
  return finish(allocate([rows, columns], dtype).write(convertTo(values, dtype, "eye")), options);
}

/** What a tensor like another takes from it: all that the options do not name. */
interface Like {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly backend: StorageBackend;
}

/**
 * A tensor filled with `value` in the shape, dtype and backend of x (torch.full_like). Throws DTypeError for a value that the
 * dtype does not hold.
 *
 * @example
 * ```ts
 * console.log(fullLike(tensor([1, 2]), 7).toArray()); // [7, 7]
 * ```
 */
export function fullLike(x: Like, value: number, options: CreateOptions = {}): Tensor {
  const dtype = options.dtype ?? x.dtype;
  const result = allocate(x.shape, dtype, x.backend);
  const [held] = convertTo(Float64Array.of(value), dtype, "fullLike");
  return finish(result.write(filledArray(dtype, result.size, held!)), options);
}

/**
 * Zeros in the shape, dtype and backend of x (torch.zeros_like).
 *
 * @example
 * ```ts
 * console.log(zerosLike(tensor([1, 2])).toArray()); // [0, 0]
 * ```
 */
export const zerosLike = (x: Like, options?: CreateOptions): Tensor => fullLike(x, 0, options);

/**
 * Ones in the shape, dtype and backend of x (torch.ones_like).
 *
 * @example
 * ```ts
 * console.log(onesLike(tensor([[1, 2]])).toArray()); // [[1, 1]]
 * ```
 */
export const onesLike = (x: Like, options?: CreateOptions): Tensor => fullLike(x, 1, options);
