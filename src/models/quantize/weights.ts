/**
 * The numbers of an ONNX graph's weights, and tensors of other types for it: int8, int32 and float16 by rounding half to even.
 */

import { float16Bits, LARGEST_FLOAT16 } from "../../io/float16.js";
import { OnnxError } from "../../io/onnx/graph.js";
import { dataTypes, type TensorProto } from "../../io/onnx/schema.js";

/** The float32 values of a weight. */
export function floatsOf({ name, dataType, rawData }: TensorProto): Float32Array {
  if (dataType !== dataTypes.float32) throw new OnnxError(`onnx: ${name} has data type ${dataType}, expected float32`);
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Float32Array.from({ length: rawData.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
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
