/**
 * The element types, one row each: size, typed array, the code that safetensors files use, and the integers it holds.
 */
import { DTypeError } from "../util/errors.js";

export const dtypes = {
  float64: { bytes: 8, array: Float64Array, isFloat: true, safetensors: "F64", range: null },
  float32: { bytes: 4, array: Float32Array, isFloat: true, safetensors: "F32", range: null },
  int32: { bytes: 4, array: Int32Array, isFloat: false, safetensors: "I32", range: [-(2 ** 31), 2 ** 31 - 1] },
  uint8: { bytes: 1, array: Uint8Array, isFloat: false, safetensors: "U8", range: [0, 255] },
  /** A byte that is 1 for true, else 0. */
  bool: { bytes: 1, array: Uint8Array, isFloat: false, safetensors: "BOOL", range: [0, 1] },
} as const;

/** The type of a tensor's elements. */
export type DType = keyof typeof dtypes;
/** What a tensor's values come out as: the array of its dtype; bool as bytes of 0 and 1. */
export type TypedArray = Float64Array | Float32Array | Int32Array | Uint8Array;
/** What values can come in from the host as. */
export type HostArray =
  | TypedArray
  | Uint8ClampedArray
  | Int8Array
  | Int16Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

export const isFloat = (dtype: DType): boolean => dtypes[dtype].isFloat;

export function newArray(dtype: DType, length: number): TypedArray {
  return new dtypes[dtype].array(length);
}

/** Throws DTypeError where an integer dtype does not hold `value`, a fraction included. */
export function expectHeld(value: number, dtype: DType, where: string): void {
  const { range } = dtypes[dtype];
  if (range === null || (Number.isInteger(value) && value >= range[0] && value <= range[1])) return;
  throw new DTypeError(
    `${where}: ${value} is no ${dtype}, expected an integer from ${range[0]} to ${range[1]}`,
    'take another dtype, or cast first: x.cast("float64")',
  );
}

/** The smallest dtype that holds every value of a host array, by the array's tag; those without a row have none. */
const dtypeOfTag: { readonly [Tag in string]?: DType } = {
  Float64Array: "float64",
  Float32Array: "float32",
  Float16Array: "float32",
  Int32Array: "int32",
  Int16Array: "int32",
  Uint16Array: "int32",
  Int8Array: "int32",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
};
/** Arrays whose values need a dtype of the caller's choice. */
const tagsWithoutDType: readonly string[] = ["Uint32Array", "BigInt64Array", "BigUint64Array"];

const tagOf = (values: ArrayBufferView): string => Object.prototype.toString.call(values).slice(8, -1);

/** The dtype that holds all values of `values`. Throws DTypeError where there is none: 32-bit unsigned and 64-bit integers. */
export function dtypeOf(values: HostArray, where = "tensor"): DType {
  const tag = tagOf(values);
  const dtype = dtypeOfTag[tag];
  if (dtype) return dtype;
  throw new DTypeError(
    `${where}: no dtype holds all values of a ${tag}, expected one of ${Object.keys(dtypeOfTag).join(", ")}`,
    tagsWithoutDType.includes(tag)
      ? 'name the dtype, e.g. tensor(values, undefined, { dtype: "int32" }): values beyond it are refused'
      : "view the bytes as numbers first, e.g. new Float32Array(buffer)",
  );
}

/**
 * Host values as the array of a dtype, `values` itself where it is that. On the way to integers fractions are cut towards
 * zero, on the way to bool all but 0 is true; throws DTypeError with the first value that the dtype does not hold.
 */
export function convertTo(values: HostArray, dtype: DType, where: string): TypedArray {
  if (values instanceof dtypes[dtype].array && dtype !== "bool") return values;
  const tag = tagOf(values);
  if (!dtypeOfTag[tag] && !tagsWithoutDType.includes(tag)) dtypeOf(values, where);
  const converted = newArray(dtype, values.length);
  if (dtype === "bool") {
    for (let i = 0; i < values.length; i++) converted[i] = Number(Number(values[i]) !== 0);
    return converted;
  }
  if (isFloat(dtype) && !(values instanceof BigInt64Array || values instanceof BigUint64Array)) {
    converted.set(values);
    return converted;
  }
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    expectHeld(isFloat(dtype) ? value : Math.trunc(value), dtype, `${where}: value ${i}`);
    converted[i] = value;
  }
  return converted;
}
