/**
 * The op matmul: which of the products of gemm.ts and long-reduction.ts serves which transposes, and the walk over batches.
 */

import { type Shape, sizeOf, stridesOf } from "../../../../tensor/shape.js";
import { transpose } from "../move/transpose.js";
import type { HeapOperand, Lowering, Plan } from "../plan.js";
import { gemm, prefersDirectB } from "./gemm.js";
import { packedBytes } from "./gemm-tile.js";
import { longReduction } from "./long-reduction.js";
import { matrixSource, pack } from "./pack.js";

/** For each matrix of the output, which matrix of the operand it needs; the operand's batch axes broadcast. */
function batchIndices(operand: HeapOperand, outBatch: readonly number[]): number[] {
  const own = operand.shape.slice(0, -2);
  const shift = outBatch.length - own.length;
  const strides = stridesOf(own);
  const outStrides = stridesOf(outBatch);
  return Array.from({ length: sizeOf(outBatch) }, (_, index) =>
    own.reduce((at, dim, axis) => {
      const coordinate = Math.floor(index / outStrides[axis + shift]!) % outBatch[axis + shift]!;
      return dim === 1 ? at : at + coordinate * strides[axis]!;
    }, 0),
  );
}

/** [rows, columns] -> [columns, rows]. */
function turn(plan: Plan, rows: number, columns: number, from: number, to: number): void {
  const matrix = (pointer: number, shape: Shape): HeapOperand => ({
    pointer,
    shape,
    size: rows * columns,
    dtype: "float32",
  });
  transpose([matrix(from, [rows, columns])], { perm: [1, 0] }, [matrix(to, [columns, rows])], plan);
}

export const matmul: Lowering<"matmul"> = ([a, b], { transposeA, transposeB }, [y], plan) => {
  if (y.dtype !== "float32") return false;
  const [m, n] = [y.shape.at(-2)!, y.shape.at(-1)!];
  const k = transposeA ? a.shape.at(-2)! : a.shape.at(-1)!;
  if (k === 0) return false;
  const batch = y.shape.slice(0, -2);
  const matrices = sizeOf(batch);
  // one B for all: the batch is more rows
  const isFolded = !transposeA && b.size === k * n && a.size === matrices * m * k;
  const sizes = { m: isFolded ? matrices * m : m, n, k };
  const as = isFolded ? [0] : batchIndices(a, batch);
  const bs = isFolded ? [0] : batchIndices(b, batch);

  const aAt = (index: number) => a.pointer + 4 * as[index]! * m * k;
  const bAt = (index: number) => b.pointer + 4 * bs[index]! * k * n;
  const yAt = (index: number) => y.pointer + 4 * index * m * n;
  if (transposeA && !transposeB) {
    for (let index = 0; index < as.length; index++)
      longReduction(
        plan,
        { rows: k, i: m, j: n, aRow: 4 * m, bRow: 4 * n, cRow: 4 * n },
        aAt(index),
        bAt(index),
        yAt(index),
      );
    return true;
  }
  const direct = !transposeB && prefersDirectB(plan.target, sizes);
  const packed = direct ? 0 : plan.scratch(packedBytes(plan.target, k, n));
  const turned = transposeA ? plan.scratch(4 * m * k) : 0;
  for (let index = 0; index < as.length; index++) {
    if (!direct && (index === 0 || bs[index] !== bs[index - 1]))
      pack(plan, matrixSource(k, n, transposeB), bAt(index), packed);
    if (transposeA) turn(plan, k, m, aAt(index), turned);
    gemm(plan, sizes, transposeA ? turned : aAt(index), direct ? bAt(index) : packed, yAt(index), { direct });
  }
  return true;
};
