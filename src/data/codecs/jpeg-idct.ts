/**
 * The inverse DCT of libjpeg ("islow", jidctint.c), by the arithmetic of its SSE2 and AVX2 forms: sums and products of 16 bits wrap,
 * results are cut to the range. For all that an encoder writes this is every form's result, to the bit; for coefficients that
 * only damage makes, it is what OpenCV gives on a PC.
 */
import { naturalOrder } from "./jpeg-tables.js";

const CONST_BITS = 13;
const PASS1_BITS = 2;
const fixed = (x: number): number => Math.round(x * 2 ** CONST_BITS);
// Loeffler, Ligtenberg, Moschytz 1989, figure 1, as sums of two products
const F0541 = fixed(0.541196100146197);
const F0765 = fixed(0.7653668647301797);
const F1847 = fixed(1.8477590650225735);
const F1175 = fixed(1.1758756024193588);
const F1961 = fixed(1.9615705608064609);
const F0390 = fixed(0.3901806440322565);
const F0298 = fixed(0.2986313361) - fixed(0.8999762231);
const F0899 = -fixed(0.8999762231);
const F2053 = fixed(2.0531198689) - fixed(2.5629154477);
const F2562 = -fixed(2.5629154477);
const F3072 = fixed(3.0727110263) - fixed(2.5629154477);
const F1501 = fixed(1.5013211099) - fixed(0.8999762231);

const wrap = (x: number): number => (x << 16) >> 16;
const cut16 = (x: number): number => (x > 32767 ? 32767 : x < -32768 ? -32768 : x);

/** Eight values `step` apart, from `at`, in place: a column or a row. */
function transform(data: Int32Array, at: number, step: number, shift: number): void {
  const i0 = data[at]!;
  const i1 = data[at + step]!;
  const i2 = data[at + 2 * step]!;
  const i3 = data[at + 3 * step]!;
  const i4 = data[at + 4 * step]!;
  const i5 = data[at + 5 * step]!;
  const i6 = data[at + 6 * step]!;
  const i7 = data[at + 7 * step]!;
  const e2 = (i2 * F0541 + i6 * (F0541 - F1847)) | 0;
  const e3 = (i2 * (F0541 + F0765) + i6 * F0541) | 0;
  const e0 = wrap(i0 + i4) << CONST_BITS;
  const e1 = wrap(i0 - i4) << CONST_BITS;
  const a0 = (e0 + e3) | 0;
  const a3 = (e0 - e3) | 0;
  const a1 = (e1 + e2) | 0;
  const a2 = (e1 - e2) | 0;
  const s3 = wrap(i7 + i3);
  const s4 = wrap(i5 + i1);
  const z3 = (s3 * (F1175 - F1961) + s4 * F1175) | 0;
  const z4 = (s3 * F1175 + s4 * (F1175 - F0390)) | 0;
  const o0 = (i7 * F0298 + i1 * F0899 + z3) | 0;
  const o1 = (i5 * F2053 + i3 * F2562 + z4) | 0;
  const o2 = (i5 * F2562 + i3 * F3072 + z3) | 0;
  const o3 = (i7 * F0899 + i1 * F1501 + z4) | 0;
  const half = 1 << (shift - 1);
  data[at] = cut16(((a0 + o3 + half) | 0) >> shift);
  data[at + 7 * step] = cut16(((a0 - o3 + half) | 0) >> shift);
  data[at + step] = cut16(((a1 + o2 + half) | 0) >> shift);
  data[at + 6 * step] = cut16(((a1 - o2 + half) | 0) >> shift);
  data[at + 2 * step] = cut16(((a2 + o1 + half) | 0) >> shift);
  data[at + 5 * step] = cut16(((a2 - o1 + half) | 0) >> shift);
  data[at + 3 * step] = cut16(((a3 + o0 + half) | 0) >> shift);
  data[at + 4 * step] = cut16(((a3 - o0 + half) | 0) >> shift);
}

const work = new Int32Array(64);

/** Coefficients of the block at `base`, natural order, to samples less 128, cut to 16 bits; the buffer is used again. */
export function inverseDct(coefficients: Int16Array, base: number, quantizer: Int32Array): Int32Array {
  let isFlat = true;
  for (let i = 0; i < 64; i++) {
    const value = coefficients[base + i]!;
    work[i] = value === 0 ? 0 : wrap(Math.imul(value, quantizer[i]!));
    if (i >= 8 && value !== 0) isFlat = false;
  }
  for (let column = 0; column < 8; column++) {
    if (isFlat) for (let y = 56; y >= 0; y -= 8) work[column + y] = wrap(work[column]! << PASS1_BITS);
    else transform(work, column, 8, CONST_BITS - PASS1_BITS);
  }
  for (let row = 0; row < 64; row += 8) transform(work, row, 1, CONST_BITS + PASS1_BITS + 3);
  return work;
}

/** A quantisation table as it comes, in zigzag order, to the order of a block. */
export function naturalQuantizer(zigzag: Uint16Array | undefined): Int32Array {
  const natural = new Int32Array(64);
  zigzag?.forEach((value, k) => {
    natural[naturalOrder[k]!] = value;
  });
  return natural;
}
