/**
 * One block of coefficients out of a JPEG's bits, for each kind of scan (ITU-T T.81, F.2.2, G.1.2 and G.2). What damaged bits do is
 * libjpeg's: a run that leaves the block ends on its last coefficient, a refinement of any size counts as one of 1.
 */
import type { JpegBits } from "./jpeg-bits.js";
import { type HuffmanTable, naturalOrder } from "./jpeg-tables.js";

/** A sequential block but for its DC value. */
export function readSequential(bits: JpegBits, table: HuffmanTable, out: Int16Array, base: number): void {
  for (let k = 1; k < 64; k++) {
    const symbol = bits.symbol(table);
    const size = symbol & 15;
    if (size === 0) {
      if (symbol < 0xf0) break;
      k += 15;
      continue;
    }
    k += symbol >> 4;
    const value = bits.takeSigned(size);
    if (k > 63) bits.damages++;
    out[base + naturalOrder[k]!] = value;
  }
}

/** The band of a progressive scan that refines nothing; gives how many blocks after this one are empty. */
export function readBand(
  bits: JpegBits,
  table: HuffmanTable,
  { first, last, low }: { readonly first: number; readonly last: number; readonly low: number },
  out: Int16Array,
  base: number,
): number {
  for (let k = first; k <= last; k++) {
    const symbol = bits.symbol(table);
    const size = symbol & 15;
    const run = symbol >> 4;
    if (size === 0) {
      if (run < 15) return (1 << run) - 1 + (run > 0 ? bits.take(run) : 0);
      k += 15;
      continue;
    }
    k += run;
    const value = bits.takeSigned(size);
    if (k > last) bits.damages++;
    out[base + naturalOrder[k]!] = value << low;
  }
  return 0;
}

/** One more bit for a band; `emptyRun` blocks with this one have no new coefficients. Gives how many are left. */
export function refineBand(
  bits: JpegBits,
  table: HuffmanTable,
  { first, last, low }: { readonly first: number; readonly last: number; readonly low: number },
  out: Int16Array,
  base: number,
  emptyRun: number,
): number {
  const one = 1 << low;
  let run = emptyRun;
  let k = first;
  const refine = (at: number): void => {
    const value = out[at]!;
    if (bits.take(1) === 1 && (value & one) === 0) out[at] = value >= 0 ? value + one : value - one;
  };
  for (; run === 0 && k <= last; k++) {
    const symbol = bits.symbol(table);
    let zeros = symbol >> 4;
    const size = symbol & 15;
    let fresh = 0;
    if (size > 0) {
      if (size > 1) bits.damages++;
      fresh = bits.take(1) === 1 ? one : -one;
    } else if (zeros < 15) {
      run = (1 << zeros) + (zeros > 0 ? bits.take(zeros) : 0);
      break;
    }
    for (; k <= last; k++) {
      const at = base + naturalOrder[k]!;
      if (out[at] !== 0) refine(at);
      else if (--zeros < 0) break;
    }
    if (k > last) bits.damages++;
    if (fresh === 0) continue;
    out[base + naturalOrder[k]!] = fresh;
  }
  if (run === 0) return 0;
  for (; k <= last; k++) {
    const at = base + naturalOrder[k]!;
    if (out[at] !== 0) refine(at);
  }
  return run - 1;
}
