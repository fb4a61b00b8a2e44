/**
 * The locals of a function being written, and the target it is written for. A local is an expression with set().
 */

import * as variables from "./opcodes/variables.js";
import type { ValueType } from "./opcodes.js";
import { type Emit, Float, type FloatKind, Int, type IntLike } from "./scalars.js";
import { Vec, type VecLike } from "./vectors.js";
import { Writer } from "./writer.js";

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

export class IntVar extends Int {
  readonly #code: Writer;
  readonly #index: number;
  constructor(code: Writer, index: number) {
    super((w) => w.byte(variables.localGet).unsigned(index));
    this.#code = code;
    this.#index = index;
  }
  set(value: IntLike): void {
    Int.of(value).emit(this.#code);
    this.#code.byte(variables.localSet).unsigned(this.#index);
  }
  /** this += value */
  inc(value: IntLike): void {
    this.set(this.add(value));
  }
}

export class FloatVar<K extends FloatKind> extends Float<K> {
  readonly #code: Writer;
  readonly #index: number;
  constructor(code: Writer, index: number, kind: K) {
    super(kind, (w) => w.byte(variables.localGet).unsigned(index));
    this.#code = code;
    this.#index = index;
  }
  set(value: Float<K> | number): void {
    (typeof value === "number" ? Float.constant(this.kind, value) : value).emit(this.#code);
    this.#code.byte(variables.localSet).unsigned(this.#index);
  }
}

export class VecVar extends Vec {
  readonly #code: Writer;
  readonly #indices: readonly number[];
  constructor(code: Writer, indices: readonly number[]) {
    super(
      indices.map(
        (index): Emit =>
          (w) =>
            w.byte(variables.localGet).unsigned(index),
      ),
    );
    this.#code = code;
    this.#indices = indices;
  }
  set(value: VecLike): void {
    const source = typeof value === "number" ? Vec.constant(value, this.parts.length) : value;
    this.#indices.forEach((index, i) => {
      source.parts[i]!(this.#code);
      this.#code.byte(variables.localSet).unsigned(index);
    });
  }
}

/** The bottom layer of FunctionBuilder: locals and constants. */
export class LocalsBuilder {
  readonly code = new Writer();
  protected readonly paramCount: number;
  protected readonly localTypes: ValueType[] = [];
  readonly target: Target;
  /** Parts of a full Vec: 1 for 4 lanes, 2 for 8. */
  readonly width: number;

  /** `paramCount` counts the hidden last parameter `zero`, which every function has where the target wants fences. */
  constructor(target: Target, paramCount: number) {
    this.target = target;
    this.paramCount = paramCount;
    this.width = target.lanes / 4;
  }

  /** The index of one more local. */
  protected newLocal(type: ValueType): number {
    return this.paramCount + this.localTypes.push(type) - 1;
  }

  // locals
  int(initial?: IntLike): IntVar {
    const made = new IntVar(this.code, this.newLocal("i32"));
    if (initial !== undefined) made.set(initial);
    return made;
  }
  f32(initial?: Float<"f32"> | number): FloatVar<"f32"> {
    const made = new FloatVar(this.code, this.newLocal("f32"), "f32");
    if (initial !== undefined) made.set(initial);
    return made;
  }
  f64(initial?: Float<"f64"> | number): FloatVar<"f64"> {
    const made = new FloatVar(this.code, this.newLocal("f64"), "f64");
    if (initial !== undefined) made.set(initial);
    return made;
  }
  /** A vector local; a number fills its f32 lanes. */
  vec(initial?: VecLike, parts = initial instanceof Vec ? initial.parts.length : this.width): VecVar {
    const made = new VecVar(
      this.code,
      Array.from({ length: parts }, () => this.newLocal("v128")),
    );
    if (initial !== undefined) made.set(initial);
    return made;
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
}
