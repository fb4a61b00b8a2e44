/**
 * Protocol buffers, the half that reads: from bytes to plain objects by a table of fields (protobuf.dev, "Encoding").
 * Fields without a row are passed over. It shares nothing with the writer of src/io/protobuf.ts, which it must not agree with by birth.
 */

/** How the bytes of one field become a value; lists may come packed or one by one. */
export interface Field {
  readonly number: number;
  readonly kind: "integer" | "float" | "double" | "text" | "bytes" | "message";
  readonly isList: boolean;
  /** Of a message; a function, since messages of ONNX hold each other. */
  readonly fields?: () => Fields;
}
export type Fields = { readonly [name: string]: Field };
type Message = { [name: string]: unknown };

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

class Reader {
  at = 0;
  readonly #view: DataView;
  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isDone(): boolean {
    return this.at >= this.bytes.length;
  }

  /** 64 bits, two's complement. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#view.getUint8(this.at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
  }

  float(): number {
    this.at += 4;
    return this.#view.getFloat32(this.at - 4, true);
  }

  double(): number {
    this.at += 8;
    return this.#view.getFloat64(this.at - 8, true);
  }

  delimited(): Uint8Array {
    const length = Number(this.varint());
    this.at += length;
    if (this.at > this.bytes.length) throw new Error(`protobuf: a field ends at ${this.at} of ${this.bytes.length}`);
    return this.bytes.subarray(this.at - length, this.at);
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.varint();
    else if (wireType === FIXED_64) this.at += 8;
    else if (wireType === FIXED_32) this.at += 4;
    else if (wireType === LENGTH_DELIMITED) this.delimited();
    else throw new Error(`protobuf: wire type ${wireType} at byte ${this.at}, expected 0, 1, 2 or 5`);
  }
}

/** One value of a field, where the reader stands. */
function readOne(reader: Reader, field: Field): unknown {
  switch (field.kind) {
    case "integer":
      return reader.varint();
    case "float":
      return reader.float();
    case "double":
      return reader.double();
    case "text":
      return new TextDecoder().decode(reader.delimited());
    case "bytes":
      return reader.delimited();
    case "message":
      return decodeMessage(field.fields!(), reader.delimited());
  }
}

const isPackable = ({ kind }: Field): boolean => kind === "integer" || kind === "float" || kind === "double";

/** A message as an object: lists are always there, other fields where the bytes hold them; the last one counts. */
export function decodeMessage(fields: Fields, bytes: Uint8Array): object {
  const message: Message = {};
  const byNumber = new Map<number, [name: string, field: Field]>();
  for (const [name, field] of Object.entries(fields)) {
    byNumber.set(field.number, [name, field]);
    if (field.isList) message[name] = [];
  }
  const reader = new Reader(bytes);
  while (!reader.isDone) {
    const tag = Number(reader.varint());
    const wireType = tag & 7;
    const row = byNumber.get(tag >> 3);
    if (!row) {
      reader.skip(wireType);
      continue;
    }
    const [name, field] = row;
    if (!field.isList) message[name] = readOne(reader, field);
    else if (wireType === LENGTH_DELIMITED && isPackable(field)) {
      const packed = new Reader(reader.delimited());
      while (!packed.isDone) (message[name] as unknown[]).push(readOne(packed, field));
    } else (message[name] as unknown[]).push(readOne(reader, field));
  }
  return message;
}
