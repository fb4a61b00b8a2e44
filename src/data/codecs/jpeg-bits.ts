/**
 * The bytes of a JPEG as libjpeg sees them: behind the last come end markers without end, and in image data the bits behind a marker
 * are zeros. So a damaged file never ends a decoder in mid-flight, and where it went wrong can be told afterwards.
 */
import { type HuffmanTable, LOOK_BITS } from "./jpeg-tables.js";

const LONGEST = 16;

/** A place in a file, and the bits that were taken from before it. */
export class JpegBits {
  /** Where the next byte is read; on the FF of a marker once the bits met one. */
  at: number;
  /** Codes that no table has, and runs that leave their block. */
  damages = 0;
  /** Fill bytes before a stuffed zero, where no marker follows. */
  fills = 0;
  readonly #bytes: Uint8Array;
  #bits = 0;
  #count = 0;
  /** Zeros among the bits that stand for missing ones. */
  #missing = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Any byte of the file, or of the end markers behind it. */
  byteAt(at: number): number {
    const { length } = this.#bytes;
    if (at < length) return this.#bytes[at]!;
    return (at - length) & 1 ? 0xd9 : 0xff;
  }

  /** Whether bits were taken that are not there. */
  get isOverdrawn(): boolean {
    return this.#count < this.#missing;
  }

  /**
   * Whole bytes that were read and not used. A single one of ones is padding: encoders that find their last byte full, jpeg-js's and
   * with it every eighth of its pictures, write another.
   */
  get unusedBytes(): number {
    const unused = Math.max(0, this.#count - this.#missing);
    const ones = 2 ** unused - 1;
    const isPadding = unused < 16 && ((this.#bits >>> this.#missing) & ones) === ones;
    return isPadding ? 0 : unused >> 3;
  }

  /** Forgets the bits, to go on with whole bytes. */
  align(): void {
    this.#count = 0;
    this.#missing = 0;
  }

  /** At least 25 bits. */
  #fill(): void {
    const bytes = this.#bytes;
    while (this.#count <= 24) {
      const { at } = this;
      let byte = at < bytes.length ? bytes[at]! : 0xff;
      let next = at + 1;
      if (byte === 0xff) {
        while (this.byteAt(next) === 0xff) next++;
        if (this.byteAt(next) === 0) {
          if (next > at + 1) this.fills++;
          next++;
        } else {
          byte = 0;
          next = at;
          this.#missing += 8;
        }
      }
      this.at = next;
      this.#bits = (this.#bits << 8) | byte;
      this.#count += 8;
    }
  }

  /** The next `count` bits, at most 16, as a number. */
  take(count: number): number {
    if (this.#count < count) this.#fill();
    this.#count -= count;
    return (this.#bits >>> this.#count) & ((1 << count) - 1);
  }

  /** `size` bits as a signed difference (T.81, F.2.2.1). */
  takeSigned(size: number): number {
    const value = this.take(size);
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** The next symbol; 0 after 17 bits that begin no code, as in libjpeg. */
  symbol({ look, largest, offset, symbols }: HuffmanTable): number {
    if (this.#count <= LONGEST) this.#fill();
    const entry = look[(this.#bits >>> (this.#count - LOOK_BITS)) & ((1 << LOOK_BITS) - 1)]!;
    if (entry !== 0) {
      this.#count -= entry >> 8;
      return entry & 255;
    }
    let length = LOOK_BITS + 1;
    this.#count -= length;
    let code = (this.#bits >>> this.#count) & ((1 << length) - 1);
    while (code > largest[length]!) {
      length++;
      this.#count--;
      code = (this.#bits >>> this.#count) & ((1 << length) - 1);
    }
    if (length <= LONGEST) return symbols[(code + offset[length]!) & 255]!;
    this.damages++;
    return 0;
  }
}
