/**
 * Matrix product: three loops, float64 sums.
 */
import type { MatmulAttrs } from "../../ops/spec/index.js";
import { type Shape, sizeOf, stridesOf } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";
import { type Product, productOf, totalsOf } from "./integers.js";

/** For each batch of `batch`, the index of the operand's own matrix that broadcasts to it. */
function matrixIndices(own: Shape, batch: Shape): number[] {
  const strides = stridesOf(own);
  const lead = batch.length - own.length;
  const batchStrides = stridesOf(batch);
  return Array.from({ length: sizeOf(batch) }, (_, b) =>
    own.reduce((index, dim, axis) => {
      const position = Math.floor(b / batchStrides[axis + lead]!) % batch[axis + lead]!;
      return index + (dim === 1 ? 0 : position * strides[axis]!);
    }, 0),
  );
}

/** How elements are multiplied and summed. */
interface Ring {
  readonly product: Product;
  /** One element to add up in. */
  readonly total: Float64Array | Int32Array;
  readonly zero: number;
}

export function matmul(
  inputs: readonly [ArrayView, ArrayView],
  attrs: MatmulAttrs,
  outputs: readonly [ArrayView],
): void {
  const { dtype } = outputs[0];
  matrixProduct(inputs, attrs, outputs, { product: productOf(dtype), total: totalsOf(dtype, 1), zero: 0 });
}

export function matrixProduct(
  [a, b]: readonly [ArrayView, ArrayView],
  { transposeA, transposeB }: MatmulAttrs,
  [y]: readonly [ArrayView],
  { product, total, zero }: Ring,
): void {
  const m = y.shape.at(-2)!;
  const n = y.shape.at(-1)!;
  const k = transposeA ? a.shape.at(-2)! : a.shape.at(-1)!;
  const [aRow, aCol] = transposeA ? [1, m] : [k, 1];
  const [bRow, bCol] = transposeB ? [1, k] : [n, 1];
  const batch = y.shape.slice(0, -2);
  const ofA = matrixIndices(a.shape.slice(0, -2), batch);
  const ofB = matrixIndices(b.shape.slice(0, -2), batch);
  for (let q = 0; q < ofA.length; q++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        total[0] = zero;
        for (let p = 0; p < k; p++) {
          const left = a.data[ofA[q]! * m * k + i * aRow! + p * aCol!]!;
          total[0]! += product(left, b.data[ofB[q]! * k * n + p * bRow! + j * bCol!]!);
        }
        y.data[(q * m + i) * n + j] = total[0]!;
      }
}
