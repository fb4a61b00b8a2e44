/**
 * Scalar expressions: i32 with constant folding, f32 and f64. An expression is a pure recipe that writes itself wherever it
 * is used; using it twice computes it twice, unless it was put into a local (FunctionBuilder.int and the like).
 */

import * as control from "./opcodes/control.js";
import * as conversions from "./opcodes/conversions.js";
import * as i32 from "./opcodes/i32.js";
import { floats } from "./opcodes.js";
import type { Writer } from "./writer.js";

export type Emit = (w: Writer) => void;
export type IntLike = Int | number;

const isPowerOfTwo = (value: number): boolean => value > 0 && (value & (value - 1)) === 0;

/** An i32 expression; `constant` is its value where that is known at emission. Pointers are unsigned: compare them with below(). */
export class Int {
  constructor(
    readonly emit: Emit,
    readonly constant: number | undefined = undefined,
  ) {}

  static of(value: IntLike): Int {
    if (typeof value !== "number") return value;
    return new Int((w) => w.byte(i32.const).signed(value), value | 0);
  }

  #binary(other: IntLike, opcode: number, fold?: (a: number, b: number) => number): Int {
    const right = Int.of(other);
    if (fold && this.constant !== undefined && right.constant !== undefined)
      return Int.of(fold(this.constant, right.constant));
    return new Int((w) => {
      this.emit(w);
      right.emit(w);
      w.byte(opcode);
    });
  }

  add(other: IntLike): Int {
    const right = Int.of(other);
    if (right.constant === 0) return this;
    if (this.constant === 0) return right;
    return this.#binary(right, i32.add, (a, b) => (a + b) | 0);
  }
  sub(other: IntLike): Int {
    const right = Int.of(other);
    return right.constant === 0 ? this : this.#binary(right, i32.sub, (a, b) => (a - b) | 0);
  }
  mul(other: IntLike): Int {
    const right = Int.of(other);
    if (this.constant !== undefined && right.constant === undefined) return right.mul(this);
    if (right.constant === 0) return right;
    if (right.constant === 1) return this;
    if (this.constant === undefined && right.constant !== undefined && isPowerOfTwo(right.constant))
      return this.shl(31 - Math.clz32(right.constant));
    return this.#binary(right, i32.mul, Math.imul);
  }
  /** Unsigned quotient. */
  div(other: IntLike): Int {
    const right = Int.of(other);
    if (right.constant !== undefined && isPowerOfTwo(right.constant))
      return right.constant === 1 ? this : this.shr(31 - Math.clz32(right.constant));
    return this.#binary(right, i32.divU, (a, b) => Math.floor((a >>> 0) / (b >>> 0)));
  }
  /** Unsigned remainder. */
  rem(other: IntLike): Int {
    const right = Int.of(other);
    if (right.constant !== undefined && isPowerOfTwo(right.constant)) return this.and(right.constant - 1);
    return this.#binary(right, i32.remU, (a, b) => (a >>> 0) % (b >>> 0));
  }
  and(other: IntLike): Int {
    return this.#binary(other, i32.and, (a, b) => a & b);
  }
  shl(count: IntLike): Int {
    return this.#binary(count, i32.shl, (a, b) => a << b);
  }
  /** Unsigned right shift. */
  shr(count: IntLike): Int {
    return this.#binary(count, i32.shrU, (a, b) => (a >>> b) | 0);
  }

  // comparisons: 1 or 0
  equal(other: IntLike): Int {
    return this.#binary(other, i32.eq, (a, b) => (a === b ? 1 : 0));
  }
  notEqual(other: IntLike): Int {
    return this.#binary(other, i32.ne, (a, b) => (a !== b ? 1 : 0));
  }
  /** Signed <. */
  less(other: IntLike): Int {
    return this.#binary(other, i32.ltS, (a, b) => (a < b ? 1 : 0));
  }
  /** Signed >=. */
  atLeast(other: IntLike): Int {
    return this.#binary(other, i32.geS, (a, b) => (a >= b ? 1 : 0));
  }
  /** Unsigned <. One test for 0 <= i < n: a negative i is a large unsigned one. */
  below(other: IntLike): Int {
    return this.#binary(other, i32.ltU, (a, b) => (a >>> 0 < b >>> 0 ? 1 : 0));
  }
  isZero(): Int {
    return this.constant !== undefined
      ? Int.of(this.constant === 0 ? 1 : 0)
      : new Int((w) => {
          this.emit(w);
          w.byte(i32.eqz);
        });
  }

  /** `yes` where this is not 0, else `no`; both are computed. */
  select(yes: IntLike, no: IntLike): Int {
    if (this.constant !== undefined) return Int.of(this.constant !== 0 ? yes : no);
    return new Int((w) => {
      Int.of(yes).emit(w);
      Int.of(no).emit(w);
      this.emit(w);
      w.byte(control.select);
    });
  }
  /** The smaller, as unsigned numbers. */
  min(other: IntLike): Int {
    const right = Int.of(other);
    return this.below(right).select(this, right);
  }

  /** The f32 whose bits this is; how float attributes reach a kernel (see floatBits). */
  asFloat(): Float<"f32"> {
    return new Float("f32", (w) => {
      this.emit(w);
      w.byte(conversions.f32ReinterpretI32);
    });
  }
  /** The signed value as f32 or f64. */
  toFloat<K extends FloatKind>(kind: K): Float<K> {
    return new Float(kind, (w) => {
      this.emit(w);
      w.byte(floats[kind].convertI32S);
    });
  }
}

