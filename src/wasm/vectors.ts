/**
 * Vector expressions: a Vec is one v128, or a pair of adjacent ones ("parts"), so that one kernel text emits 4 or 8 float
 * lanes. V8's revectorizer fuses such pairs into 256-bit instructions, and miscompiles shuffles: there is no shuffle here.
 *
 * Methods without a suffix treat the lanes as f32; ...Int as i32, ...Double as f64 (half as many lanes). A plain number
 * operand is that constant in every lane.
 */
import { type Emit, Float, type Int } from "./scalars.js";

type LaneType = "f32" | "i32" | "f64";
export type VecLike = Vec | number;

/** The same constant in every lane of one v128. */
function constantPart(value: number, type: LaneType): Emit {
  return (w) => {
    w.simd(0x0c);
    if (type === "f64") w.f64(value).f64(value);
    else for (let i = 0; i < 4; i++) type === "f32" ? w.f32(value) : w.i32(value);
  };
}

export class Vec {
  constructor(readonly parts: readonly Emit[]) {}

  static constant(value: number, parts: number, type: LaneType = "f32"): Vec {
    return new Vec(new Array<Emit>(parts).fill(constantPart(value, type)));
  }
  /** One scalar in every lane. */
  static splat(value: Float | Int, parts: number): Vec {
    const opcode = value instanceof Float ? (value.kind === "f32" ? 0x13 : 0x14) : 0x11;
    return new Vec(
      new Array<Emit>(parts).fill((w) => {
        value.emit(w);
        w.simd(opcode);
      }),
    );
  }

