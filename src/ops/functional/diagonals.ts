/**
 * Triangles and diagonals of matrices, and grids of coordinates.
 */
import { allocate } from "../../tensor/create.js";
import { normalizeAxis, showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { apply } from "../apply.js";
import { type AsMethods, installMethods } from "../method.js";
import { chain } from "./chain.js";
import { where } from "./elementwise.js";
import { broadcastTo, reshape, transpose } from "./movement.js";
import { take } from "./take.js";

/** The matrices of x where `isKept`, zeros elsewhere, whatever stands there. */
function triangle(name: string, x: Tensor, isKept: (row: number, column: number) => boolean): Tensor {
  if (x.rank < 2)
    throw new ShapeError(
      `${name}: ${showShape(x.shape)}, expected matrices of at least 2 axes`,
      "reshape it to [1, n]",
    );
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const values = new Uint8Array(rows * columns);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) values[r * columns + c] = Number(isKept(r, c));
  const mask = allocate([rows, columns], "bool", x.backend).write(values);
  // of the lowest category: the dtype of x stays
  const y = where(mask, x, false);
  mask.dispose();
  return y;
}

function expectOffset(where: string, offset: number): void {
  if (!Number.isInteger(offset)) throw new ShapeError(`${where}: diagonal ${offset}, expected an integer`);
}

/**
 * The lower triangle of matrices [..., R, C], zeros above: columns up to row + diagonal stay (torch.tril).
 *
 * @example
 * ```ts
 * console.log(tril(ones([2, 2])).toArray()); // [[1, 0], [1, 1]]
 * ```
 */
export function tril(x: Tensor, diagonal = 0): Tensor {
  expectOffset("tril", diagonal);
  return triangle("tril", x, (row, column) => column - row <= diagonal);
}

/**
 * The upper triangle of matrices [..., R, C], zeros below: columns from row + diagonal on stay (torch.triu).
 *
 * @example
 * ```ts
 * console.log(triu(ones([2, 2]), 1).toArray()); // [[0, 1], [0, 0]]
 * ```
 */
export function triu(x: Tensor, diagonal = 0): Tensor {
  expectOffset("triu", diagonal);
  return triangle("triu", x, (row, column) => column - row >= diagonal);
}

/**
 * The diagonal of matrices along two axes, which go away for one at the end (torch.diagonal): element i is
 * [i, i + offset], or [i − offset, i] for a negative offset.
 *
 * @example
 * ```ts
 * console.log(diagonal(tensor([[1, 2], [3, 4]])).toArray()); // [1, 4]
 * ```
 */
export function diagonal(x: Tensor, offset = 0, axis1 = 0, axis2 = 1): Tensor {
  expectOffset("diagonal", offset);
  const [first, second] = [axis1, axis2].map((axis) => normalizeAxis(axis, x.rank, "diagonal")) as [number, number];
  if (first === second) throw new ShapeError(`diagonal: axis ${axis1} twice, expected two axes`);
  const others = x.shape.flatMap((_, i) => (i === first || i === second ? [] : [i]));
  const lead = others.map((axis) => x.shape[axis]!);
  const [rows, columns] = [x.shape[first]!, x.shape[second]!];
  const size = Math.max(0, Math.min(rows + Math.min(0, offset), columns - Math.max(0, offset)));
  const begin = size === 0 ? 0 : offset < 0 ? -offset * columns : offset;
  return chain(
    x,
    (y) => transpose(y, [...others, first, second]),
    (y) => reshape(y, [...lead, rows * columns]),
    (y) =>
      take(y, [
        ...lead.map((dim) => ({ begin: 0, size: dim, step: 1 })),
        { begin, size, step: size < 2 ? 1 : columns + 1 },
      ]),
  );
}

/**
 * A square matrix with x [n] on a diagonal and zeros elsewhere, or the diagonal of a matrix x [R, C] (torch.diag).
 *
 * @example
 * ```ts
 * console.log(diag(tensor([1, 2])).toArray()); // [[1, 0], [0, 2]]
 * ```
 */
export function diag(x: Tensor, offset = 0): Tensor {
  if (x.rank === 2) return diagonal(x, offset);
  expectOffset("diag", offset);
  if (x.rank !== 1)
    throw new ShapeError(
      `diag: ${showShape(x.shape)}, expected a vector or a matrix`,
      "diagonal(x, 0, -2, -1) of more axes",
    );
  const n = x.shape[0]! + Math.abs(offset);
  const begin = [offset < 0 ? -offset * n : offset];
  return chain(
    x,
    (y) => apply("stridedSliceGrad", [y], { begin, step: [n + 1], inputShape: [n * n] })[0],
    (y) => reshape(y, [n, n]),
  );
}

/**
 * Coordinates of a grid: each of the vectors repeated along the axes of the others. indexing "ij" gives axes in the order of the
 * vectors, "xy" swaps the first two (torch.meshgrid).
 *
 * @example
 * ```ts
 * const [y, x] = meshgrid([arange(2), arange(3)]);
 * console.log(y!.toArray(), x!.toArray()); // [[0, 0, 0], [1, 1, 1]] [[0, 1, 2], [0, 1, 2]]
 * ```
 */
export function meshgrid(vectors: readonly Tensor[], indexing: "ij" | "xy" = "ij"): Tensor[] {
  const odd = vectors.find((x) => x.rank > 1);
  if (odd) throw new ShapeError(`meshgrid: ${showShape(odd.shape)}, expected vectors`);
  if (indexing !== "ij" && indexing !== "xy")
    throw new ShapeError(`meshgrid: indexing ${String(indexing)}, expected "ij" or "xy"`);
  const placeOf = (i: number): number => (indexing === "xy" && i < 2 && vectors.length > 1 ? 1 - i : i);
  const shape = vectors.map((_, i) => vectors[placeOf(i)]!.size);
  return vectors.map((x, i) =>
    chain(
      x,
      (y) =>
        reshape(
          y,
          shape.map((_, axis) => (axis === placeOf(i) ? x.size : 1)),
        ),
      (y) => broadcastTo(y, shape),
    ),
  );
}

const methods = { tril, triu, diagonal, diag };
installMethods(methods);

declare module "../../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./diagonals.js"), keyof typeof methods>> {}
}
