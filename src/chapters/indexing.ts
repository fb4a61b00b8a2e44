/**
 * Elements by tensors of indices and by masks. Indices are int32 and count from 0: one outside is an IndexError with its
 * value and its place.
 */

import { apply as applyAny } from "../ops/apply.js";
import { chain, consume } from "../ops/functional/chain.js";
import { cast, where } from "../ops/functional/elementwise.js";
import { broadcastTo, concat, reshape, transpose } from "../ops/functional/movement.js";
import { slice } from "../ops/functional/slicing.js";
import { type AsMethods, installMethods } from "../ops/method.js";
import { type Operand, withPromoted } from "../ops/promotion.js";
import { allocate } from "../tensor/create.js";
import { broadcastShapes, normalizeAxis, type Shape, showShape, sizeOf, stridesOf } from "../tensor/shape.js";
import { Tensor } from "../tensor/tensor.js";
import { BackendError, DTypeError, ShapeError } from "../util/errors.js";
import { apply } from "./indexing-ops.js";

/** int32 indices on the backend of x, from a list or as they are. */
function indicesOn(x: Tensor, indices: Tensor | readonly number[], where: string): Tensor {
  if (indices instanceof Tensor) return indices;
  const fraction = indices.find((index) => !Number.isInteger(index));
  if (fraction !== undefined) throw new DTypeError(`${where}: index ${fraction}, expected an integer`);
  return allocate([indices.length], "int32", x.backend).write(Int32Array.from(indices));
}

/** Throws unless `index` has the axes of x and reaches no further than x, but along `axis`. */
function expectWithin(where: string, x: Tensor, axis: number, index: Tensor): void {
  if (index.rank === x.rank && index.shape.every((dim, i) => i === axis || dim <= x.shape[i]!)) return;
  throw new ShapeError(
    `${where}: index ${showShape(index.shape)} for ${showShape(x.shape)}, expected as many axes, none longer but axis ${axis}`,
    index.rank === x.rank ? undefined : "whole rows: indexSelect(x, axis, index), or gather(table, indices)",
  );
}

/** The part of x that indices of `shape` reach: whole along `axis`. */
const within = (x: Tensor, axis: number, shape: Shape): Tensor =>
  slice(
    x,
    [],
    x.shape.map((dim, i) => (i === axis ? dim : shape[i]!)),
  );

/**
 * gather(x, axis, index) is torch.gather: y[i][j] = x[index[i][j]][j] for axis 0, and so on; index has as many axes as x, none
 * longer but `axis`, and y its shape. gather(table, indices) takes whole rows of table [R, ...rest] at indices [...i]
 * -> [...i, ...rest]. Throws IndexError for an index outside, ShapeError where shapes do not fit.
 *
 * @example
 * ```ts
 * const table = tensor([[1, 2], [3, 4], [5, 6]]);
 * console.log(gather(table, tensor(Int32Array.of(2, 0))).toArray()); // [[5, 6], [1, 2]]
 * console.log(gather(table, 1, tensor(Int32Array.of(1, 0, 0), [3, 1])).toArray()); // [[2], [3], [5]]
 * ```
 */
export function gather(x: Tensor, ...rest: [indices: Tensor] | [axis: number, index: Tensor]): Tensor {
  const [first, index] = rest;
  if (first instanceof Tensor) return apply("gather", [x, first], {})[0];
  if (!(index instanceof Tensor))
    throw new DTypeError("gather: no tensor of indices, expected gather(x, axis, index) or gather(table, indices)");
  const axis = normalizeAxis(first, x.rank, "gather");
  expectWithin("gather", x, axis, index);
  return chain(
    x,
    (y) => within(y, axis, index.shape),
    (y) => apply("takeAlongAxis", [y, index], { axis })[0],
  );
}

/**
 * Elements of x at indices along one axis, the other axes broadcast (numpy.take_along_axis, torch.take_along_dim): what argmax,
 * sort and topK give with keepDims goes in as it is. Throws IndexError for an index outside.
 *
 * @example
 * ```ts
 * const x = tensor([[3, 1, 2], [4, 6, 5]]);
 * console.log(takeAlongAxis(x, tensor(Int32Array.of(0, 1), [2, 1]), 1).toArray()); // [[3], [6]]
 * ```
 */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis: number): Tensor {
  const at = normalizeAxis(axis, x.rank, "takeAlongAxis");
  const isFit = (dim: number, i: number): boolean =>
    i === at || dim === indices.shape[i] || dim === 1 || indices.shape[i] === 1;
  if (indices.rank !== x.rank || !x.shape.every(isFit))
    throw new ShapeError(
      `takeAlongAxis: ${showShape(x.shape)} and indices ${showShape(indices.shape)}, expected shapes that broadcast outside axis ${axis}`,
    );
  const other = x.shape.map((dim, i) => (dim === 1 ? indices.shape[i]! : dim));
  const [from, by] = [x, indices].map((y) => broadcastTo(y, other.toSpliced(at, 1, y.shape[at]!))) as [Tensor, Tensor];
  return consume([from, by], () => apply("takeAlongAxis", [from, by], { axis: at })[0]);
}

