/**
 * Protocol buffers, the half that reads, by the tables of the half that writes (protobuf.dev, "Encoding"). Fields without a row are
 * passed over; a repeated field is told by what its table says.
 */
import { TensoroneError } from "../util/errors.js";
import type { Field, FieldTable } from "./protobuf.js";

/** Bytes behind a tag by its last three bits; null: a length comes first. */
const fixedBytes: Readonly<Record<number, number>> = { 1: 8, 5: 4 };
const VARINT = 0;
const LENGTH_DELIMITED = 2;
/** Seven bits each, for numbers up to 2^53. */
const MOST_VARINT_BYTES = 8;

class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(what: string): never {
    throw new TensoroneError(`protobuf: ${what} at byte ${this.at} of ${this.bytes.length}`, "the file is damaged");
  }

  varint(): number {
    let value = 0;
    for (let i = 0; i < MOST_VARINT_BYTES; i++) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) this.fail("the end within a number");
      value += (byte & 0x7f) * 128 ** i;
      if (byte < 0x80) return value;
    }
    return this.fail("a number beyond 2^53");
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.at) this.fail(`${length} bytes are announced, beyond the end`);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  float(bytes: number): number {
    const begin = this.at;
    this.take(bytes);
    return bytes === 4 ? this.#view.getFloat32(begin, true) : this.#view.getFloat64(begin, true);
  }
}

type Fields = Readonly<Record<string, Field>>;

function fieldValue(reader: Reader, field: Field, wire: number): unknown {
  if (wire === VARINT) return reader.varint();
  const fixed = fixedBytes[wire];
  if (fixed !== undefined) return reader.float(fixed);
  if (wire !== LENGTH_DELIMITED) reader.fail(`a value of kind ${wire}`);
  const content = reader.take(reader.varint());
  if (field.type === "text") return new TextDecoder().decode(content);
  if (field.type === "message") return read(content, field.fields, field.lists ?? []);
  return content;
}

function read(bytes: Uint8Array, fields: Fields, lists: readonly string[]): Record<string, unknown> {
  const byNumber = new Map(Object.entries(fields).map(([name, field]) => [field.number, { name, field }]));
  const message: Record<string, unknown> = Object.fromEntries(lists.map((name) => [name, []]));
  const reader = new Reader(bytes);
  while (reader.at < bytes.length) {
    const tag = reader.varint();
    const wire = tag % 8;
    const row = byNumber.get(Math.floor(tag / 8));
    const value = fieldValue(reader, row?.field ?? { number: 0, type: "bytes" }, wire);
    if (!row) continue;
    const list = message[row.name];
    if (Array.isArray(list)) list.push(value);
    else message[row.name] = value;
  }
  return message;
}

/** The message in `bytes`; fields named in `lists`, and in those of its parts, are arrays. Throws TensoroneError for damaged bytes. */
export const decodeMessage = <M extends object>(
  fields: FieldTable<M>,
  lists: readonly string[],
  bytes: Uint8Array,
): M => read(bytes, fields, lists) as M;
