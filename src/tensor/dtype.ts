/**
 * The element types, one row each: size, typed array, the code that safetensors files use, and the integers it holds.
 */
import { DTypeError } from "../util/errors.js";

export const dtypes = {
  float64: { bytes: 8, array: Float64Array, isFloat: true, safetensors: "F64", range: null },
  float32: { bytes: 4, array: Float32Array, isFloat: true, safetensors: "F32", range: null },
  int64: { bytes: 8, array: BigInt64Array, isFloat: false, safetensors: "I64", range: [-(2 ** 63), 2 ** 63] },
  int32: { bytes: 4, array: Int32Array, isFloat: false, safetensors: "I32", range: [-(2 ** 31), 2 ** 31 - 1] },
  uint8: { bytes: 1, array: Uint8Array, isFloat: false, safetensors: "U8", range: [0, 255] },
  /** A byte that is 1 for true, else 0. */
  bool: { bytes: 1, array: Uint8Array, isFloat: false, safetensors: "BOOL", range: [0, 1] },
} as const;

/** The type of a tensor's elements. */
export type DType = keyof typeof dtypes;
/** What a tensor's values come out as: the array of its dtype, bool as bytes of 0 and 1; of int64 see ElementArray. */
export type TypedArray = Float64Array | Float32Array | Int32Array | Uint8Array;
/**
 * The same with int64, whose elements are no numbers. Values pass through the engine as TypedArray, which at run time may be
 * the BigInt64Array of an int64 tensor: what computes with elements asks for the dtype first.
 */
export type ElementArray = TypedArray | BigInt64Array;
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
  return new dtypes[dtype].array(length) as TypedArray;
}

/** A number that the dtype holds, as its array takes it: of int64 a bigint, which passes as a number like its array (ElementArray). */
export const elementOf = (dtype: DType, value: number | bigint): number =>
  (dtype === "int64" ? BigInt(value) : Number(value)) as number;

/** `length` times a number that the dtype holds. */
export const filledArray = (dtype: DType, length: number, value: number | bigint): TypedArray =>
  newArray(dtype, length).fill(elementOf(dtype, value));

/** Throws DTypeError where an integer dtype does not hold `value`, a fraction included. */
export function expectHeld(value: number | bigint, dtype: DType, where: string): void {
  const { range } = dtypes[dtype];
  const isInteger = typeof value === "bigint" || Number.isInteger(value);
  // 2^63, the first number above int64, stands for the last one, which is no float64 number
  const isBelow = (limit: number): boolean => (dtype === "int64" ? value < limit : value <= limit);
  if (range === null || (isInteger && value >= range[0] && isBelow(range[1]))) return;
  const limits = dtype === "int64" ? "-2^63 to 2^63 - 1" : range.join(" to ");
  throw new DTypeError(
    `${where}: ${value} is no ${dtype}, expected an integer from ${limits}`,
    'take another dtype, or cast first: x.cast("float64")',
  );
}

/** The smallest dtype that holds every value of a host array, by the array's tag; those without a row have none. */
const dtypeOfTag: { readonly [Tag in string]?: DType } = {
  Float64Array: "float64",
  Float32Array: "float32",
  Float16Array: "float32",
  BigInt64Array: "int64",
  Uint32Array: "int64",
  Int32Array: "int32",
  Int16Array: "int32",
  Uint16Array: "int32",
  Int8Array: "int32",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
};
/** Arrays whose values need a dtype of the caller's choice. */
const tagsWithoutDType: readonly string[] = ["BigUint64Array"];

const tagOf = (values: ArrayBufferView): string => Object.prototype.toString.call(values).slice(8, -1);

/** The dtype that holds all values of `values`. Throws DTypeError where there is none: unsigned integers of 64 bits. */
export function dtypeOf(values: HostArray, where = "tensor"): DType {
  const tag = tagOf(values);
  const dtype = dtypeOfTag[tag];
  if (dtype) return dtype;
  throw new DTypeError(
    `${where}: no dtype holds all values of a ${tag}, expected one of ${Object.keys(dtypeOfTag).join(", ")}`,
    tagsWithoutDType.includes(tag)
      ? 'name the dtype, e.g. tensor(values, undefined, { dtype: "int64" }): values beyond it are refused'
      : "view the bytes as numbers first, e.g. new Float32Array(buffer)",
  );
}

/**
 * Host values as the array of a dtype, `values` itself where it is that. On the way to integers fractions are cut towards
 * zero, on the way to bool all but 0 is true; throws DTypeError with the first value that the dtype does not hold.
 */
export function convertTo(values: HostArray, dtype: DType, where: string): TypedArray {
  if (values instanceof dtypes[dtype].array && dtype !== "bool") return values as TypedArray;
  const tag = tagOf(values);
  if (!dtypeOfTag[tag] && !tagsWithoutDType.includes(tag)) dtypeOf(values, where);
  const converted = newArray(dtype, values.length);
  if (dtype === "bool") {
    for (let i = 0; i < values.length; i++) converted[i] = Number(Number(values[i]) !== 0);
    return converted;
  }
  if (dtype === "int64") return toInt64(values, where);
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

function toInt64(values: HostArray, where: string): TypedArray {
  const converted = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const whole = typeof value === "bigint" ? value : Math.trunc(value);
    expectHeld(whole, "int64", `${where}: value ${i}`);
    converted[i] = BigInt(whole);
  }
  return converted as ElementArray as TypedArray;
}
