/**
 * The element types of files by safetensors' names, one row each: bytes, and how they become numbers and back. Half
 * precision and integers are read into what the engine holds; values that do not fit are refused, never wrapped.
 */
import type { ElementArray, TypedArray } from "../tensor/dtype.js";
import { float16Bits } from "./float16.js";

interface CodeRow {
  readonly bytes: number;
  /** `view` starts at the entry; throws RangeError for a value the engine cannot hold. */
  readonly decode: (view: DataView, length: number) => TypedArray;
  /** Absent where the engine does not write this type. */
  readonly encode?: (values: TypedArray, view: DataView) => void;
}

type Setter = (view: DataView, byteOffset: number, value: number) => void;
type Getter = (view: DataView, byteOffset: number) => number;

const decodeInto =
  <A extends TypedArray>(make: new (length: number) => A, bytes: number, get: Getter) =>
  (view: DataView, length: number): A => {
    const values = new make(length);
    for (let i = 0; i < length; i++) values[i] = get(view, i * bytes);
    return values;
  };
const encodeWith =
  (bytes: number, set: Setter) =>
  (values: TypedArray, view: DataView): void => {
    for (let i = 0; i < values.length; i++) set(view, i * bytes, values[i]!);
  };

/** IEEE 754 binary16 -> number: 1 sign, 5 exponent, 10 fraction bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
export function bfloatToNumber(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** int32 where all fit, as counters do, else int64. */
function decodeInt64(view: DataView, length: number): TypedArray {
  const values = new BigInt64Array(length);
  for (let i = 0; i < length; i++) values[i] = view.getBigInt64(8 * i, true);
  const areShort = values.every((value) => BigInt.asIntN(32, value) === value);
  return areShort ? Int32Array.from(values, Number) : (values as ElementArray as TypedArray);
}

export const codes = {
  F64: {
    bytes: 8,
    decode: decodeInto(Float64Array, 8, (view, at) => view.getFloat64(at, true)),
    encode: encodeWith(8, (view, at, value) => view.setFloat64(at, value, true)),
  },
  F32: {
    bytes: 4,
    decode: decodeInto(Float32Array, 4, (view, at) => view.getFloat32(at, true)),
    encode: encodeWith(4, (view, at, value) => view.setFloat32(at, value, true)),
  },
  F16: {
    bytes: 2,
    decode: decodeInto(Float32Array, 2, (view, at) => halfToNumber(view.getUint16(at, true))),
    encode: encodeWith(2, (view, at, value) => view.setUint16(at, float16Bits(value), true)),
  },
  BF16: { bytes: 2, decode: decodeInto(Float32Array, 2, (view, at) => bfloatToNumber(view.getUint16(at, true))) },
  I64: {
    bytes: 8,
    decode: decodeInt64,
    encode: encodeWith(8, (view, at, value) => view.setBigInt64(at, BigInt(value), true)),
  },
  I32: {
    bytes: 4,
    decode: decodeInto(Int32Array, 4, (view, at) => view.getInt32(at, true)),
    encode: encodeWith(4, (view, at, value) => view.setInt32(at, value, true)),
  },
  I16: { bytes: 2, decode: decodeInto(Int32Array, 2, (view, at) => view.getInt16(at, true)) },
  I8: { bytes: 1, decode: decodeInto(Int32Array, 1, (view, at) => view.getInt8(at)) },
  BOOL: {
    bytes: 1,
    decode: decodeInto(Uint8Array, 1, (view, at) => Number(view.getUint8(at) !== 0)),
    encode: encodeWith(1, (view, at, value) => view.setUint8(at, Number(value !== 0))),
  },
  U8: {
    bytes: 1,
    decode: decodeInto(Uint8Array, 1, (view, at) => view.getUint8(at)),
    encode: encodeWith(1, (view, at, value) => view.setUint8(at, value)),
  },
} as const satisfies Readonly<Record<string, CodeRow>>;

export type ElementCode = keyof typeof codes;
export const rowOf = (code: ElementCode): CodeRow => codes[code];
export const isCode = (name: unknown): name is ElementCode => typeof name === "string" && Object.hasOwn(codes, name);
