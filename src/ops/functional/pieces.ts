/**
 * Parts of one axis: positions, stretches, pieces one after another.
 */
import { normalizeAxis, showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { type AsMethods, installMethods } from "../method.js";
import { chain } from "./chain.js";
import { reshape } from "./movement.js";
import { positionOf } from "./ranges.js";
import { alongAxis } from "./take.js";

/**
 * `length` positions of one axis from `start` on; a negative start counts from the end (torch.narrow). Throws ShapeError where
 * they reach outside.
 *
 * @example
 * ```ts
 * console.log(narrow(tensor([[1, 2, 3], [4, 5, 6]]), 1, 1, 2).toArray()); // [[2, 3], [5, 6]]
 * ```
 */
export function narrow(x: Tensor, axis: number, start: number, length: number): Tensor {
  const at = normalizeAxis(axis, x.rank, "narrow");
  const dim = x.shape[at]!;
  const begin = start < 0 ? start + dim : start;
  if (!Number.isInteger(start) || !Number.isInteger(length) || begin < 0 || length < 0 || begin + length > dim)
    throw new ShapeError(
      `narrow: ${length} from ${start} of axis ${axis}, ${showShape(x.shape)} has ${dim} there`,
      "axis, start and length follow each other: narrow(x, axis, start, length)",
    );
  return alongAxis(x, at, { begin, size: length, step: 1 });
}

/**
 * One position of an axis, which goes away; a negative one counts from the end (torch.select). Throws IndexError for one that
 * is not there.
 *
 * @example
 * ```ts
 * console.log(select(tensor([[1, 2], [3, 4]]), 1, -1).toArray()); // [2, 4]
 * ```
 */
export function select(x: Tensor, axis: number, index: number): Tensor {
  const at = normalizeAxis(axis, x.rank, "select");
  const begin = positionOf(index, at, x.shape, "select");
  return chain(
    x,
    (y) => alongAxis(y, at, { begin, size: 1, step: 1 }),
    (y) => reshape(y, y.shape.toSpliced(at, 1)),
  );
}

/**
 * Pieces of `sizes` along an axis, which they have to fill, or of one size each, the last with what is left (torch.split).
 *
 * @example
 * ```ts
 * console.log(split(arange(5), 2).map((part) => part.toArray())); // [[0, 1], [2, 3], [4]]
 * console.log(split(arange(5), [1, 4]).map((part) => part.toArray())); // [[0], [1, 2, 3, 4]]
 * ```
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  const at = normalizeAxis(axis, x.rank, "split");
  const dim = x.shape[at]!;
  const list = typeof sizes === "number" ? piecesOf(dim, sizes) : sizes;
  const total = list.reduce((sum, size) => sum + size, 0);
  if (list.some((size) => !Number.isInteger(size) || size < 0) || total !== dim)
    throw new ShapeError(
      `split: sizes ${showShape(list)} add up to ${total}, axis ${axis} of ${showShape(x.shape)} has ${dim}`,
      "one number is the size of each piece; chunk(x, count) takes their number",
    );
  let begin = 0;
  return list.map((size) => {
    begin += size;
    return alongAxis(x, at, { begin: begin - size, size, step: 1 });
  });
}

function piecesOf(dim: number, size: number): number[] {
  if (!Number.isInteger(size) || size < 1)
    throw new ShapeError(`split: a size of ${size}, expected an integer of at least 1`);
  return Array.from({ length: Math.max(1, Math.ceil(dim / size)) }, (_, i) => Math.min(size, dim - i * size));
}

/**
 * Pieces of one size along an axis, `chunks` of them or fewer, the last with what is left (torch.chunk).
 *
 * @example
 * ```ts
 * console.log(chunk(arange(5), 2).map((part) => part.toArray())); // [[0, 1, 2], [3, 4]]
 * ```
 */
export function chunk(x: Tensor, chunks: number, axis = 0): Tensor[] {
  if (!Number.isInteger(chunks) || chunks < 1)
    throw new ShapeError(`chunk: ${chunks} chunks, expected an integer of at least 1`);
  const dim = x.shape[normalizeAxis(axis, x.rank, "chunk")]!;
  // nothing is as many pieces of nothing, as in PyTorch
  return split(x, dim === 0 ? new Array<number>(chunks).fill(0) : Math.ceil(dim / chunks), axis);
}

/**
 * Every position of an axis as a tensor without it (torch.unbind).
 *
 * @example
 * ```ts
 * const [a, b] = unbind(tensor([[1, 2], [3, 4]]));
 * console.log(a!.toArray(), b!.toArray()); // [1, 2] [3, 4]
 * ```
 */
export function unbind(x: Tensor, axis = 0): Tensor[] {
  const at = normalizeAxis(axis, x.rank, "unbind");
  return Array.from({ length: x.shape[at]! }, (_, i) => select(x, at, i));
}

const methods = { narrow, select, split, chunk, unbind };
installMethods(methods);

declare module "../../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./pieces.js"), keyof typeof methods>> {}
}
