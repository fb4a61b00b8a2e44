/**
 * A growing run of bytes with the integer and float encodings of the WebAssembly binary format (WebAssembly core
 * specification, chapter 5). It knows bytes, not instructions.
 */
import { PREFIX_SIMD } from "./opcodes.js";

const scratch = new DataView(new ArrayBuffer(8));

export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written so far; valid until the next write. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.bytes);
    this.#bytes = larger;
  }

  byte(value: number): this {
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  raw(bytes: Uint8Array | readonly number[]): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Unsigned LEB128 of a uint32. */
  unsigned(value: number): this {
    let rest = value >>> 0;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** Signed LEB128 of an int32. */
  signed(value: number): this {
    let rest = value | 0;
    while (rest > 63 || rest < -64) {
      this.byte((rest & 127) | 128);
      rest >>= 7;
    }
    return this.byte(rest & 127);
  }

  /** A vector instruction: prefix and opcode. */
  simd(opcode: number): this {
    return this.byte(PREFIX_SIMD).unsigned(opcode);
  }

  f32(value: number): this {
    scratch.setFloat32(0, value, true);
    for (let i = 0; i < 4; i++) this.byte(scratch.getUint8(i));
    return this;
  }

  f64(value: number): this {
    scratch.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.byte(scratch.getUint8(i));
    return this;
  }

  i32(value: number): this {
    scratch.setInt32(0, value, true);
    for (let i = 0; i < 4; i++) this.byte(scratch.getUint8(i));
    return this;
  }

  /** A length-prefixed ASCII name. */
  name(text: string): this {
    this.unsigned(text.length);
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
    return this;
  }

  /** A length-prefixed run of bytes. */
  block(content: Writer): this {
    return this.unsigned(content.length).raw(content.bytes);
  }
}