/** src as a tensor of the dtype of x, cut to what indices of `shape` name; a number everywhere. */
function sourceFor(where: string, x: Tensor, shape: Shape, src: Operand): Tensor {
  if (src instanceof Tensor) {
    if (src.rank !== shape.length || src.shape.some((dim, i) => dim < shape[i]!))
      throw new ShapeError(
        `${where}: src ${showShape(src.shape)} for indices ${showShape(shape)}, expected at least as many numbers along every axis`,
      );
    if (src.dtype !== x.dtype)
      throw new DTypeError(
        `${where}: src is ${src.dtype}, expected ${x.dtype} as x`,
        `cast one: src.cast("${x.dtype}")`,
      );
    return slice(src, [], shape);
  }
  // in the dtype of x, whatever the number is: a fraction for integers is refused
  return withPromoted("where", [cast(x.detach(), x.dtype), src], ([like, value]) => {
    if (like!.dtype !== x.dtype) throw new DTypeError(`${where}: ${src} is no ${x.dtype}, expected an integer`);
    return broadcastTo(value!, shape);
  });
}

/** y over the first positions of x along every axis, the rest of x around it. */
function filledUp(y: Tensor, x: Tensor): Tensor {
  const steps = x.shape.map((dim, axis) => (part: Tensor): Tensor => {
    if (part.shape[axis] === dim) return part;
    const begin = x.shape.map((_, i) => (i === axis ? part.shape[i]! : 0));
    const size = x.shape.map((own, i) => (i === axis ? own - part.shape[i]! : part.shape[i]!));
    return consume([slice(x, begin, size)], ([rest]) => concat([part, rest!], axis));
  });
  return chain(y, ...steps.reverse());
}

/**
 * x with numbers of src, or one number, written over it (torch.Tensor.scatter): y[index[i][j]][j] = src[i][j] for axis 0, and
 * so on; of several for one place the last stays. index has as many axes as x, none longer but `axis`, and src reaches at least
 * as far. Throws IndexError for an index outside. The gradient of numbers for one place is PyTorch's: that of the place for
 * each.
 *
 * @example
 * ```ts
 * const index = tensor(Int32Array.of(2, 0), [2, 1]);
 * console.log(scatter(zeros([2, 3]), 1, index, 1).toArray()); // [[0, 0, 1], [1, 0, 0]]
 * ```
 */
export function scatter(x: Tensor, axis: number, index: Tensor, src: Operand): Tensor {
  const at = normalizeAxis(axis, x.rank, "scatter");
  expectWithin("scatter", x, at, index);
  const source = sourceFor("scatter", x, index.shape, src);
  const y = chain(
    x,
    (part) => within(part, at, index.shape),
    (part) => apply("scatter", [part, index, source], { axis: at })[0],
    (part) => filledUp(part, x),
  );
  source.dispose();
  return y;
}

/**
 * x with numbers of src, or one number, added to it (torch.Tensor.scatter_add): y[index[i][j]][j] += src[i][j] for axis 0, and
 * so on, however often a place is named. Shapes as for scatter(). Throws IndexError for an index outside.
 *
 * @example
 * ```ts
 * const index = tensor(Int32Array.of(0, 2, 0), [1, 3]);
 * console.log(scatterAdd(zeros([1, 3]), 1, index, ones([1, 3])).toArray()); // [[2, 0, 1]]
 * ```
 */
export function scatterAdd(x: Tensor, axis: number, index: Tensor, src: Operand): Tensor {
  const at = normalizeAxis(axis, x.rank, "scatterAdd");
  expectWithin("scatterAdd", x, at, index);
  const source = sourceFor("scatterAdd", x, index.shape, src);
  const sum = apply("takeAlongAxisGrad", [source, index], { axis: at, rows: x.shape[at]! })[0];
  const y = chain(
    x,
    (part) => within(part, at, index.shape),
    (part) => applyAny("add", [part, sum], {})[0],
    (part) => filledUp(part, x),
  );
  source.dispose();
  sum.dispose();
  return y;
}

/**
 * Positions of one axis in the order of `index`, a list or an int32 tensor [k] (torch.index_select). Throws IndexError for one
 * that is not there.
 *
 * @example
 * ```ts
 * console.log(indexSelect(tensor([[1, 2, 3], [4, 5, 6]]), 1, [2, 0]).toArray()); // [[3, 1], [6, 4]]
 * ```
 */
