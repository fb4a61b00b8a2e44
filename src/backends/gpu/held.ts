/** Numbers of the host on their way into memory where every number is a float32, and out of it. */
import { type DType, type ElementArray, filledArray, isFloat, newArray, type TypedArray } from "../../tensor/dtype.js";
import { BackendError, DTypeError } from "../../util/errors.js";
import { EXACT_BELOW } from "./faults.js";

/** Throws DTypeError for the first integer of a dtype that float32 does not have. */
export function expectFloat32(values: ElementArray, dtype: DType, where: string): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const number = Math.fround(Number(value));
    if (typeof value === "bigint" ? BigInt(number) === value : number === value) continue;
    throw new DTypeError(
      `gpu: ${where}: the ${dtype} number ${value} at position ${i} is no float32 number, which every number is there`,
      `integers up to ${EXACT_BELOW} are; the backends "wasm" and "reference" hold every ${dtype}`,
    );
  }
}

/** A number as a dtype holds it. Throws DTypeError for an int32 number that float32 does not have. */
export function heldAs(value: number, dtype: DType, where: string): number {
  if (isFloat(dtype)) return value;
  const held = filledArray(dtype, 1, value);
  expectFloat32(held, dtype, where);
  return Number(held[0]!);
}

/** What memory holds, as an array of a dtype. Throws BackendError for an integer that is NaN, which no kernel has written. */
export function fromFloat32(floats: Float32Array, dtype: DType): TypedArray {
  const values = newArray(dtype, floats.length);
  if (!isFloat(dtype)) {
    const at = floats.findIndex(Number.isNaN);
    if (at >= 0) throw new BackendError(`gpu: the ${dtype} number at position ${at} is NaN, expected an integer`);
  }
  if (dtype === "int64") return BigInt64Array.from(floats, BigInt) as ElementArray as TypedArray;
  values.set(floats);
  return values;
}
