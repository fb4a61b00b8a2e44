/**
 * Arithmetic of integer dtypes: products and sums modulo 2³², which typed arrays then cut to the dtype's own bits. float64
 * arithmetic would round products beyond 2⁵³.
 */
import { type DType, isFloat } from "../../tensor/dtype.js";

export type Product = (a: number, b: number) => number;

const productOfFloats: Product = (a, b) => a * b;

/** The product of two numbers of a dtype. */
export const productOf = (dtype: DType): Product => (isFloat(dtype) ? productOfFloats : Math.imul);

/** Zeros to add up in: float64 for floats, and int32, whose stores wrap, for integers. */
export const totalsOf = (dtype: DType, length: number): Float64Array | Int32Array =>
  isFloat(dtype) ? new Float64Array(length) : new Int32Array(length);

/** base to the power of an integer, by squaring; of a negative power only ±1 are integers. */
export function integerPower(base: number, power: number): number {
  if (power < 0) {
    if (base === 1) return 1;
    if (base === -1) return power % 2 === 0 ? 1 : -1;
    return 0;
  }
  let result = 1;
  let square = base;
  for (let left = power; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}
