/** Vectors of f64 lanes beyond what every program needs: functions, since a bundle holds every method of Vec and of the builder. */
import type { FunctionBuilder } from "./function.js";
import * as f64x2 from "./opcodes/f64x2.js";
import { Float, type IntLike } from "./scalars.js";
import { operate, Vec } from "./vectors.js";

/** Two f32 from memory as the f64 lanes of each part. */
export function loadDoubles(f: FunctionBuilder, pointer: IntLike, at = 0, parts = f.width): Vec {
  const pairs = Array.from({ length: parts }, (_, i) => f.loadPartial(pointer, at + 8 * i, 2, 1).parts[0]!);
  return new Vec(pairs).promoteLow();
}

/** a·b + c per f64 lane: one instruction (rounded once) where the target has FMA, else product and sum. */
export const maddDouble = (f: FunctionBuilder, a: Vec, b: Vec, c: Vec): Vec =>
  f.target.fma ? operate(f64x2.relaxedMadd, a, b, c) : a.mulDouble(b).addDouble(c);

/** One f64 lane of all parts together, counted through. */
export function laneDouble(vec: Vec, index: number): Float<"f64"> {
  const part = vec.parts[index >> 1]!;
  return new Float("f64", (w) => {
    part(w);
    w.simd(f64x2.extractLane).byte(index & 1);
  });
}