  #unary(opcode: number): Vec {
    return new Vec(
      this.parts.map(
        (part): Emit =>
          (w) => {
            part(w);
            w.simd(opcode);
          },
      ),
    );
  }
  #binary(other: VecLike, opcode: number, type: LaneType = "f32"): Vec {
    const right = typeof other === "number" ? Vec.constant(other, this.parts.length, type) : other;
    return new Vec(
      this.parts.map(
        (part, i): Emit =>
          (w) => {
            part(w);
            right.parts[i]!(w);
            w.simd(opcode);
          },
      ),
    );
  }
  #ternary(b: Vec, c: Vec, opcode: number): Vec {
    return new Vec(
      this.parts.map(
        (part, i): Emit =>
          (w) => {
            part(w);
            b.parts[i]!(w);
            c.parts[i]!(w);
            w.simd(opcode);
          },
      ),
    );
  }
  #shift(count: Int, opcode: number): Vec {
    return new Vec(
      this.parts.map(
        (part): Emit =>
          (w) => {
            part(w);
            count.emit(w);
            w.simd(opcode);
          },
      ),
    );
  }

  // f32 lanes
  ceil(): Vec {
    return this.#unary(0x67);
  }
  floor(): Vec {
    return this.#unary(0x68);
  }
  trunc(): Vec {
    return this.#unary(0x69);
  }
  /** Round half to even. */
  nearest(): Vec {
    return this.#unary(0x6a);
  }
  abs(): Vec {
    return this.#unary(0xe0);
  }
  neg(): Vec {
    return this.#unary(0xe1);
  }
  sqrt(): Vec {
    return this.#unary(0xe3);
  }
  add(other: VecLike): Vec {
    return this.#binary(other, 0xe4);
  }
  sub(other: VecLike): Vec {
    return this.#binary(other, 0xe5);
  }
  mul(other: VecLike): Vec {
    return this.#binary(other, 0xe6);
  }
  div(other: VecLike): Vec {
    return this.#binary(other, 0xe7);
  }
  /** IEEE minimum, NaN wins; 4 times slower than pmin on x86. */
  min(other: VecLike): Vec {
    return this.#binary(other, 0xe8);
  }
  max(other: VecLike): Vec {
    return this.#binary(other, 0xe9);
  }
  /** other < this ? other : this. One instruction; a NaN in this stays. */
  pmin(other: VecLike): Vec {
    return this.#binary(other, 0xea);
  }
  /** this < other ? other : this. One instruction; relu is x.pmax(0), which keeps NaN. */
  pmax(other: VecLike): Vec {
    return this.#binary(other, 0xeb);
  }
  /** this·b + c with one rounding or two. Kernels use FunctionBuilder.madd, which knows what the machine has. */
  relaxedMadd(b: Vec, c: Vec): Vec {
    return this.#ternary(b, c, 0x105);
  }
  /** c − this·b, likewise. */
  relaxedNmadd(b: Vec, c: Vec): Vec {
    return this.#ternary(b, c, 0x106);
  }
  // comparisons: all bits set or none
  equal(other: VecLike): Vec {
    return this.#binary(other, 0x41);
  }
  notEqual(other: VecLike): Vec {
    return this.#binary(other, 0x42);
  }
  less(other: VecLike): Vec {
    return this.#binary(other, 0x43);
  }
  greater(other: VecLike): Vec {
    return this.#binary(other, 0x44);
  }
  lessEqual(other: VecLike): Vec {
    return this.#binary(other, 0x45);
  }
  greaterEqual(other: VecLike): Vec {
    return this.#binary(other, 0x46);
  }

  // bits
  not(): Vec {
    return this.#unary(0x4d);
  }
  and(other: Vec): Vec {
    return this.#binary(other, 0x4e);
  }
  /** this and not other. */
  andNot(other: Vec): Vec {
    return this.#binary(other, 0x4f);
  }
  or(other: Vec): Vec {
    return this.#binary(other, 0x50);
  }
  xor(other: Vec): Vec {
    return this.#binary(other, 0x51);
  }
  /** Bits of yes where this mask has ones, of no elsewhere. */
  select(yes: Vec, no: Vec): Vec {
    return new Vec(
      this.parts.map(
        (mask, i): Emit =>
          (w) => {
            yes.parts[i]!(w);
            no.parts[i]!(w);
            mask(w);
            w.simd(0x52);
          },
      ),
    );
  }

  // i32 lanes
  equalInt(other: VecLike): Vec {
    return this.#binary(other, 0x37, "i32");
  }
  lessInt(other: VecLike): Vec {
    return this.#binary(other, 0x39, "i32");
  }
  greaterInt(other: VecLike): Vec {
    return this.#binary(other, 0x3b, "i32");
  }
  absInt(): Vec {
    return this.#unary(0xa0);
  }
  negInt(): Vec {
    return this.#unary(0xa1);
  }
  addInt(other: VecLike): Vec {
    return this.#binary(other, 0xae, "i32");
  }
  subInt(other: VecLike): Vec {
    return this.#binary(other, 0xb1, "i32");
  }
  mulInt(other: VecLike): Vec {
    return this.#binary(other, 0xb5, "i32");
  }
  minInt(other: VecLike): Vec {
    return this.#binary(other, 0xb6, "i32");
  }
  maxInt(other: VecLike): Vec {
    return this.#binary(other, 0xb8, "i32");
  }
  shlInt(count: Int): Vec {
    return this.#shift(count, 0xab);
  }
  /** Sign-keeping right shift. */
  sarInt(count: Int): Vec {
    return this.#shift(count, 0xac);
  }
  shrInt(count: Int): Vec {
    return this.#shift(count, 0xad);
  }
  /** f32 lanes truncated to i32, saturating; NaN gives 0. */
  toInt(): Vec {
    return this.#unary(0xf8);
  }
  /** i32 lanes as f32. */
  toFloat(): Vec {
    return this.#unary(0xfa);
  }
  /** The lowest four bytes of each part, unsigned, as i32 lanes. */
  widenBytes(): Vec {
    return this.#unary(0x89).#unary(0xa9);
  }

  // f64 lanes, two per part
  addDouble(other: VecLike): Vec {
    return this.#binary(other, 0xf0, "f64");
  }
  subDouble(other: VecLike): Vec {
    return this.#binary(other, 0xf1, "f64");
  }
  mulDouble(other: VecLike): Vec {
    return this.#binary(other, 0xf2, "f64");
  }
  divDouble(other: VecLike): Vec {
    return this.#binary(other, 0xf3, "f64");
  }
  /** this·b + c in f64 lanes, with one rounding or two; see FunctionBuilder.maddDouble. */
  relaxedMaddDouble(b: Vec, c: Vec): Vec {
    return this.#ternary(b, c, 0x107);
  }
  pmaxDouble(other: VecLike): Vec {
    return this.#binary(other, 0xf7, "f64");
  }
  sqrtDouble(): Vec {
    return this.#unary(0xef);
  }
  /** Lanes 0 and 1 of each part as f64. */
  promoteLow(): Vec {
    return this.#unary(0x5f);
  }
  /** Lanes 2 and 3 of each part as f64. Without a shuffle it goes through scalars and writes this expression twice: use it on locals, outside inner loops. */
  promoteHigh(): Vec {
    return new Vec(
      this.parts.map(
        (part): Emit =>
          (w) => {
            part(w);
            w.simd(0x1f).byte(2).byte(0xbb).simd(0x14);
            part(w);
            w.simd(0x1f).byte(3).byte(0xbb).simd(0x22).byte(1);
          },
      ),
    );
  }
  /** f64 lanes 0, 1 rounded to f32 lanes 0, 1; lanes 2, 3 become 0. */
  demote(): Vec {
    return this.#unary(0x5e);
  }

  /** One f32 lane of all parts together, counted through. */
  lane(index: number): Float<"f32"> {
    const part = this.parts[index >> 2]!;
    return new Float("f32", (w) => {
      part(w);
      w.simd(0x1f).byte(index & 3);
    });
  }
  /** One f64 lane of all parts together, counted through. */
  laneDouble(index: number): Float<"f64"> {
    const part = this.parts[index >> 1]!;
    return new Float("f64", (w) => {
      part(w);
      w.simd(0x21).byte(index & 1);
    });
  }
}