export type FloatKind = "f32" | "f64";

const bits = new DataView(new ArrayBuffer(4));
/** The int32 with the bits of the float32 `value`: a float argument of a kernel, read there with asFloat(). */
export function floatBits(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}

/** An f32 or f64 expression. A plain number operand is a constant of the same kind. */
export class Float<K extends FloatKind = FloatKind> {
  constructor(
    readonly kind: K,
    readonly emit: Emit,
  ) {}

  static constant<K extends FloatKind>(kind: K, value: number): Float<K> {
    return new Float(kind, (w) => w.byte(floats[kind].const)[kind](value));
  }

  #lift(other: Float<K> | number): Float<K> {
    return typeof other === "number" ? Float.constant(this.kind, other) : other;
  }
  #arithmetic(
    name: "sqrt" | "add" | "sub" | "mul" | "div" | "min" | "max",
    ...others: (Float<K> | number)[]
  ): Float<K> {
    return new Float(this.kind, (w) => {
      this.emit(w);
      for (const other of others) this.#lift(other).emit(w);
      w.byte(floats[this.kind][name]);
    });
  }
  #compare(name: "eq" | "le", other: Float<K> | number): Int {
    return new Int((w) => {
      this.emit(w);
      this.#lift(other).emit(w);
      w.byte(floats[this.kind][name]);
    });
  }

  sqrt(): Float<K> {
    return this.#arithmetic("sqrt");
  }
  add(other: Float<K> | number): Float<K> {
    return this.#arithmetic("add", other);
  }
  sub(other: Float<K> | number): Float<K> {
    return this.#arithmetic("sub", other);
  }
  mul(other: Float<K> | number): Float<K> {
    return this.#arithmetic("mul", other);
  }
  div(other: Float<K> | number): Float<K> {
    return this.#arithmetic("div", other);
  }
  min(other: Float<K> | number): Float<K> {
    return this.#arithmetic("min", other);
  }
  max(other: Float<K> | number): Float<K> {
    return this.#arithmetic("max", other);
  }
  equal(other: Float<K> | number): Int {
    return this.#compare("eq", other);
  }
  lessEqual(other: Float<K> | number): Int {
    return this.#compare("le", other);
  }

  /** This f32 as f64 (no-op on f64). */
  promote(): Float<"f64"> {
    return new Float(
      "f64",
      this.kind === "f64"
        ? this.emit
        : (w) => {
            this.emit(w);
            w.byte(conversions.f64PromoteF32);
          },
    );
  }
  /** This f64 rounded to f32 (no-op on f32). */
  demote(): Float<"f32"> {
    return new Float(
      "f32",
      this.kind === "f32"
        ? this.emit
        : (w) => {
            this.emit(w);
            w.byte(conversions.f32DemoteF64);
          },
    );
  }
}
