/**
 * Axes made, dropped, joined, parted, moved and repeated.
 */
import { checkShape, normalizeAxes, normalizeAxis, type Shape, showShape, sizeOf } from "../../tensor/shape.js";
import { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { chain, consume } from "./chain.js";
import { indexSelect } from "./indexing.js";
import { broadcastTo, concat, reshape, transpose } from "./movement.js";
import { narrow } from "./slicing.js";

/**
 * x without its axes of size 1, or without those of `axes` that have it (torch.squeeze); a free view.
 *
 * @example
 * ```ts
 * console.log(squeeze(zeros([1, 3, 1])).shape, squeeze(zeros([1, 3, 1]), 0).shape); // [3] [3, 1]
 * ```
 */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  const dropped = normalizeAxes(axes, x.rank, "squeeze");
  return reshape(
    x,
    x.shape.filter((dim, i) => dim !== 1 || !dropped.includes(i)),
  );
}

/**
 * x with a new axis of size 1 at each of `axes`, which count in the result; a free view.
 *
 * @example
 * ```ts
 * console.log(unsqueeze(zeros([3]), 0).shape, unsqueeze(zeros([3]), [0, -1]).shape); // [1, 3] [1, 3, 1]
 * ```
 */
export function unsqueeze(x: Tensor, axes: number | readonly number[]): Tensor {
  const rank = x.rank + (typeof axes === "number" ? 1 : axes.length);
  const made = normalizeAxes(axes, rank, "unsqueeze");
  let next = 0;
  return reshape(
    x,
    Array.from({ length: rank }, (_, i) => (made.includes(i) ? 1 : x.shape[next++]!)),
  );
}

/**
 * The axes from `start` to `end`, both included, as one (torch.flatten); a free view. A scalar becomes [1].
 *
 * @example
 * ```ts
 * console.log(flatten(zeros([2, 3, 4]), 1).shape); // [2, 12]
 * ```
 */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  if (x.rank === 0) return reshape(x, [1]);
  const [first, last] = [start, end].map((axis) => normalizeAxis(axis, x.rank, "flatten")) as [number, number];
  if (first > last)
    throw new ShapeError(
      `flatten: axes ${start} to ${end} of ${showShape(x.shape)}, expected the first before the last`,
    );
  return reshape(x, [...x.shape.slice(0, first), sizeOf(x.shape.slice(first, last + 1)), ...x.shape.slice(last + 1)]);
}

/**
 * One axis as several of `sizes`, of which one may be -1 (torch.unflatten); a free view.
 *
 * @example
 * ```ts
 * console.log(unflatten(zeros([2, 12]), 1, [3, -1]).shape); // [2, 3, 4]
 * ```
 */
export function unflatten(x: Tensor, axis: number, sizes: Shape): Tensor {
  const at = normalizeAxis(axis, x.rank, "unflatten");
  const dim = x.shape[at]!;
  const known = sizeOf(sizes.filter((size) => size !== -1));
  const resolved = sizes.map((size) => (size === -1 ? dim / known : size));
  if (sizes.filter((size) => size === -1).length > 1 || sizeOf(resolved) !== dim || !resolved.every(Number.isInteger))
    throw new ShapeError(
      `unflatten: axis ${axis} of ${showShape(x.shape)} has ${dim}, ${showShape(sizes)} do not make it`,
    );
  return reshape(x, x.shape.toSpliced(at, 1, ...resolved));
}

/**
 * Axes in the order that `dims` names (torch.permute): transpose() with every axis named.
 *
 * @example
 * ```ts
 * console.log(permute(zeros([2, 3, 4]), [2, 0, 1]).shape); // [4, 2, 3]
 * ```
 */
export const permute = (x: Tensor, dims: readonly number[]): Tensor => transpose(x, dims);

/**
 * Two axes in each other's place (torch.transpose, torch.swapaxes).
 *
 * @example
 * ```ts
 * console.log(swapAxes(zeros([2, 3, 4]), 1, -1).shape); // [2, 4, 3]
 * ```
 */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  const [first, second] = [a, b].map((axis) => normalizeAxis(axis, x.rank, "swapAxes"));
  return transpose(
    x,
    x.shape.map((_, i) => (i === first ? second! : i === second ? first! : i)),
  );
}

/**
 * Axes moved from the places `from` to the places `to`, the others in their order (torch.movedim, torch.moveaxis).
 *
 * @example
 * ```ts
 * console.log(moveAxis(zeros([2, 3, 4]), 0, -1).shape); // [3, 4, 2]
 * ```
 */
export function moveAxis(x: Tensor, from: number | readonly number[], to: number | readonly number[]): Tensor {
  const placesOf = (axes: number | readonly number[]): number[] =>
    (typeof axes === "number" ? [axes] : [...axes]).map((axis) => normalizeAxis(axis, x.rank, "moveAxis"));
  const [sources, targets] = [placesOf(from), placesOf(to)];
  if (
    new Set(sources).size !== sources.length ||
    new Set(targets).size !== targets.length ||
    sources.length !== targets.length
  )
    throw new ShapeError(
      `moveAxis: axes ${showShape(sources)} to ${showShape(targets)}, expected as many places as axes, each named once`,
    );
  const others = x.shape.flatMap((_, i) => (sources.includes(i) ? [] : [i]));
  return transpose(
    x,
    x.shape.map((_, i) => (targets.includes(i) ? sources[targets.indexOf(i)]! : others.shift()!)),
  );
}

/**
 * x repeated along axes of size 1, and along new ones in front; -1 leaves an axis as it is (torch.expand).
 *
 * @example
 * ```ts
 * console.log(expand(zeros([3, 1]), [2, -1, 4]).shape); // [2, 3, 4]
 * ```
 */
