/** Numbers as float16 (IEEE 754 binary16), rounded half to even. */

/** The whole number next to x, of two equally near the even one, as ONNX's QuantizeLinear rounds. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Largest finite float16. */
export const LARGEST_FLOAT16 = 65_504;

const wide = new Float64Array(1);
const wideBits = new BigUint64Array(wide.buffer);

/** The 16 bits of the float16 next to x (IEEE 754 binary16, ties to even); beyond its range an infinity. */
export function float16Bits(x: number): number {
  wide[0] = x;
  const sign = Number(wideBits[0]! >> 63n) << 15;
  if (Number.isNaN(x)) return sign | 0x7e00;
  const size = Math.abs(x);
  if (size > 2 * LARGEST_FLOAT16) return sign | 0x7c00;
  // below 2^-14 the steps are 2^-24, above them 2^-10 of the power of two
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const step = 2 ** (Math.max(exponent, -14) - 10);
  const steps = roundHalfEven(size / step);
  const rounded = steps * step;
  if (rounded > LARGEST_FLOAT16) return sign | 0x7c00;
  if (rounded < 2 ** -14) return sign | steps;
  const power = Math.floor(Math.log2(rounded));
  return sign | ((power + 15) << 10) | (rounded / 2 ** (power - 10) - 1024);
}
