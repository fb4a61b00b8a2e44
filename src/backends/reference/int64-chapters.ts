/**
 * What ops that only some programs need mean for int64, by chapter: see int64.ts.
 */
import type { Attrs } from "../../ops/spec/index.js";
import type { ArrayView } from "../kernel-table.js";
import { bigintsOf, binary, type Kernel } from "./int64.js";
import { eachLine } from "./scan.js";

/** b's sign on the rest of a / b; integers have no NaN, and by 0 it is 0, as for int32. */
function remainder(a: bigint, b: bigint): bigint {
  if (b === 0n) return 0n;
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

function floorDivide(a: bigint, b: bigint): bigint {
  if (b === 0n) return 0n;
  return (a - remainder(a, b)) / b;
}

const SHIFT_BITS = 6;
const countOf = (b: bigint): bigint => BigInt.asUintN(SHIFT_BITS, b);
const bits = {
  and: binary((a, b) => a & b),
  or: binary((a, b) => a | b),
  xor: binary((a, b) => a ^ b),
  leftShift: binary((a, b) => a << countOf(b)),
  rightShift: binary((a, b) => a >> countOf(b)),
};

/** Of bool, uint8 and int32 as well. */
function cumsum(
  [x]: readonly [ArrayView],
  { axis, reverse, exclusive }: Attrs<"cumsum">,
  [y]: readonly [ArrayView],
): void {
  const count = x.shape[axis]!;
  eachLine(x.shape, axis, (base, step) => {
    let total = 0n;
    for (let i = 0; i < count; i++) {
      const at = base + (reverse ? count - 1 - i : i) * step;
      const next = BigInt.asIntN(64, total + BigInt(x.data[at]!));
      bigintsOf(y)[at] = exclusive ? total : next;
      total = next;
    }
  });
}

export const divisionInt64 = {
  fmod: binary((a, b) => (b === 0n ? 0n : a % b)),
  remainder: binary(remainder),
  floorDivide: binary(floorDivide),
  bitwise: ((inputs, attrs, outputs) => bits[(attrs as Attrs<"bitwise">).operation](inputs, attrs, outputs)) as Kernel,
};

export const orderInt64 = { cumsum: cumsum as unknown as Kernel };