export function indexSelect(x: Tensor, axis: number, index: Tensor | readonly number[]): Tensor {
  const at = normalizeAxis(axis, x.rank, "indexSelect");
  const indices = indicesOn(x, index, "indexSelect");
  if (indices.rank > 1)
    throw new ShapeError(
      `indexSelect: indices ${showShape(indices.shape)}, expected one axis`,
      "gather(x, axis, index)",
    );
  const toFront = [at, ...x.shape.flatMap((_, i) => (i === at ? [] : [i]))];
  const back = x.shape.map((_, i) => (i < at ? i + 1 : i === at ? 0 : i));
  const list = reshape(indices, [-1]);
  const rows = (y: Tensor): Tensor => apply("gather", [y, list], {})[0];
  const y =
    at === 0
      ? rows(x)
      : chain(
          x,
          (z) => transpose(z, toFront),
          rows,
          (z) => transpose(z, back),
        );
  list.dispose();
  if (indices !== index) indices.dispose();
  return y;
}

/**
 * x with `value` where mask, which broadcasts to x, is not 0 (torch.Tensor.masked_fill). Throws DTypeError for a value that
 * x's dtype does not hold.
 *
 * @example
 * ```ts
 * const x = tensor([1, -2]);
 * console.log(maskedFill(x, x.less(0), 0).toArray()); // [1, 0]
 * ```
 */
export function maskedFill(x: Tensor, mask: Tensor, value: number | boolean): Tensor {
  const y = where(mask, value, x);
  if (y.dtype === x.dtype && y.hasShape(x.shape)) return y;
  y.dispose();
  if (y.dtype !== x.dtype) throw new DTypeError(`maskedFill: ${value} is no ${x.dtype}, expected an integer`);
  throw new ShapeError(`maskedFill: a mask ${showShape(mask.shape)} does not broadcast to ${showShape(x.shape)}`);
}

/** The values of x on the host, for shapes that depend on them. */
function valuesFor(where: string, x: Tensor): ArrayLike<number> {
  if (x.backend.readSync) return x.dataSync();
  throw new BackendError(
    `${where}: its shape depends on values, which the ${x.backend.name} backend gives only later`,
    "where(mask, x, 0) keeps the shape; or make indices on the host from await x.data()",
  );
}

/**
 * The positions of all elements that are not 0, row by row: int32 [count, rank] (torch.nonzero). Its shape depends on values:
 * it reads them, throws CompileError inside compile() where the function has computed them, and BackendError on a backend that
 * gives values only later.
 *
 * @example
 * ```ts
 * console.log(nonzero(tensor([[0, 1], [1, 0]])).toArray()); // [[0, 1], [1, 0]]
 * ```
 */
export function nonzero(x: Tensor): Tensor {
  const values = valuesFor("nonzero", x);
  const strides = stridesOf(x.shape);
  const found: number[] = [];
  for (let i = 0; i < values.length; i++)
    if (values[i] !== 0) found.push(...strides.map((stride, axis) => Math.floor(i / stride) % x.shape[axis]!));
  const count = x.rank === 0 ? Number(values[0] !== 0) : found.length / x.rank;
  return allocate([count, x.rank], "int32", x.backend).write(Int32Array.from(found));
}

/**
 * The elements of x where mask is not 0, as one axis; the two broadcast (torch.masked_select). Reads the mask: see nonzero().
 *
 * @example
 * ```ts
 * const x = tensor([1, -2, 3]);
 * console.log(maskedSelect(x, x.greater(0)).toArray()); // [1, 3]
 * ```
 */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  const shape = broadcastShapes(x.shape, mask.shape, "maskedSelect");
  const values = valuesFor("maskedSelect", mask);
  // on the host, so that a mask that was given can be read inside compile(), too
  const strides = stridesOf(shape);
  const own = stridesOf(mask.shape).map((stride, i) => (mask.shape[i] === 1 ? 0 : stride));
  const lead = shape.length - mask.rank;
  const isSet = (at: number): boolean =>
    values[own.reduce((from, step, i) => from + step * (Math.floor(at / strides[lead + i]!) % shape[lead + i]!), 0)] !==
    0;
  const positions: number[] = [];
  for (let i = 0; i < sizeOf(shape); i++) if (isSet(i)) positions.push(i);
  return chain(
    x,
    (y) => broadcastTo(y, shape),
    (y) => reshape(y, [sizeOf(shape)]),
    (y) => indexSelect(y, 0, positions),
  );
}

const methods = { gather, takeAlongAxis, scatter, scatterAdd, indexSelect, maskedFill, maskedSelect, nonzero };
installMethods(methods);

declare module "../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./indexing.js"), keyof typeof methods>> {}
}
