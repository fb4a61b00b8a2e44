/**
 * The definition of angles, rests of divisions and bits.
 */
import type { DivisionOps } from "../../ops/spec/divisions.js";
import type { ArrayKernels } from "../kernel-table.js";
import { mapBinary } from "./elementwise.js";

/** a − floor(a / b) · b, with the sign of b, as Python's %. */
function remainderOf(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** floor(a / b) of the exact quotient: a / b may be rounded up to a whole number. */
function floorDivideOf(a: number, b: number): number {
  if (b === 0) return a / b;
  const rest = a % b;
  const quotient = (a - rest) / b;
  const whole = rest !== 0 && rest < 0 !== b < 0 ? quotient - 1 : quotient;
  if (whole === 0) return 0 * (a / b);
  const low = Math.floor(whole);
  return whole - low > 0.5 ? low + 1 : low;
}

/** Of int32, by whose bits JavaScript computes; stores cut them to a byte. */
const bitFormulas = {
  and: (a: number, b: number) => a & b,
  or: (a: number, b: number) => a | b,
  xor: (a: number, b: number) => a ^ b,
  leftShift: (a: number, b: number) => a << b,
  rightShift: (a: number, b: number) => a >> b,
} as const;

export const divisionKernels: Pick<ArrayKernels, keyof DivisionOps> = {
  atan2: mapBinary(Math.atan2),
  fmod: mapBinary((a, b) => a % b),
  remainder: mapBinary(remainderOf),
  floorDivide: mapBinary(floorDivideOf, (a, b) => Math.floor(a / b)),
  bitwise: (inputs, { operation }, outputs) => mapBinary(bitFormulas[operation])(inputs, {}, outputs),
};
