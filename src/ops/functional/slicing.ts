/**
 * Parts of tensors: blocks, steps of either sign, positions, pieces one after another.
 */
import { normalizeAxes, normalizeAxis, type Shape, showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { chain } from "./chain.js";
import { reshape } from "./movement.js";
import { type Bound, type IndexItem, parseIndex, positionOf, type Range, type Steps, stepsOf } from "./ranges.js";
import { take } from "./take.js";

export type { Bound, Range } from "./ranges.js";

function expectAtMost(where: string, lists: Readonly<Record<string, readonly unknown[]>>, shape: Shape): void {
  for (const [name, list] of Object.entries(lists)) {
    if (!Array.isArray(list))
      throw new ShapeError(
        `${where}: ${name} is of type ${typeof list}, expected a list with a number for each axis`,
        typeof list === "number" ? `[${String(list)}]; narrow(x, axis, start, length) cuts one axis` : undefined,
      );
    if (list.length > shape.length)
      throw new ShapeError(
        `${where}: ${name} [${list.join(", ")}] names ${list.length} axes, ${showShape(shape)} has ${shape.length}`,
      );
  }
}

/**
 * The block from `begin` of `size` (-1: all that is left); axes not named are whole. A negative begin counts from the end.
 * With `step` every step-th element is taken, backwards from `begin` where it is negative. A cut of the first axis alone is a
 * free view. Throws ShapeError where the block reaches outside.
 *
 * @example
 * ```ts
 * console.log(slice(arange(10), [2], [3]).toArray()); // [2, 3, 4]
 * console.log(slice(arange(10), [-1], [3], [-2]).toArray()); // [9, 7, 5]
 * ```
 */
export function slice(
  x: Tensor,
  begin: readonly number[],
  size: readonly number[] = [],
  step: readonly number[] = [],
): Tensor {
  expectAtMost("slice", { begin, size, step }, x.shape);
  return take(
    x,
    x.shape.map((dim, i): Steps => {
      const by = step[i] ?? 1;
      const given = begin[i] ?? (by < 0 ? dim - 1 : 0);
      const from = given < 0 ? given + dim : given;
      const wanted = size[i] ?? -1;
      const left = by < 0 ? Math.floor(from / -by) + 1 : Math.ceil((dim - from) / by);
      return { begin: from, size: wanted === -1 ? left : wanted, step: by };
    }),
  );
}

/**
 * begin : end : step along each axis, as NumPy's x[begin:end:step] and ONNX's Slice: null leaves an end open, negative
 * positions count from the end, those outside are cut to what is there; axes not named are whole. Throws ShapeError for a step
 * of 0.
 *
 * @example
 * ```ts
 * console.log(stridedSlice(arange(6), [1], [-1], [2]).toArray()); // [1, 3]
 * console.log(stridedSlice(arange(3), [null], [null], [-1]).toArray()); // [2, 1, 0]
 * ```
 */
export function stridedSlice(
  x: Tensor,
  begin: readonly Bound[],
  end: readonly Bound[] = [],
  step: readonly Bound[] = [],
): Tensor {
  expectAtMost("stridedSlice", { begin, end, step }, x.shape);
  return take(
    x,
    x.shape.map((dim, i) => stepsOf([begin[i] ?? null, end[i] ?? null, step[i] ?? null], dim, "stridedSlice")),
  );
}

/** `steps` of one axis, the others whole. */
const alongAxis = (x: Tensor, axis: number, steps: Steps): Tensor =>
  take(
    x,
    x.shape.map((dim, i) => (i === axis ? steps : { begin: 0, size: dim, step: 1 })),
  );

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
 * Python's x[…]: a string such as "1:, ::-1, 0, ..., None", or an item for each axis: a position, which takes the axis away,
 * or [begin, end, step] with null for an end that is open. "None" makes an axis of size 1, "..." stands for all axes that are
 * not named. Negative positions count from the end. Throws IndexError for a position that is not there, ShapeError for what
 * cannot be read or names too many axes.
 *
 * @example
 * ```ts
 * const x = arange(12).reshape([3, 4]);
 * console.log(at(x, "1:, ::-2").toArray()); // [[7, 5], [11, 9]]
 * console.log(at(x, -1, [0, 2]).toArray()); // [8, 9]
 * ```
 */
export function at(x: Tensor, ...index: readonly (string | number | Range)[]): Tensor {
  const items = index.flatMap((item): IndexItem[] => (typeof item === "string" ? parseIndex(item, "at") : [item]));
  const named = items.filter((item) => typeof item === "number" || Array.isArray(item)).length;
  const rests = items.filter((item) => item === "rest").length;
  if (named > x.rank || rests > 1)
    throw new ShapeError(
      rests > 1 ? 'at: "..." twice, expected once' : `at: ${named} axes are named, ${showShape(x.shape)} has ${x.rank}`,
    );
  const steps: Steps[] = [];
  const shape: number[] = [];
  const whole = (count: number): void => {
    for (const dim of x.shape.slice(steps.length, steps.length + count)) {
      steps.push({ begin: 0, size: dim, step: 1 });
      shape.push(dim);
    }
  };
  for (const item of items) {
    const axis = steps.length;
    if (item === "rest") whole(x.rank - named);
    else if (item === "new") shape.push(1);
    else if (typeof item === "number") steps.push({ begin: positionOf(item, axis, x.shape, "at"), size: 1, step: 1 });
    else {
      const own = stepsOf(item, x.shape[axis]!, "at");
      steps.push(own);
      shape.push(own.size);
    }
  }
  whole(x.rank - steps.length);
  return chain(
    x,
    (y) => take(y, steps),
    (y) => (y.hasShape(shape) ? y : reshape(y, shape)),
  );
}

/**
 * x with the order along `axes` reversed; all of them where none are named (torch.flip).
 *
 * @example
 * ```ts
 * console.log(flip(tensor([[1, 2], [3, 4]]), 1).toArray()); // [[2, 1], [4, 3]]
 * ```
 */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  const flipped = normalizeAxes(axes, x.rank, "flip");
  return take(
    x,
    x.shape.map((dim, i) => stepsOf([null, null, flipped.includes(i) ? -1 : 1], dim, "flip")),
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
