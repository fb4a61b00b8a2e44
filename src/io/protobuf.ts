/**
 * Protocol buffers, the half that writes: from plain objects to bytes by a table of fields (protobuf.dev, "Encoding").
 * Every field that is given is written, defaults too; repeated numbers are not packed, which every reader accepts.
 */
import { TensoroneError } from "../util/errors.js";

/** One field: its number and how its value is written; an array is a repeated field. */
export type Field =
  | { readonly number: number; readonly type: "integer" | "float" | "double" | "text" | "bytes" }
  | {
      readonly number: number;
      readonly type: "message";
      readonly fields: Fields;
      /** Names of its repeated fields, for reading. */
      readonly lists?: readonly string[];
    };

type Fields = { readonly [name: string]: Field };

/** The fields of a message, a row for each. */
export type FieldTable<M> = { readonly [K in keyof Required<M>]: Field };

/** The last three bits of a field's tag: how long its value is. */
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const CONTINUES = 0x80;

/** Seven bits a byte, the lowest first. Throws TensoroneError for what is no count. */
function varint(value: number, where: string): number[] {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new TensoroneError(`protobuf: ${where} is ${value}, expected a whole number of at least 0`);
  const bytes: number[] = [];
  let rest = value;
  // no shifts: they would cut the number to 32 bits
  for (; rest >= CONTINUES; rest = Math.floor(rest / CONTINUES)) bytes.push((rest % CONTINUES) + CONTINUES);
  bytes.push(rest);
  return bytes;
}

/** Bytes in pieces: the weights of a model are copied once, when all is joined. */
class Pieces {
  readonly pieces: Uint8Array[] = [];
  length = 0;

  push(piece: Uint8Array | readonly number[]): void {
    this.pieces.push(piece instanceof Uint8Array ? piece : Uint8Array.from(piece));
    this.length += piece.length;
  }

  append(other: Pieces): void {
    for (const piece of other.pieces) this.pieces.push(piece);
    this.length += other.length;
  }

  join(): Uint8Array {
    const bytes = new Uint8Array(this.length);
    let at = 0;
    for (const piece of this.pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }
}

function float32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}

function float64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}

function writeValue(out: Pieces, name: string, field: Field, value: unknown): void {
  const tag = (wireType: number) => out.push(varint(field.number * 8 + wireType, name));
  const delimited = (content: Uint8Array | Pieces) => {
    tag(LENGTH_DELIMITED);
    out.push(varint(content.length, name));
    if (content instanceof Pieces) out.append(content);
    else out.push(content);
  };
  switch (field.type) {
    case "integer":
      tag(VARINT);
      out.push(varint(value as number, name));
      break;
    case "float":
      tag(FIXED_32);
      out.push(float32(value as number));
      break;
    case "double":
      tag(FIXED_64);
      out.push(float64(value as number));
      break;
    case "text":
      delimited(new TextEncoder().encode(value as string));
      break;
    case "bytes":
      delimited(value as Uint8Array);
      break;
    case "message":
      delimited(piecesOf(field.fields, value as object));
  }
}

function piecesOf(fields: Fields, message: object): Pieces {
  const out = new Pieces();
  const values = message as { readonly [name: string]: unknown };
  for (const [name, field] of Object.entries(fields)) {
    const value = values[name];
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) writeValue(out, name, field, one);
  }
  return out;
}

/** The bytes of a message, fields in the order of their table: equal messages give equal bytes. */
export function encodeMessage<M extends object>(fields: FieldTable<M>, message: M): Uint8Array {
  return piecesOf(fields, message).join();
}
