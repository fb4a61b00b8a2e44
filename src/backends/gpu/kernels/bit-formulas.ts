/**
 * Bits of integers that are float32 numbers, by arithmetic: a bit is the rest of halves, which are exact, and of a negative
 * result the turned bits are added up, so that what is small comes out exact whatever its sign.
 */
import type { DType } from "../../../tensor/dtype.js";

/** Every int64 has this many. */
const BITS = 64;

/** A bit of two, by arithmetic on 0 and 1. */
type Bit = (s: string, t: string) => string;

/** Of all bits from the lowest on; signs are combined as bits are. */
const combined = (bit: Bit): string => `let p = u;
    let q = v;
    const isNegative = ${bit("isLess(u, 0)", "isLess(v, 0)")};
    let place = 1;
    let total = 0;
    for (let i = 0; i < ${BITS}; i++) {
      const halfP = Math.floor(p * 0.5);
      const halfQ = Math.floor(q * 0.5);
      const found = ${bit("(p - 2 * halfP)", "(q - 2 * halfQ)")};
      total = total + place * (found + isNegative - 2 * found * isNegative);
      place = place * 2;
      p = halfP;
      q = halfQ;
    }
    if (isNegative > 0.5) { return -total - 1; }
    return total;`;

/** `base` to the power of v modulo `period` as the local `factor`; of 2 and 1/2, whose powers round nothing. */
const power = (base: 2 | 0.5, period: number): string => `const count = v - ${period} * Math.floor(v * ${1 / period});
    let factor = 1;
    for (let i = 0; i < ${period}; i++) { if (i < count) { factor = factor * ${base}; } }`;

const left = (period: number, width: number): string =>
  `${power(2, period)}
    if (count >= ${width}) { return 0; }
    return u * factor;`;
const right = (period: number): string => `${power(0.5, period)}
    return Math.floor(u * factor);`;

export const bitFormulas = {
  and: combined((s, t) => `${s} * ${t}`),
  or: combined((s, t) => `${s} + ${t} - ${s} * ${t}`),
  xor: combined((s, t) => `${s} + ${t} - 2 * ${s} * ${t}`),
  "leftShift uint8": left(32, 8),
  "leftShift int32": left(32, 32),
  "leftShift int64": left(64, 64),
  "rightShift int32": right(32),
  "rightShift int64": right(64),
} as const;

/** The formula of an operation on a dtype. */
export function bitFormulaOf(operation: "and" | "or" | "xor" | "leftShift" | "rightShift", dtype: DType) {
  if (operation === "leftShift")
    return `leftShift ${dtype === "int64" || dtype === "uint8" ? dtype : "int32"}` as const;
  if (operation === "rightShift") return `rightShift ${dtype === "int64" ? "int64" : "int32"}` as const;
  return operation;
}
