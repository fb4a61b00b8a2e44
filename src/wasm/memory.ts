/**
 * Reading and writing memory from a function being written. Pointers are i32 expressions in bytes, `at` is a constant byte
 * offset; nothing needs to be aligned beyond its elements.
 */
import { LocalsBuilder } from "./locals.js";
import * as control from "./opcodes/control.js";
import * as i32 from "./opcodes/i32.js";
import * as v128 from "./opcodes/v128.js";
import { floats, MEMORY_COPY, MEMORY_FILL, PREFIX_BULK } from "./opcodes.js";
import { type Emit, Float, type FloatKind, Int, type IntLike } from "./scalars.js";
import { Vec } from "./vectors.js";
import type { Writer } from "./writer.js";

/** The alignment that an instruction may count on, as an exponent of 2. */
const ALIGN_1 = 0;
const ALIGN_4 = 2;
const ALIGN_8 = 3;
/** The index of the one memory. */
const MEMORY = 0;

/** Four bits times this stand one in the lowest bit of each byte, among others that LOW_BITS takes away. */
const SPREAD_BITS = 0x00204081;
const LOW_BITS = 0x01010101;
/** Lane i keeps byte i of what every lane holds. */
const byteOfLane: Emit = (w) => {
  w.simd(v128.const)
    .i32(0xff)
    .i32(0xff00)
    .i32(0xff0000)
    .i32(0xff000000 | 0);
};

