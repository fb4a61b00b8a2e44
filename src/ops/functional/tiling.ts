/**
 * Axes parted, moved, repeated and rolled.
 */
import { checkShape, normalizeAxis, type Shape, showShape, sizeOf } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { type AsMethods, installMethods } from "../method.js";
import { chain, consume } from "./chain.js";
import { concat, reshape, transpose } from "./movement.js";
import { multiplied } from "./multiplied.js";
import { narrow } from "./pieces.js";

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

const methods = { unflatten, moveAxis, tile, repeat, roll };
installMethods(methods);

declare module "../../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./tiling.js"), keyof typeof methods>> {}
}
