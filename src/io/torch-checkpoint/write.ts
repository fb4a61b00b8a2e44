/**
 * Files that torch.load opens: pickle protocol 2 with no more opcodes than torch.save's own, in a ZIP archive laid out as its
 * own. weights_only=True takes them too; that of PyTorch 1.13 knows no floats, which only training checkpoints have. Equal
 * values give equal bytes.
 */

import { stridesOf } from "../../tensor/shape.js";
import { CheckpointError } from "../../util/errors.js";
import { rowOf } from "../element-codes.js";
import { codeOf, type StoredTensor } from "../safetensors.js";
import { storageClasses } from "./tensors.js";
import { writeZip, type ZipPiece } from "./zip-writer.js";

/** A state dict: written as collections.OrderedDict, with tensors for values. */
export type StateDictEntries = ReadonlyMap<string, StoredTensor>;

/**
 * What can be written: objects become dictionaries with text for keys, Maps dictionaries with any keys, state dicts
 * ordered ones. Numbers without a fraction become int.
 */
export type Writable =
  | null
  | boolean
  | number
  | string
  | StoredTensor
  | StateDict
  | readonly Writable[]
  | ReadonlyMap<string | number, Writable>
  | { readonly [key: string]: Writable };

/** Marks a map of tensors as a state dict. */
export class StateDict {
  readonly entries: StateDictEntries;

  constructor(entries: StateDictEntries) {
    this.entries = entries;
  }
}

/** The folder inside the archive; torch.save uses the same where it writes into a stream. */
const ROOT = "archive";

/** The bytes of a .pth file. Throws CheckpointError for an element type that is read only. */
export function encodeTorchFile(value: Writable): Uint8Array {
  const pickler = new Pickler();
  const pickle = pickler.pickle(value);
  const text = (content: string) => new TextEncoder().encode(content);
  return writeZip([
    { name: `${ROOT}/data.pkl`, bytes: pickle },
    { name: `${ROOT}/byteorder`, bytes: text("little") },
    ...pickler.storages,
    { name: `${ROOT}/version`, bytes: text("3\n") },
  ]);
}

/** A growing array of bytes. */
class ByteSink {
  #bytes = new Uint8Array(1 << 12);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #room(count: number): number {
    const at = this.#length;
    if (at + count > this.#bytes.length) {
      const larger = new Uint8Array(2 * (at + count));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = at + count;
    return at;
  }

  raw(bytes: ArrayLike<number>): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  op(letter: string | number): void {
    this.raw([typeof letter === "number" ? letter : letter.charCodeAt(0)]);
  }

  uint32(value: number): void {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
  }

  float64(value: number): void {
    const at = this.#room(8);
    this.#view.setFloat64(at, value, false);
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

class Pickler {
  readonly storages: ZipPiece[] = [];
  readonly #sink = new ByteSink();

  pickle(value: Writable): Uint8Array {
    this.#sink.raw([0x80, 2]);
    this.#write(value);
    this.#sink.op(".");
    return this.#sink.done();
  }

  #write(value: Writable): void {
    const sink = this.#sink;
    if (value === null) sink.op("N");
    else if (typeof value === "boolean") sink.op(value ? 0x88 : 0x89);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#text(value);
    else if (value instanceof StateDict) {
      this.#global("collections", "OrderedDict");
      sink.raw([0x29, 0x52]); // EMPTY_TUPLE REDUCE
      this.#items([...value.entries]);
    } else if (Array.isArray(value)) this.#list(value);
    else if (value instanceof Map) {
      sink.op("}");
      this.#items([...(value as ReadonlyMap<string | number, Writable>)]);
    } else if (isTensor(value)) this.#tensor(value);
    else {
      sink.op("}");
      this.#items(Object.entries(value as { readonly [key: string]: Writable }));
    }
  }

  #items(items: readonly (readonly [string | number, Writable])[]): void {
    this.#sink.op("(");
    for (const [key, item] of items) {
      this.#write(key);
      this.#write(item);
    }
    this.#sink.op("u");
  }

  #list(items: readonly Writable[]): void {
    this.#sink.raw([0x5d, 0x28]); // EMPTY_LIST MARK
    for (const item of items) this.#write(item);
    this.#sink.op("e");
  }

  #number(value: number): void {
    const sink = this.#sink;
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) {
      sink.op("J");
      sink.uint32(value >>> 0);
    } else if (Number.isSafeInteger(value)) {
      sink.raw([0x8a, 8]); // LONG1
      const digits = new Uint8Array(8);
      new DataView(digits.buffer).setBigInt64(0, BigInt(value), true);
      sink.raw(digits);
    } else {
      sink.op("G");
      sink.float64(value);
    }
  }

  #text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.#sink.op("X");
    this.#sink.uint32(bytes.length);
    this.#sink.raw(bytes);
  }

  #global(module: string, name: string): void {
    this.#sink.raw(new TextEncoder().encode(`c${module}\n${name}\n`));
  }

  #tuple(items: readonly number[]): void {
    this.#sink.op("(");
    for (const item of items) this.#number(item);
    this.#sink.op("t");
  }

  /** torch._utils._rebuild_tensor_v2(storage, offset 0, shape, strides, requires_grad, hooks) */
  #tensor(tensor: StoredTensor): void {
    const { shape, values } = tensor;
    const code = codeOf(tensor);
    const { bytes: width, encode } = rowOf(code);
    if (!encode) throw new CheckpointError(`torch: a tensor asks to be written as ${code}, which is read only`);
    const bytes = new Uint8Array(values.length * width);
    encode(values, new DataView(bytes.buffer));
    const key = String(this.storages.length);
    this.storages.push({ name: `${ROOT}/data/${key}`, bytes });
    const sink = this.#sink;
    this.#global("torch._utils", "_rebuild_tensor_v2");
    sink.raw([0x28, 0x28]); // MARK MARK
    this.#text("storage");
    this.#global("torch", storageClasses[code]);
    this.#text(key);
    this.#text("cpu");
    this.#number(values.length);
    sink.raw([0x74, 0x51]); // TUPLE BINPERSID
    this.#number(0);
    this.#tuple(shape);
    this.#tuple(stridesOf(shape));
    sink.op(0x89); // NEWFALSE
    this.#global("collections", "OrderedDict");
    sink.raw([0x29, 0x52, 0x74, 0x52]); // EMPTY_TUPLE REDUCE TUPLE REDUCE
  }
}

const isTensor = (value: object): value is StoredTensor => "values" in value && ArrayBuffer.isView(value.values);
