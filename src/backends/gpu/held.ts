/** Numbers of the host on their way into memory where every number is a float32, and out of it. */
import { type DType, isFloat, newArray, type TypedArray } from "../../tensor/dtype.js";
import { BackendError, DTypeError } from "../../util/errors.js";
import { EXACT_BELOW } from "./faults.js";

/** Throws DTypeError for the first int32 number that float32 does not have. */
export function expectFloat32(values: TypedArray, where: string): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Math.fround(value) === value) continue;
    throw new DTypeError(
      `gpu: ${where}: the int32 number ${value} at position ${i} is no float32 number, which every number is there`,
      `integers up to ${EXACT_BELOW} are; the backends "wasm" and "reference" hold every int32`,
    );
  }
}

/** A number as a dtype holds it. Throws DTypeError for an int32 number that float32 does not have. */
export function heldAs(value: number, dtype: DType, where: string): number {
  if (isFloat(dtype)) return value;
  const held = newArray(dtype, 1).fill(value);
  expectFloat32(held, where);
  return held[0]!;
}

/** What memory holds, as an array of a dtype. Throws BackendError for an integer that is NaN, which no kernel has written. */
export function fromFloat32(floats: Float32Array, dtype: DType): TypedArray {
  const values = newArray(dtype, floats.length);
  if (!isFloat(dtype)) {
    const at = floats.findIndex(Number.isNaN);
    if (at >= 0) throw new BackendError(`gpu: the ${dtype} number at position ${at} is NaN, expected an integer`);
  }
  values.set(floats);
  return values;
}
