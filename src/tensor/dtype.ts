/**
 * The element types, one row each: size, typed array, and the code that safetensors files use.
 */
export const dtypes = {
  float64: { bytes: 8, array: Float64Array, isFloat: true, safetensors: "F64" },
  float32: { bytes: 4, array: Float32Array, isFloat: true, safetensors: "F32" },
  int32: { bytes: 4, array: Int32Array, isFloat: false, safetensors: "I32" },
  uint8: { bytes: 1, array: Uint8Array, isFloat: false, safetensors: "U8" },
} as const;

export type DType = keyof typeof dtypes;
export type TypedArray = Float64Array | Float32Array | Int32Array | Uint8Array;

export const isFloat = (dtype: DType): boolean => dtypes[dtype].isFloat;

export function newArray(dtype: DType, length: number): TypedArray {
  return new dtypes[dtype].array(length);
}

/** The dtype whose typed array `values` is. */
export function dtypeOf(values: TypedArray): DType {
  if (values instanceof Float32Array) return "float32";
  if (values instanceof Int32Array) return "int32";
  if (values instanceof Uint8Array) return "uint8";
  return "float64";
}
