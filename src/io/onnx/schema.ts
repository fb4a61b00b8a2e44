/**
 * The part of ONNX's file format that a convolutional network needs: its messages as types, and their field numbers as
 * tables (onnx/onnx.proto, IR version 7). What a message means and what an operator does: onnx.ai.
 */
import type { FieldTable } from "../protobuf.js";

/** TensorProto.DataType. */
export const dataTypes = { float32: 1, uint8: 2, int8: 3, int32: 6, float16: 10 } as const;
export type OnnxDataType = keyof typeof dataTypes;

/** AttributeProto.AttributeType. */
export const attributeTypes = { float: 1, integer: 2, integers: 7 } as const;

export interface AttributeProto {
  readonly name: string;
  readonly f?: number;
  readonly i?: number;
  readonly ints?: readonly number[];
  readonly type: number;
}
export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  readonly attribute: readonly AttributeProto[];
}
export interface TensorProto {
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly name: string;
  /** Little endian. */
  readonly rawData: Uint8Array;
}
/** A size, or the name of one that is free. */
export interface DimensionProto {
  readonly dimValue?: number;
  readonly dimParam?: string;
}
export interface ShapeProto {
  readonly dim: readonly DimensionProto[];
}
export interface TensorTypeProto {
  readonly elemType: number;
  readonly shape: ShapeProto;
}
export interface TypeProto {
  readonly tensorType: TensorTypeProto;
}
export interface ValueInfoProto {
  readonly name: string;
  readonly type: TypeProto;
  readonly docString?: string;
}
export interface GraphProto {
  readonly node: readonly NodeProto[];
  readonly name: string;
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
}
export interface OperatorSetProto {
  readonly domain: string;
  readonly version: number;
}
export interface EntryProto {
  readonly key: string;
  readonly value: string;
}
export interface ModelProto {
  readonly irVersion: number;
  readonly producerName: string;
  readonly graph: GraphProto;
  readonly opsetImport: readonly OperatorSetProto[];
  readonly metadataProps: readonly EntryProto[];
}

const integer = (number: number) => ({ number, type: "integer" }) as const;
const float = (number: number) => ({ number, type: "float" }) as const;
const text = (number: number) => ({ number, type: "text" }) as const;
const bytes = (number: number) => ({ number, type: "bytes" }) as const;
const message = <M>(number: number, fields: FieldTable<M>, lists: readonly (keyof M & string)[] = []) =>
  ({ number, type: "message", fields, lists }) as const;

const attributeFields: FieldTable<AttributeProto> = {
  name: text(1),
  f: float(2),
  i: integer(3),
  ints: integer(8),
  type: integer(20),
};
const nodeFields: FieldTable<NodeProto> = {
  input: text(1),
  output: text(2),
  name: text(3),
  opType: text(4),
  attribute: message(5, attributeFields, ["ints"]),
};
const tensorFields: FieldTable<TensorProto> = {
  dims: integer(1),
  dataType: integer(2),
  name: text(8),
  rawData: bytes(9),
};
const dimensionFields: FieldTable<DimensionProto> = { dimValue: integer(1), dimParam: text(2) };
const shapeFields: FieldTable<ShapeProto> = { dim: message(1, dimensionFields) };
const tensorTypeFields: FieldTable<TensorTypeProto> = { elemType: integer(1), shape: message(2, shapeFields, ["dim"]) };
const typeFields: FieldTable<TypeProto> = { tensorType: message(1, tensorTypeFields) };
const valueInfoFields: FieldTable<ValueInfoProto> = { name: text(1), type: message(2, typeFields), docString: text(3) };
const graphFields: FieldTable<GraphProto> = {
  node: message(1, nodeFields, ["input", "output", "attribute"]),
  name: text(2),
  initializer: message(5, tensorFields, ["dims"]),
  input: message(11, valueInfoFields),
  output: message(12, valueInfoFields),
};

export const modelFields: FieldTable<ModelProto> = {
  irVersion: integer(1),
  producerName: text(2),
  graph: message(7, graphFields, ["node", "initializer", "input", "output"]),
  opsetImport: message<OperatorSetProto>(8, { domain: text(1), version: integer(2) }),
  metadataProps: message<EntryProto>(14, { key: text(1), value: text(2) }),
};
/** Repeated fields of a model. */
export const modelLists = ["opsetImport", "metadataProps"] as const;
