/**
 * Memory and the one instruction loop in which partial sums are added: vectors of four float32, which JavaScript has not
 * (0.4 ns a number with both copies, against 2 ns; measured). Messages are received straight into its slots.
 */
import { alignUp } from "../util/align-up.js";
import { MAX_PAGES, type Target, WasmModule } from "../wasm/index.js";

const PAGE_BYTES = 65_536;
const VECTOR_BYTES = 16;

/** Plain SIMD: every engine that has it adds alike. */
const target: Target = { lanes: 4, fma: false, fences: false, shared: false };

/** out = a + b for the vectors at byte offsets begin, begin + 16, … below end; end is at most VECTOR_BYTES past what counts. */
type Add = (begin: number, end: number, a: number, b: number, out: number) => void;

function addModule(): WasmModule {
  const m = new WasmModule(target);
  m.run(["a", "b", "out"], (f, begin, end, a, b, out) => {
    const last = f.int(out.add(end));
    for (const pointer of [a, b, out]) pointer.inc(begin);
    f.while(
      () => out.below(last),
      () => {
        f.store(out, 0, f.load(a).add(f.load(b)));
        for (const pointer of [a, b, out]) pointer.inc(VECTOR_BYTES);
      },
    );
  });
  return m;
}

/** Slots of equal length, numbered from 0. */
export class Adder {
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
  readonly #add: Add;
  #slotBytes = 0;

  constructor() {
    const module = new WebAssembly.Module(addModule().bytes() as BufferSource);
    this.#add = new WebAssembly.Instance(module, { e: { m: this.#memory, w: 0 } }).exports.run as Add;
  }

  /** Makes room; what the slots held is lost, and their views end. */
  reserve(slots: number, length: number): void {
    this.#slotBytes = alignUp(length * Float32Array.BYTES_PER_ELEMENT, VECTOR_BYTES);
    const missing = Math.ceil((slots * this.#slotBytes - this.#memory.buffer.byteLength) / PAGE_BYTES);
    if (missing > 0) this.#memory.grow(missing);
  }

  /** The first `length` numbers of a slot. */
  view(slot: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, slot * this.#slotBytes, length);
  }

  /** Slot `out` = slot `a` + slot `b`, `length` numbers, each rounded to float32 once; `out` may be `a` or `b`. */
  add(a: number, b: number, out: number, length: number): void {
    if (length === 0) return;
    // a last vector that is not full adds numbers that are never read
    const bytes = length * Float32Array.BYTES_PER_ELEMENT;
    this.#add(0, bytes, a * this.#slotBytes, b * this.#slotBytes, out * this.#slotBytes);
  }
}
