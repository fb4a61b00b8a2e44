/**
 * Writing one WebAssembly function: locals, memory access, control flow, calls. Statements are appended in the order of the
 * calls; expressions (Int, Float, Vec) are written where a statement uses them. TypeScript loops are the unroller.
 */
import { type Emit, Float, type FloatKind, Int, type IntLike } from "./scalars.js";
import { Vec, type VecLike } from "./vectors.js";
import { Writer } from "./writer.js";

/** Codes of the value types (WebAssembly core specification 5.3). */
export const valueTypes = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = keyof typeof valueTypes;

/** What kernels are emitted for; part of every kernel's identity. */
export interface Target {
  /** 4, or 8 as pairs of v128 for V8's revectorizer. */
  readonly lanes: 4 | 8;
  /** Relaxed SIMD's fused multiply-add. */
  readonly fma: boolean;
  /** Scheduling fences for V8 before 13, which hoists all loads of a basic block above its arithmetic and then spills. */
  readonly fences: boolean;
  /** The memory is shared between threads. */
  readonly shared: boolean;
}

export type Value = Int | Float | Vec;

export class IntVar extends Int {
  constructor(
    private readonly f: FunctionBuilder,
    private readonly index: number,
  ) {
    super((w) => w.byte(0x20).unsigned(index));
  }
  set(value: IntLike): void {
    Int.of(value).emit(this.f.code);
    this.f.code.byte(0x21).unsigned(this.index);
  }
  /** this += value */
  inc(value: IntLike): void {
    this.set(this.add(value));
  }
}

export class FloatVar<K extends FloatKind> extends Float<K> {
  constructor(
    private readonly f: FunctionBuilder,
    private readonly index: number,
    kind: K,
  ) {
    super(kind, (w) => w.byte(0x20).unsigned(index));
  }
  set(value: Float<K> | number): void {
    (typeof value === "number" ? Float.constant(this.kind, value) : value).emit(this.f.code);
    this.f.code.byte(0x21).unsigned(this.index);
  }
}

export class VecVar extends Vec {
  constructor(
    private readonly f: FunctionBuilder,
    private readonly indices: readonly number[],
  ) {
    super(
      indices.map(
        (index): Emit =>
          (w) =>
            w.byte(0x20).unsigned(index),
      ),
    );
  }
  set(value: VecLike): void {
    const source = typeof value === "number" ? Vec.constant(value, this.parts.length) : value;
    this.indices.forEach((index, i) => {
      source.parts[i]!(this.f.code);
      this.f.code.byte(0x21).unsigned(index);
    });
  }
}

/** A function of the module being written, callable from later ones. */
export interface FunctionRef {
  readonly index: number;
  readonly name: string;
  /** Results are the parts of one Vec (or none). */
  readonly resultParts: number;
}

export class FunctionBuilder {
  readonly code = new Writer();
  readonly #paramCount: number;
  readonly #locals: ValueType[] = [];
  readonly target: Target;
  /** Parts of a full Vec: 1 for 4 lanes, 2 for 8. */
  readonly width: number;

  /** `paramCount` counts the hidden last parameter `zero`, which every function has where the target wants fences. */
  constructor(target: Target, paramCount: number) {
    this.target = target;
    this.#paramCount = paramCount;
    this.width = target.lanes / 4;
  }