export const expand = (x: Tensor, shape: Shape): Tensor =>
  broadcastTo(
    x,
    shape.map((dim, i) => (dim === -1 ? (x.shape[i - shape.length + x.rank] ?? -1) : dim)),
  );

/** Every axis as `times` copies one after another, or each element `times` times in a row; as many numbers as axes. */
function multiplied(x: Tensor, times: readonly number[], inPlace: boolean): Tensor {
  const paired = (dim: number, i: number): number[] => (inPlace ? [dim, times[i]!] : [times[i]!, dim]);
  const single = (dim: number): number[] => (inPlace ? [dim, 1] : [1, dim]);
  return chain(
    x,
    (y) => reshape(y, x.shape.flatMap(single)),
    (y) => broadcastTo(y, x.shape.flatMap(paired)),
    (y) =>
      reshape(
        y,
        x.shape.map((dim, i) => dim * times[i]!),
      ),
  );
}

/**
 * Copies of x one after another along every axis (torch.tile, numpy.tile): the shorter of shape and `reps` is filled up with 1
 * in front.
 *
 * @example
 * ```ts
 * console.log(tile(tensor([1, 2]), [2, 2]).toArray()); // [[1, 2, 1, 2], [1, 2, 1, 2]]
 * ```
 */
export function tile(x: Tensor, reps: number | readonly number[]): Tensor {
  const given = typeof reps === "number" ? [reps] : reps;
  checkShape(given, "tile: reps");
  const ones = (count: number): number[] => new Array<number>(Math.max(0, count)).fill(1);
  const times = [...ones(x.rank - given.length), ...given];
  return chain(
    x,
    (y) => reshape(y, [...ones(given.length - x.rank), ...x.shape]),
    (y) => multiplied(y, times, false),
  );
}

/**
 * Copies of x one after another along every axis, at least one number for each (torch.Tensor.repeat; numpy.repeat is
 * repeatInterleave).
 *
 * @example
 * ```ts
 * console.log(repeat(tensor([1, 2]), [3]).toArray()); // [1, 2, 1, 2, 1, 2]
 * ```
 */
export function repeat(x: Tensor, times: readonly number[]): Tensor {
  checkShape(times, "repeat");
  if (times.length < x.rank)
    throw new ShapeError(
      `repeat: ${times.length} numbers for ${showShape(x.shape)}, expected one for each of its ${x.rank} axes`,
      "tile() takes fewer",
    );
  return tile(x, times);
}

/**
 * Each element as many times in a row as `repeats` says: one number, or one for each position along the axis, in a list or an
 * int32 tensor whose values are read on the host. Without an axis x is flattened first (torch.repeat_interleave).
 *
 * @example
 * ```ts
 * console.log(repeatInterleave(tensor([1, 2]), 2).toArray()); // [1, 1, 2, 2]
 * console.log(repeatInterleave(tensor([1, 2]), [1, 2]).toArray()); // [1, 2, 2]
 * ```
 */
export function repeatInterleave(x: Tensor, repeats: number | readonly number[] | Tensor, axis?: number): Tensor {
  if (axis === undefined) return chain(x, flatten, (y) => repeatInterleave(y, repeats, 0));
  const at = normalizeAxis(axis, x.rank, "repeatInterleave");
  const counts =
    typeof repeats === "number" ? [repeats] : [...(repeats instanceof Tensor ? repeats.dataSync() : repeats)];
  checkShape(counts, "repeatInterleave: repeats");
  if (counts.length === 1)
    return multiplied(
      x,
      x.shape.map((_, i) => (i === at ? counts[0]! : 1)),
      true,
    );
  if (counts.length !== x.shape[at])
    throw new ShapeError(
      `repeatInterleave: ${counts.length} repeats, axis ${axis} of ${showShape(x.shape)} has ${x.shape[at]}`,
    );
  const positions = counts.flatMap((count, i) => new Array<number>(count).fill(i));
  return indexSelect(x, at, positions);
}

/**
 * x with its elements moved on by `shifts` along `axes`, those that leave the end coming in at the front; without axes in its
 * flattened order (torch.roll).
 *
 * @example
 * ```ts
 * console.log(roll(tensor([1, 2, 3, 4]), 1).toArray()); // [4, 1, 2, 3]
 * ```
 */
export function roll(x: Tensor, shifts: number | readonly number[], axes?: number | readonly number[]): Tensor {
  const by = typeof shifts === "number" ? [shifts] : shifts;
  if (!by.every(Number.isInteger)) throw new ShapeError(`roll: shifts ${showShape(by)}, expected integers`);
  if (axes === undefined)
    return chain(
      x,
      (y) => reshape(y, [-1]),
      (y) => roll(y, by, by.length === 1 ? 0 : by.map(() => 0)),
      (y) => reshape(y, x.shape),
    );
  const along = typeof axes === "number" ? [axes] : axes;
  if (by.length !== along.length)
    throw new ShapeError(`roll: ${by.length} shifts for ${along.length} axes, expected one for each`);
  return chain(
    x,
    (y) => reshape(y, x.shape),
    ...by.map((shift, i) => (y: Tensor) => rolled(y, shift, normalizeAxis(along[i]!, x.rank, "roll"))),
  );
}

function rolled(x: Tensor, shift: number, axis: number): Tensor {
  const dim = x.shape[axis]!;
  const by = dim === 0 ? 0 : ((shift % dim) + dim) % dim;
  if (by === 0) return x;
  return consume([narrow(x, axis, dim - by, by), narrow(x, axis, 0, dim - by)], (parts) => concat(parts, axis));
}
