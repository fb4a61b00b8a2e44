/**
 * Vector expressions: a Vec is one v128, or a pair of adjacent ones ("parts"), so that one kernel text emits 4 or 8 float
 * lanes. V8's revectorizer fuses such pairs into 256-bit instructions, and miscompiles shuffles: there is no shuffle here.
 *
 * Methods without a suffix treat the lanes as f32; ...Int as i32, ...Double as f64 (half as many lanes). A plain number
 * operand is that constant in every lane.
 */

import * as conversions from "./opcodes/conversions.js";
import * as f32x4 from "./opcodes/f32x4.js";
import * as f64x2 from "./opcodes/f64x2.js";
import * as i32x4 from "./opcodes/i32x4.js";
import * as v128 from "./opcodes/v128.js";
import { type Emit, Float, Int } from "./scalars.js";

type LaneType = "f32" | "i32" | "f64";
export type VecLike = Vec | number;

/** The same constant in every lane of one v128. */
function constantPart(value: number, type: LaneType): Emit {
  return (w) => {
    w.simd(v128.const);
    if (type === "f64") w.f64(value).f64(value);
    else for (let i = 0; i < 4; i++) type === "f32" ? w.f32(value) : w.i32(value);
  };
}

export class Vec {
  constructor(readonly parts: readonly Emit[]) {}

  static constant(value: number, parts: number, type: LaneType = "f32"): Vec {
    return new Vec(new Array<Emit>(parts).fill(constantPart(value, type)));
  }
  /** A constant in every lane of as many parts as this has. */
  constantLike(value: number, type: LaneType = "f32"): Vec {
    return Vec.constant(value, this.parts.length, type);
  }
  /** One scalar in every lane. */
  static splat(value: Float | Int, parts: number): Vec {
    const opcode = value instanceof Float ? (value.kind === "f32" ? f32x4.splat : f64x2.splat) : i32x4.splat;
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
    return this.#unary(f32x4.ceil);
  }
  floor(): Vec {
    return this.#unary(f32x4.floor);
  }
  /** Round half to even. */
  nearest(): Vec {
    return this.#unary(f32x4.nearest);
  }
  abs(): Vec {
    return this.#unary(f32x4.abs);
  }
  neg(): Vec {
    return this.#unary(f32x4.neg);
  }
  sqrt(): Vec {
    return this.#unary(f32x4.sqrt);
  }
  add(other: VecLike): Vec {
    return this.#binary(other, f32x4.add);
  }
  sub(other: VecLike): Vec {
    return this.#binary(other, f32x4.sub);
  }
  mul(other: VecLike): Vec {
    return this.#binary(other, f32x4.mul);
  }
  div(other: VecLike): Vec {
    return this.#binary(other, f32x4.div);
  }
  /** IEEE minimum, NaN wins; 4 times slower than pmin on x86. */
  min(other: VecLike): Vec {
    return this.#binary(other, f32x4.min);
  }
  max(other: VecLike): Vec {
    return this.#binary(other, f32x4.max);
  }
  /** other < this ? other : this. One instruction; a NaN in this stays. */
  pmin(other: VecLike): Vec {
    return this.#binary(other, f32x4.pmin);
  }
  /** this < other ? other : this. One instruction; relu is x.pmax(0), which keeps NaN. */
  pmax(other: VecLike): Vec {
    return this.#binary(other, f32x4.pmax);
  }
  /** this·b + c with one rounding or two. Kernels use FunctionBuilder.madd, which knows what the machine has. */
  relaxedMadd(b: Vec, c: Vec): Vec {
    return this.#ternary(b, c, f32x4.relaxedMadd);
  }
  /** c − this·b, likewise. */
  relaxedNmadd(b: Vec, c: Vec): Vec {
    return this.#ternary(b, c, f32x4.relaxedNmadd);
  }
  // comparisons: all bits set or none
  equal(other: VecLike): Vec {
    return this.#binary(other, f32x4.eq);
  }
  notEqual(other: VecLike): Vec {
    return this.#binary(other, f32x4.ne);
  }
  less(other: VecLike): Vec {
    return this.#binary(other, f32x4.lt);
  }
  greater(other: VecLike): Vec {
    return this.#binary(other, f32x4.gt);
  }
  lessEqual(other: VecLike): Vec {
    return this.#binary(other, f32x4.le);
  }
  greaterEqual(other: VecLike): Vec {
    return this.#binary(other, f32x4.ge);
  }

