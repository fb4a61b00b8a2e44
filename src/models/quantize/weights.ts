/**
 * The numbers of an ONNX graph's weights, and tensors of other types for it: int8, int32 and float16 by rounding half to even.
 */

import { OnnxError } from "../../io/onnx/graph.js";
import { dataTypes, type TensorProto } from "../../io/onnx/schema.js";

/** The float32 values of a weight. */
export function floatsOf({ name, dataType, rawData }: TensorProto): Float32Array {
  if (dataType !== dataTypes.float32) throw new OnnxError(`onnx: ${name} has data type ${dataType}, expected float32`);
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Float32Array.from({ length: rawData.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

/** The whole number next to x, of two equally near the even one, as ONNX's QuantizeLinear rounds. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

const raw = (length: number, bytesEach: number, write: (view: DataView, i: number) => void): Uint8Array => {
  const bytes = new Uint8Array(length * bytesEach);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < length; i++) write(view, i);
  return bytes;
};

/** Whole numbers of an integer type, which have to be within its range. */
export const integerTensor = (
  name: string,
  type: "int8" | "uint8" | "int32",
  dims: readonly number[],
  values: ArrayLike<number>,
): TensorProto => ({
  name,
  dims,
  dataType: dataTypes[type],
  rawData:
    type === "int32"
      ? raw(values.length, 4, (view, i) => view.setInt32(4 * i, values[i]!, true))
      : raw(values.length, 1, (view, i) => view.setInt8(i, values[i]!)),
});

/** Largest finite float16. */
export const LARGEST_FLOAT16 = 65_504;

const wide = new Float64Array(1);
const wideBits = new BigUint64Array(wide.buffer);

/** The 16 bits of the float16 next to x (IEEE 754 binary16, ties to even); beyond its range an infinity. */
export function float16Bits(x: number): number {
  wide[0] = x;
  const sign = Number(wideBits[0]! >> 63n) << 15;
  if (Number.isNaN(x)) return sign | 0x7e00;
  const size = Math.abs(x);
  if (size > 2 * LARGEST_FLOAT16) return sign | 0x7c00;
  // below 2^-14 the steps are 2^-24, above them 2^-10 of the power of two
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const step = 2 ** (Math.max(exponent, -14) - 10);
  const steps = roundHalfEven(size / step);
  const rounded = steps * step;
  if (rounded > LARGEST_FLOAT16) return sign | 0x7c00;
  if (rounded < 2 ** -14) return sign | steps;
  const power = Math.floor(Math.log2(rounded));
  return sign | ((power + 15) << 10) | (rounded / 2 ** (power - 10) - 1024);
}

/** The weight in float16. Throws OnnxError for a number beyond its range. */
export function halved(weight: TensorProto): TensorProto {
  const values = floatsOf(weight);
  const beyond = values.find((value) => Math.abs(value) > LARGEST_FLOAT16);
  if (beyond !== undefined)
    throw new OnnxError(
      `onnx: ${weight.name} holds ${beyond}, expected at most ${LARGEST_FLOAT16} for float16`,
      "export without --dtype float16",
    );
  const rawData = raw(values.length, 2, (view, i) => view.setUint16(2 * i, float16Bits(values[i]!), true));
  return { ...weight, dataType: dataTypes.float16, rawData };
}
