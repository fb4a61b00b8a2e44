/**
 * Vectors of bytes in memory as i32 lanes: of pictures, which tensors know nothing of. Functions of their own, since a bundle holds every method of the
 * builder.
 */
import type { FunctionBuilder } from "./function.js";
import * as i32x4 from "./opcodes/i32x4.js";
import * as narrow from "./opcodes/narrow.js";
import type { Emit, IntLike } from "./scalars.js";
import { Vec } from "./vectors.js";

/** Bytes from memory as i32 lanes, 0 … 255, four of each part. */
export function loadBytes(f: FunctionBuilder, pointer: IntLike, at: number, parts: number): Vec {
  return new Vec(
    Array.from({ length: parts }, (_, i): Emit => {
      const four = f.loadPartial(pointer, at + 4 * i, 1, 1).parts[0]!;
      return (w) => {
        four(w);
        w.simd(narrow.i16x8ExtendLowI8x16U).simd(i32x4.extendLowI16x8U);
      };
    }),
  );
}

/** Stores i32 lanes as bytes, below 0 as 0 and above 255 as 255: of one part four bytes, of four parts sixteen. */
export function storeBytes(f: FunctionBuilder, pointer: IntLike, at: number, { parts }: Vec): void {
  if (parts.length !== 1 && parts.length !== 4)
    throw new TypeError(`storeBytes: ${parts.length} parts, expected 1 or 4`);
  const narrowed: Emit = (w) => {
    for (let i = 0; i < 4; i++) {
      parts[i % parts.length]!(w);
      if (i % 2 === 1) w.simd(narrow.i16x8NarrowI32x4S);
    }
    w.simd(narrow.i8x16NarrowI16x8U);
  };
  // a lane of the vector for four bytes
  f.storePartial(pointer, at, new Vec([narrowed]), parts.length);
}