  // bits
  and(other: Vec): Vec {
    return this.#binary(other, v128.and);
  }
  /** this and not other. */
  andNot(other: Vec): Vec {
    return this.#binary(other, v128.andnot);
  }
  or(other: Vec): Vec {
    return this.#binary(other, v128.or);
  }
  not(): Vec {
    return this.#unary(v128.not);
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
            w.simd(v128.bitselect);
          },
      ),
    );
  }

  // i32 lanes
  addInt(other: VecLike): Vec {
    return this.#binary(other, i32x4.add, "i32");
  }
  mulInt(other: VecLike): Vec {
    return this.#binary(other, i32x4.mul, "i32");
  }
  subInt(other: VecLike): Vec {
    return this.#binary(other, i32x4.sub, "i32");
  }
  // comparisons of i32 lanes: all bits set or none
  equalInt(other: VecLike): Vec {
    return this.#binary(other, i32x4.eq, "i32");
  }
  notEqualInt(other: VecLike): Vec {
    return this.#binary(other, i32x4.ne, "i32");
  }
  lessInt(other: VecLike): Vec {
    return this.#binary(other, i32x4.ltS, "i32");
  }
  lessEqualInt(other: VecLike): Vec {
    return this.#binary(other, i32x4.leS, "i32");
  }
  shlInt(count: Int): Vec {
    return this.#shift(count, i32x4.shl);
  }
  /** Sign-keeping right shift. */
  sarInt(count: Int): Vec {
    return this.#shift(count, i32x4.shrS);
  }
  shrInt(count: Int): Vec {
    return this.#shift(count, i32x4.shrU);
  }
  /** f32 lanes truncated to i32, saturating; NaN gives 0. */
  toInt(): Vec {
    return this.#unary(i32x4.truncSatF32x4S);
  }
  /** i32 lanes as f32. */
  toFloat(): Vec {
    return this.#unary(f32x4.convertI32x4S);
  }

  // f64 lanes, two per part
  addDouble(other: VecLike): Vec {
    return this.#binary(other, f64x2.add, "f64");
  }
  subDouble(other: VecLike): Vec {
    return this.#binary(other, f64x2.sub, "f64");
  }
  mulDouble(other: VecLike): Vec {
    return this.#binary(other, f64x2.mul, "f64");
  }
  divDouble(other: VecLike): Vec {
    return this.#binary(other, f64x2.div, "f64");
  }
  /** this·b + c in f64 lanes, with one rounding or two; see FunctionBuilder.maddDouble. */
  relaxedMaddDouble(b: Vec, c: Vec): Vec {
    return this.#ternary(b, c, f64x2.relaxedMadd);
  }
  pmaxDouble(other: VecLike): Vec {
    return this.#binary(other, f64x2.pmax, "f64");
  }
  sqrtDouble(): Vec {
    return this.#unary(f64x2.sqrt);
  }
  /** Lanes 0 and 1 of each part as f64. */
  promoteLow(): Vec {
    return this.#unary(f64x2.promoteLowF32x4);
  }
  /** Lanes 2 and 3 of each part as f64. Without a shuffle it goes through scalars and writes this expression twice: use it on locals, outside inner loops. */
  promoteHigh(): Vec {
    return new Vec(
      this.parts.map(
        (part): Emit =>
          (w) => {
            part(w);
            w.simd(f32x4.extractLane).byte(2).byte(conversions.f64PromoteF32).simd(f64x2.splat);
            part(w);
            w.simd(f32x4.extractLane).byte(3).byte(conversions.f64PromoteF32).simd(f64x2.replaceLane).byte(1);
          },
      ),
    );
  }
  /** f64 lanes 0, 1 rounded to f32 lanes 0, 1; lanes 2, 3 become 0. */
  demote(): Vec {
    return this.#unary(f32x4.demoteF64x2Zero);
  }

  /** The highest bits of the four lanes of a part, the first lane's lowest. */
  bitmask(part: number): Int {
    return new Int((w) => {
      this.parts[part]!(w);
      w.simd(i32x4.bitmask);
    });
  }
  /** One f32 lane of all parts together, counted through. */
  lane(index: number): Float<"f32"> {
    const part = this.parts[index >> 2]!;
    return new Float("f32", (w) => {
      part(w);
      w.simd(f32x4.extractLane).byte(index & 3);
    });
  }
  /** One f64 lane of all parts together, counted through. */
  laneDouble(index: number): Float<"f64"> {
    const part = this.parts[index >> 1]!;
    return new Float("f64", (w) => {
      part(w);
      w.simd(f64x2.extractLane).byte(index & 1);
    });
  }
}
