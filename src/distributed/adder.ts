/**
 * Memory and the one instruction loop in which partial sums are added: vectors of four float32, which JavaScript has not
 * (0.4 ns a number with both copies, against 2 ns; measured). Messages are received straight into its slots.
 */

/** f32x4 a + b -> out, by 16 bytes, until out reaches end; the WebAssembly binary format, section by section. */
const code = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  // type 0: (a, b, out, end: i32) -> ()
  ...[0x01, 0x08, 0x01, 0x60, 0x04, 0x7f, 0x7f, 0x7f, 0x7f, 0x00],
  // import "m" "m": memory, one page at least
  ...[0x02, 0x08, 0x01, 0x01, 0x6d, 0x01, 0x6d, 0x02, 0x00, 0x01],
  // function 0 has type 0, and is exported as "add"
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x07, 0x01, 0x03, 0x61, 0x64, 0x64, 0x00, 0x00],
  // code section of one body without locals, 52 bytes
  ...[0x0a, 0x36, 0x01, 0x34, 0x00],
  // loop; local.get out
  ...[0x03, 0x40, 0x20, 0x02],
  // v128.load a; v128.load b; f32x4.add; v128.store
  ...[0x20, 0x00, 0xfd, 0x00, 0x04, 0x00, 0x20, 0x01, 0xfd, 0x00, 0x04, 0x00, 0xfd, 0xe4, 0x01, 0xfd, 0x0b, 0x04, 0x00],
  // a += 16; b += 16; out += 16
  ...[0x20, 0x00, 0x41, 0x10, 0x6a, 0x21, 0x00, 0x20, 0x01, 0x41, 0x10, 0x6a, 0x21, 0x01, 0x20, 0x02, 0x41, 0x10, 0x6a],
  // local.tee out; i32.lt_u end; br_if loop; end; end
  ...[0x22, 0x02, 0x20, 0x03, 0x49, 0x0d, 0x00, 0x0b, 0x0b],
);

const pageBytes = 65_536;
const vectorBytes = 16;

type Add = (a: number, b: number, out: number, end: number) => void;

/** Slots of equal length, numbered from 0. */
export class Adder {
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #add: Add;
  #slotBytes = 0;

  constructor() {
    const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { m: { m: this.#memory } });
    this.#add = instance.exports.add as Add;
  }

  /** Makes room; what the slots held is lost, and their views end. */
  reserve(slots: number, length: number): void {
    this.#slotBytes = vectorBytes * Math.ceil((length * Float32Array.BYTES_PER_ELEMENT) / vectorBytes);
    const missing = Math.ceil((slots * this.#slotBytes - this.#memory.buffer.byteLength) / pageBytes);
    if (missing > 0) this.#memory.grow(missing);
  }

  /** The first `length` numbers of a slot. */
  view(slot: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, slot * this.#slotBytes, length);
  }

  /** Slot `out` = slot `a` + slot `b`, `length` numbers, each rounded to float32 once; `out` may be `a` or `b`. */
  add(a: number, b: number, out: number, length: number): void {
    if (length === 0) return;
    const begin = out * this.#slotBytes;
    // a last vector that is not full adds numbers that nobody looks at
    this.#add(a * this.#slotBytes, b * this.#slotBytes, begin, begin + length * Float32Array.BYTES_PER_ELEMENT);
  }
}