/** The middle layer of FunctionBuilder: loads and stores. */
export class MemoryBuilder extends LocalsBuilder {
  #address(w: Writer, pointer: IntLike, at: number): number {
    // memory instructions take unsigned offsets only
    (at < 0 ? Int.of(pointer).add(at) : Int.of(pointer)).emit(w);
    return Math.max(at, 0);
  }
  #loadPart(pointer: IntLike, at: number, opcode: number, align: number): Emit {
    return (w) => {
      const offset = this.#address(w, pointer, at);
      w.simd(opcode).byte(align).unsigned(offset);
    };
  }
  /** Adjacent lanes. */
  load(pointer: IntLike, at = 0, parts = this.width): Vec {
    return new Vec(Array.from({ length: parts }, (_, i) => this.#loadPart(pointer, at + 16 * i, v128.load, ALIGN_4)));
  }
  /** One f32 (or any 4 bytes) from memory in every lane. */
  broadcast(pointer: IntLike, at = 0, parts = this.width): Vec {
    return new Vec(new Array<Emit>(parts).fill(this.#loadPart(pointer, at, v128.load32Splat, ALIGN_4)));
  }
  /** One f64 from memory in every lane. */
  broadcastDouble(pointer: IntLike, at = 0, parts = this.width): Vec {
    return new Vec(new Array<Emit>(parts).fill(this.#loadPart(pointer, at, v128.load64Splat, ALIGN_8)));
  }
  /** The first `count` lanes from memory, the others 0; never reads past them. */
  loadPartial(pointer: IntLike, at: number, count: number, parts = this.width): Vec {
    return new Vec(
      Array.from({ length: parts }, (_, i): Emit => {
        const start = at + 16 * i;
        const lanes = Math.min(4, count - 4 * i);
        if (lanes <= 0) return Vec.constant(0, 1).parts[0]!;
        if (lanes === 4) return this.#loadPart(pointer, start, v128.load, ALIGN_4);
        if (lanes === 1) return this.#loadPart(pointer, start, v128.load32Zero, ALIGN_4);
        const pair = this.#loadPart(pointer, start, v128.load64Zero, ALIGN_4);
        if (lanes === 2) return pair;
        return (w) => {
          const offset = this.#address(w, pointer, start + 8);
          pair(w);
          w.simd(v128.load32Lane).byte(ALIGN_4).unsigned(offset).byte(2);
        };
      }),
    );
  }
  /** Two f32 from memory as the f64 lanes of each part. */
  loadDoubles(pointer: IntLike, at = 0, parts = this.width): Vec {
    return new Vec(
      Array.from({ length: parts }, (_, i) => this.#loadPart(pointer, at + 8 * i, v128.load64Zero, ALIGN_4)),
    ).promoteLow();
  }
  /** Lane `lane` of each part replaced by 4 bytes from memory: gathers. */
  loadLane(into: Vec, pointer: IntLike, at: number, lane: number): Vec {
    return new Vec(
      into.parts.map(
        (part): Emit =>
          (w) => {
            const offset = this.#address(w, pointer, at);
            part(w);
            w.simd(v128.load32Lane).byte(ALIGN_4).unsigned(offset).byte(lane);
          },
      ),
    );
  }
  store(pointer: IntLike, at: number, value: Vec): void {
    this.storePartial(pointer, at, value, 4 * value.parts.length);
  }
  /** Stores the first `count` lanes only. */
  storePartial(pointer: IntLike, at: number, value: Vec, count: number): void {
    const storeLanes = (part: Emit, start: number, opcode: number, lane?: number) => {
      const offset = this.#address(this.code, pointer, start);
      part(this.code);
      this.code.simd(opcode).byte(ALIGN_4).unsigned(offset);
      if (lane !== undefined) this.code.byte(lane);
    };
    value.parts.forEach((part, i) => {
      const start = at + 16 * i;
      const lanes = count - 4 * i;
      if (lanes >= 4) storeLanes(part, start, v128.store);
      else if (lanes >= 2) storeLanes(part, start, v128.store64Lane, 0);
      if (lanes === 1 || lanes === 3) storeLanes(part, start + 4 * (lanes - 1), v128.store32Lane, lanes - 1);
    });
  }
  /** `count` bytes from memory as masks of lanes: all bits set where the byte is not 0. Four lanes of each part, or one. */
  loadMask(pointer: IntLike, at: number, count: number, parts = this.width): Vec {
    if (count === 1) return Vec.splat(this.loadByte(pointer, at), 1).notEqualInt(0);
    const bytes = Array.from({ length: parts }, (_, i) =>
      this.#loadPart(pointer, at + 4 * i, v128.load32Splat, ALIGN_1),
    );
    return new Vec(bytes).and(new Vec(new Array<Emit>(parts).fill(byteOfLane))).notEqualInt(0);
  }
  /** One byte from memory as a mask in every lane. */
  broadcastMask(pointer: IntLike, at = 0, parts = this.width): Vec {
    return Vec.splat(this.loadByte(pointer, at), parts).notEqualInt(0);
  }
  /** Stores the first `count` lanes of a mask, four of each part or one, as bytes of 1 and 0. */
  storeMask(pointer: IntLike, at: number, mask: Vec, count: number): void {
    if (count === 1) {
      this.storeByte(pointer, at, mask.bitmask(0).and(1));
      return;
    }
    mask.parts.forEach((_, i) => {
      const offset = this.#address(this.code, pointer, at + 4 * i);
      mask.bitmask(i).mul(SPREAD_BITS).and(LOW_BITS).emit(this.code);
      this.code.byte(i32.store).byte(ALIGN_1).unsigned(offset);
    });
  }
  /** A byte, 0 … 255. */
  loadByte(pointer: IntLike, at = 0): Int {
    return new Int((w) => {
      const offset = this.#address(w, pointer, at);
      w.byte(i32.load8U).byte(ALIGN_1).unsigned(offset);
    });
  }
  loadInt(pointer: IntLike, at = 0): Int {
    return new Int((w) => {
      const offset = this.#address(w, pointer, at);
      w.byte(i32.load).byte(ALIGN_4).unsigned(offset);
    });
  }
  loadFloat<K extends FloatKind>(kind: K, pointer: IntLike, at = 0): Float<K> {
    return new Float(kind, (w) => {
      const offset = this.#address(w, pointer, at);
      w.byte(floats[kind].load).byte(ALIGN_4).unsigned(offset);
    });
  }
  storeInt(pointer: IntLike, at: number, value: IntLike): void {
    const offset = this.#address(this.code, pointer, at);
    Int.of(value).emit(this.code);
    this.code.byte(i32.store).byte(ALIGN_4).unsigned(offset);
  }
  /** The lowest byte of a value. */
  storeByte(pointer: IntLike, at: number, value: IntLike): void {
    const offset = this.#address(this.code, pointer, at);
    Int.of(value).emit(this.code);
    this.code.byte(i32.store8).byte(ALIGN_1).unsigned(offset);
  }
  storeFloat(pointer: IntLike, at: number, value: Float): void {
    const offset = this.#address(this.code, pointer, at);
    value.emit(this.code);
    this.code.byte(floats[value.kind].store).byte(ALIGN_4).unsigned(offset);
  }
  /** memory.copy; the regions may overlap. */
  copy(to: IntLike, from: IntLike, bytes: IntLike): void {
    for (const operand of [to, from, bytes]) Int.of(operand).emit(this.code);
    this.code.byte(PREFIX_BULK).raw([MEMORY_COPY, MEMORY, MEMORY]);
  }
  /** memory.fill with a byte. */
  fill(to: IntLike, byte: IntLike, bytes: IntLike): void {
    for (const operand of [to, byte, bytes]) Int.of(operand).emit(this.code);
    this.code.byte(PREFIX_BULK).raw([MEMORY_FILL, MEMORY]);
  }
  /** Brings one cache line nearer: a load that nobody reads, so the address must be inside the memory. */
  touch(pointer: IntLike, at = 0): void {
    this.loadInt(pointer, at).emit(this.code);
    this.code.byte(control.drop);
  }
}
