/**
 * Element types of ONNX: how their bytes become numbers, and which dtype holds them. Integers without a dtype of their own are
 * held by a wider one; values that do not fit are refused by the tensor that they are made into.
 */
import { type DType, type Tensor, tensor } from "../../src/index.js";
import { Inexpressible, typesWithoutDType } from "./inexpressible.js";
import type { TensorProto } from "./messages.js";

interface ElementType {
  readonly name: string;
  readonly dtype: DType;
  readonly bytes: number;
  read(view: DataView, at: number): number;
  /** Values that are not stored as raw bytes. */
  listed(proto: TensorProto): readonly (number | bigint)[];
}

const int32List = ({ int32Data }: TensorProto) => int32Data;
const uint64List = ({ uint64Data }: TensorProto) => uint64Data;

/** A row for each type, by its code in TensorProto.DataType. */
export const elementTypes: { readonly [code: number]: ElementType } = {
  1: {
    name: "float32",
    dtype: "float32",
    bytes: 4,
    read: (v, at) => v.getFloat32(at, true),
    listed: (p) => p.floatData,
  },
  2: { name: "uint8", dtype: "uint8", bytes: 1, read: (v, at) => v.getUint8(at), listed: int32List },
  3: { name: "int8", dtype: "int32", bytes: 1, read: (v, at) => v.getInt8(at), listed: int32List },
  4: { name: "uint16", dtype: "int32", bytes: 2, read: (v, at) => v.getUint16(at, true), listed: int32List },
  5: { name: "int16", dtype: "int32", bytes: 2, read: (v, at) => v.getInt16(at, true), listed: int32List },
  6: { name: "int32", dtype: "int32", bytes: 4, read: (v, at) => v.getInt32(at, true), listed: int32List },
  7: {
    name: "int64",
    dtype: "int32",
    bytes: 8,
    read: (v, at) => Number(v.getBigInt64(at, true)),
    listed: (p) => p.int64Data,
  },
  9: { name: "bool", dtype: "bool", bytes: 1, read: (v, at) => v.getUint8(at), listed: int32List },
  11: {
    name: "float64",
    dtype: "float64",
    bytes: 8,
    read: (v, at) => v.getFloat64(at, true),
    listed: (p) => p.doubleData,
  },
  12: { name: "uint32", dtype: "int32", bytes: 4, read: (v, at) => v.getUint32(at, true), listed: uint64List },
  13: {
    name: "uint64",
    dtype: "int32",
    bytes: 8,
    read: (v, at) => Number(v.getBigUint64(at, true)),
    listed: uint64List,
  },
};

/** What holds shapes and positions, which are int64 in ONNX. */
export const indexDType: DType = elementTypes[7]!.dtype;

/** The row of a type. Throws Inexpressible where no dtype holds it. */
export function elementType(code: number): ElementType {
  const row = elementTypes[code];
  if (row) return row;
  throw new Inexpressible(typesWithoutDType.get(code) ?? `element type ${code}: no dtype`);
}

/** What flows along an edge of the graph: a tensor, made when an operator asks for it, or numbers that say how to compute. */
export class Value {
  #tensor: Tensor | null = null;
  readonly #host: {
    readonly dims: readonly number[];
    readonly values: readonly number[];
    readonly dtype: DType;
  } | null;

  constructor(
    from: Tensor | { readonly dims: readonly number[]; readonly values: readonly number[]; readonly dtype: DType },
  ) {
    this.#host = "values" in from ? from : null;
    if (!("values" in from)) this.#tensor = from;
  }

  get tensor(): Tensor {
    this.#tensor ??= tensor(Float64Array.from(this.#host!.values), this.#host!.dims, { dtype: this.#host!.dtype });
    return this.#tensor;
  }

  /** Shapes, axes, bounds: what public calls take as numbers. */
  get numbers(): readonly number[] {
    return this.#host?.values ?? Array.from(this.tensor.dataSync(), Number);
  }

  get shape(): readonly number[] {
    return this.#host?.dims ?? this.tensor.shape;
  }
}

/** The stored numbers of a tensor. */
export function valuesOf(proto: TensorProto): readonly number[] {
  const row = elementType(Number(proto.dataType));
  const { rawData } = proto;
  if (!rawData) return row.listed(proto).map(Number);
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Array.from({ length: rawData.byteLength / row.bytes }, (_, i) => row.read(view, i * row.bytes));
}

export const storedValue = (proto: TensorProto): Value =>
  new Value({
    dims: proto.dims.map(Number),
    values: valuesOf(proto),
    dtype: elementType(Number(proto.dataType)).dtype,
  });