  #newLocal(type: ValueType): number {
    return this.#paramCount + this.#locals.push(type) - 1;
  }

  // locals
  int(initial?: IntLike): IntVar {
    const local = new IntVar(this, this.#newLocal("i32"));
    if (initial !== undefined) local.set(initial);
    return local;
  }
  f32(initial?: Float<"f32"> | number): FloatVar<"f32"> {
    const local = new FloatVar(this, this.#newLocal("f32"), "f32");
    if (initial !== undefined) local.set(initial);
    return local;
  }
  f64(initial?: Float<"f64"> | number): FloatVar<"f64"> {
    const local = new FloatVar(this, this.#newLocal("f64"), "f64");
    if (initial !== undefined) local.set(initial);
    return local;
  }
  /** A vector local; a number fills its f32 lanes. */
  vec(initial?: VecLike, parts = initial instanceof Vec ? initial.parts.length : this.width): VecVar {
    const local = new VecVar(
      this,
      Array.from({ length: parts }, () => this.#newLocal("v128")),
    );
    if (initial !== undefined) local.set(initial);
    return local;
  }

  // constants and broadcasts
  /** A number, or a scalar expression, in every lane. */
  splat(value: number | Float | Int, parts = this.width): Vec {
    return typeof value === "number" ? Vec.constant(value, parts) : Vec.splat(value, parts);
  }
  splatInt(value: number, parts = this.width): Vec {
    return Vec.constant(value, parts, "i32");
  }
  splatDouble(value: number, parts = this.width): Vec {
    return Vec.constant(value, parts, "f64");
  }
  /** The index of the thread that runs, from 0; only for choosing scratch memory, results must not depend on it. */
  get worker(): Int {
    return new Int((w) => w.byte(0x23).byte(0));
  }

  // memory; `at` is a constant byte offset
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
    return new Vec(Array.from({ length: parts }, (_, i) => this.#loadPart(pointer, at + 16 * i, 0x00, 2)));
  }
  /** One f32 (or any 4 bytes) from memory in every lane. */
  broadcast(pointer: IntLike, at = 0, parts = this.width): Vec {
    return new Vec(new Array<Emit>(parts).fill(this.#loadPart(pointer, at, 0x09, 2)));
  }
  /** The first `count` lanes from memory, the others 0; never reads past them. */
  loadPartial(pointer: IntLike, at: number, count: number, parts = this.width): Vec {
    return new Vec(
      Array.from({ length: parts }, (_, i): Emit => {
        const start = at + 16 * i;
        const lanes = Math.min(4, count - 4 * i);
        if (lanes <= 0) return Vec.constant(0, 1).parts[0]!;
        if (lanes === 4) return this.#loadPart(pointer, start, 0x00, 2);
        if (lanes === 1) return this.#loadPart(pointer, start, 0x5c, 2);
        const pair = this.#loadPart(pointer, start, 0x5d, 2);
        if (lanes === 2) return pair;
        return (w) => {
          const offset = this.#address(w, pointer, start + 8);
          pair(w);
          w.simd(0x56).byte(2).unsigned(offset).byte(2);
        };
      }),
    );
  }
  /** Two f32 from memory as the f64 lanes of each part. */
  loadDoubles(pointer: IntLike, at = 0, parts = this.width): Vec {
    return new Vec(Array.from({ length: parts }, (_, i) => this.#loadPart(pointer, at + 8 * i, 0x5d, 2))).promoteLow();
  }
  /** Four uint8 from memory as the i32 lanes of each part. */
  loadBytes(pointer: IntLike, at = 0, parts = this.width): Vec {
    return new Vec(Array.from({ length: parts }, (_, i) => this.#loadPart(pointer, at + 4 * i, 0x5c, 0))).widenBytes();
  }
  /** Lane `lane` of each part replaced by 4 bytes from memory: gathers. */
  loadLane(into: Vec, pointer: IntLike, at: number, lane: number): Vec {
    return new Vec(
      into.parts.map(
        (part): Emit =>
          (w) => {
            const offset = this.#address(w, pointer, at);
            part(w);
            w.simd(0x56).byte(2).unsigned(offset).byte(lane);
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
      this.code.simd(opcode).byte(2).unsigned(offset);
      if (lane !== undefined) this.code.byte(lane);
    };
    value.parts.forEach((part, i) => {
      const start = at + 16 * i;
      const lanes = count - 4 * i;
      if (lanes >= 4) storeLanes(part, start, 0x0b);
      else if (lanes >= 2) storeLanes(part, start, 0x5b, 0);
      if (lanes === 1 || lanes === 3) storeLanes(part, start + 4 * (lanes - 1), 0x5a, lanes - 1);
    });
  }
  loadInt(pointer: IntLike, at = 0): Int {
    return new Int((w) => {
      const offset = this.#address(w, pointer, at);
      w.byte(0x28).byte(2).unsigned(offset);
    });
  }
  loadByte(pointer: IntLike, at = 0): Int {
    return new Int((w) => {
      const offset = this.#address(w, pointer, at);
      w.byte(0x2d).byte(0).unsigned(offset);
    });
  }
  loadFloat<K extends FloatKind>(kind: K, pointer: IntLike, at = 0): Float<K> {
    return new Float(kind, (w) => {
      const offset = this.#address(w, pointer, at);
      w.byte(kind === "f32" ? 0x2a : 0x2b)
        .byte(2)
        .unsigned(offset);
    });
  }
  storeInt(pointer: IntLike, at: number, value: IntLike): void {
    const offset = this.#address(this.code, pointer, at);
    Int.of(value).emit(this.code);
    this.code.byte(0x36).byte(2).unsigned(offset);
  }
  storeByte(pointer: IntLike, at: number, value: IntLike): void {
    const offset = this.#address(this.code, pointer, at);
    Int.of(value).emit(this.code);
    this.code.byte(0x3a).byte(0).unsigned(offset);
  }
  storeFloat(pointer: IntLike, at: number, value: Float): void {
    const offset = this.#address(this.code, pointer, at);
    value.emit(this.code);
    this.code
      .byte(value.kind === "f32" ? 0x38 : 0x39)
      .byte(2)
      .unsigned(offset);
  }
  /** memory.copy; the regions may overlap. */
  copy(to: IntLike, from: IntLike, bytes: IntLike): void {
    for (const operand of [to, from, bytes]) Int.of(operand).emit(this.code);
    this.code.raw([0xfc, 10, 0, 0]);
  }
  /** memory.fill with a byte. */
  fill(to: IntLike, byte: IntLike, bytes: IntLike): void {
    for (const operand of [to, byte, bytes]) Int.of(operand).emit(this.code);
    this.code.raw([0xfc, 11, 0]);
  }
  /** Brings one cache line nearer: a load that nobody reads, so the address must be inside the memory. */
  touch(pointer: IntLike, at = 0): void {
    this.loadInt(pointer, at).emit(this.code);
    this.code.byte(0x1a);
  }

  // arithmetic that depends on the target
  /** a·b + c per lane: one instruction (rounded once) where the target has FMA, else product and sum. */
  madd(a: Vec, b: Vec, c: Vec): Vec {
    return this.target.fma ? a.relaxedMadd(b, c) : a.mul(b).add(c);
  }
  /** c − a·b per lane. */
  nmadd(a: Vec, b: Vec, c: Vec): Vec {
    return this.target.fma ? a.relaxedNmadd(b, c) : c.sub(a.mul(b));
  }

  // control flow
  /** for (i = from; i < to; i += step), bounds compared unsigned, so that pointers above 2 GiB are fine. */
  for(from: IntLike, to: IntLike, step: IntLike, body: (i: IntVar) => void): void {
    const i = this.int(from);
    const first = Int.of(from).below(to);
    if (first.constant === 0) return;
    const loop = () =>
      this.doWhile(
        () => {
          body(i);
          i.inc(step);
        },
        () => i.below(to),
      );
    if (first.constant === 1) loop();
    else this.if(i.below(to), loop);
  }
  doWhile(body: () => void, condition: () => Int): void {
    this.code.byte(0x03).byte(0x40);
    body();
    condition().emit(this.code);
    this.code.byte(0x0d).byte(0).byte(0x0b);
  }
  while(condition: () => Int, body: () => void): void {
    this.if(condition(), () => this.doWhile(body, condition));
  }
  /** Branches known at emission are not written. */
  if(condition: Int, then: () => void, otherwise?: () => void): void {
    if (condition.constant !== undefined) {
      if (condition.constant !== 0) then();
      else otherwise?.();
      return;
    }
    condition.emit(this.code);
    this.code.byte(0x04).byte(0x40);
    then();
    if (otherwise) {
      this.code.byte(0x05);
      otherwise();
    }
    this.code.byte(0x0b);
  }
  /** Keeps V8 before 13 from hoisting the loads of `body` above earlier arithmetic: an opaque branch that is never taken. */
  fence(body: () => void): void {
    if (!this.target.fences) {
      body();
      return;
    }
    this.code.byte(0x02).byte(0x40);
    this.#zero.emit(this.code);
    this.code.byte(0x0d).byte(0);
    body();
    this.code.byte(0x0b);
  }
  get #zero(): Int {
    return new Int((w) => w.byte(0x20).unsigned(this.#paramCount - 1));
  }

  #writeCall(w: Writer, callee: FunctionRef, args: readonly (IntLike | Value)[]): void {
    for (const arg of args)
      if (arg instanceof Vec) for (const part of arg.parts) part(w);
      else if (arg instanceof Float) arg.emit(w);
      else Int.of(arg).emit(w);
    if (this.target.fences) this.#zero.emit(w);
    w.byte(0x10).unsigned(callee.index);
  }
  /** Calls a function of this module that returns nothing. */
  call(callee: FunctionRef, ...args: readonly (IntLike | Value)[]): void {
    this.#writeCall(this.code, callee, args);
  }
  /** Calls a function that returns a Vec, and keeps the result in a local. */
  callVec(callee: FunctionRef, ...args: readonly (IntLike | Value)[]): VecVar {
    const indices = Array.from({ length: callee.resultParts }, () => this.#newLocal("v128"));
    this.#writeCall(this.code, callee, args);
    for (const index of [...indices].reverse()) this.code.byte(0x21).unsigned(index);
    return new VecVar(this, indices);
  }

  /** The function's entry in the code section. */
  finish(): Writer {
    const entry = new Writer(this.code.length + 64);
    const runs: { type: ValueType; count: number }[] = [];
    for (const type of this.#locals)
      if (runs.at(-1)?.type === type) runs.at(-1)!.count++;
      else runs.push({ type, count: 1 });
    entry.unsigned(runs.length);
    for (const { type, count } of runs) entry.unsigned(count).byte(valueTypes[type]);
    return entry.raw(this.code.bytes).byte(0x0b);
  }
}
