/**
 * The messages of ONNX's files that the backend tests use, as types and tables (onnx/onnx.proto of version 1.12).
 */
import { decodeMessage, type Field, type Fields } from "./protobuf.js";

export interface TensorProto {
  readonly dims: readonly bigint[];
  readonly dataType?: bigint;
  readonly floatData: readonly number[];
  readonly int32Data: readonly bigint[];
  readonly stringData: readonly Uint8Array[];
  readonly int64Data: readonly bigint[];
  readonly name?: string;
  readonly rawData?: Uint8Array;
  readonly doubleData: readonly number[];
  readonly uint64Data: readonly bigint[];
}
export interface AttributeProto {
  readonly name: string;
  readonly f?: number;
  readonly i?: bigint;
  readonly s?: Uint8Array;
  readonly t?: TensorProto;
  readonly g?: GraphProto;
  readonly floats: readonly number[];
  readonly ints: readonly bigint[];
  readonly strings: readonly Uint8Array[];
  readonly type?: bigint;
  readonly refAttrName?: string;
}
export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly opType: string;
  readonly attribute: readonly AttributeProto[];
  readonly domain?: string;
}
/** Of the kinds of values, the one that is there. */
export interface TypeProto {
  readonly tensorType?: { readonly elemType?: bigint };
  readonly sequenceType?: object;
  readonly mapType?: object;
  readonly optionalType?: object;
}
export interface ValueInfoProto {
  readonly name: string;
  readonly type: TypeProto;
}
export interface GraphProto {
  readonly node: readonly NodeProto[];
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
}
/** A list of tensors; what else it may hold no test uses. */
export interface SequenceProto {
  readonly tensorValues: readonly TensorProto[];
}
/** A tensor, a sequence, or nothing. */
export interface OptionalProto {
  readonly tensorValue?: TensorProto;
  readonly sequenceValue?: SequenceProto;
}
export interface ModelProto {
  readonly graph: GraphProto;
  readonly opsetImport: readonly { readonly domain?: string; readonly version: bigint }[];
}

const one = (kind: Field["kind"]) => (number: number) => ({ number, kind, isList: false }) as const;
const many = (kind: Field["kind"]) => (number: number) => ({ number, kind, isList: true }) as const;
const message = (number: number, fields: () => Fields) => ({ number, kind: "message", isList: false, fields }) as const;
const messages = (number: number, fields: () => Fields) => ({ number, kind: "message", isList: true, fields }) as const;
const integer = one("integer");
const text = one("text");
const bytes = one("bytes");

const tensorFields = {
  dims: many("integer")(1),
  dataType: integer(2),
  floatData: many("float")(4),
  int32Data: many("integer")(5),
  stringData: many("bytes")(6),
  int64Data: many("integer")(7),
  name: text(8),
  rawData: bytes(9),
  doubleData: many("double")(10),
  uint64Data: many("integer")(11),
} as const;
const attributeFields: Fields = {
  name: text(1),
  f: one("float")(2),
  i: integer(3),
  s: bytes(4),
  t: message(5, () => tensorFields),
  g: message(6, () => graphFields),
  floats: many("float")(7),
  ints: many("integer")(8),
  strings: many("bytes")(9),
  type: integer(20),
  refAttrName: text(21),
};
const nodeFields: Fields = {
  input: many("text")(1),
  output: many("text")(2),
  opType: text(4),
  attribute: messages(5, () => attributeFields),
  domain: text(7),
};
const nothing = () => ({});
const typeFields: Fields = {
  tensorType: message(1, () => ({ elemType: integer(1) })),
  sequenceType: message(4, nothing),
  mapType: message(5, nothing),
  optionalType: message(9, nothing),
};
const valueInfoFields: Fields = { name: text(1), type: message(2, () => typeFields) };
const graphFields: Fields = {
  node: messages(1, () => nodeFields),
  initializer: messages(5, () => tensorFields),
  input: messages(11, () => valueInfoFields),
  output: messages(12, () => valueInfoFields),
};
const modelFields: Fields = {
  graph: message(7, () => graphFields),
  opsetImport: messages(8, () => ({ domain: text(1), version: integer(2) })),
};

const sequenceFields: Fields = { tensorValues: messages(3, () => tensorFields) };
const optionalFields: Fields = {
  tensorValue: message(3, () => tensorFields),
  sequenceValue: message(5, () => sequenceFields),
};

export const decodeModel = (file: Uint8Array): ModelProto => decodeMessage(modelFields, file) as ModelProto;
export const decodeTensor = (file: Uint8Array): TensorProto => decodeMessage(tensorFields, file) as TensorProto;
export const decodeSequence = (file: Uint8Array): SequenceProto => decodeMessage(sequenceFields, file) as SequenceProto;
export const decodeOptional = (file: Uint8Array): OptionalProto => decodeMessage(optionalFields, file) as OptionalProto;
