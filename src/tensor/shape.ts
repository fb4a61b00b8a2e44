/**
 * Shapes as plain number lists: sizes, strides, axes, broadcasting. Pure functions, no data.
 */
import { ShapeError } from "../util/errors.js";

/** The lengths of a tensor's axes, first axis first; [] is a scalar's. */
export type Shape = readonly number[];

export const sizeOf = (shape: Shape): number => shape.reduce((size, dim) => size * dim, 1);

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export const showShape = (shape: Shape): string => `[${shape.join(", ")}]`;

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

function expectList(shape: unknown, where: string): void {
  if (!Array.isArray(shape))
    throw new ShapeError(
      `${where}: the shape is of type ${typeof shape}, expected a list of dimensions`,
      typeof shape === "number" ? `[${shape}]` : "options follow the shape, which may be undefined",
    );
}

/** Throws unless the shape is a list whose every dimension is a non-negative integer. */
export function checkShape(shape: Shape, where: string): void {
  expectList(shape, where);
  const bad = shape.findIndex((dim) => !Number.isInteger(dim) || dim < 0);
  if (bad >= 0) throw new ShapeError(`${where}: dimension ${bad} of ${showShape(shape)} is not a non-negative integer`);
}

/** An axis counted from the front; negative ones count from the back. */
export function normalizeAxis(axis: number, rank: number, where: string): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank)
    throw new ShapeError(
      `${where}: axis ${axis} is outside a tensor of rank ${rank}`,
      rank === 0 ? "a scalar has no axes" : `axes are ${-rank} to ${rank - 1}`,
    );
  return normalized;
}

/** Sorted, distinct axes; undefined means all of them. */
export function normalizeAxes(axes: number | readonly number[] | undefined, rank: number, where: string): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = (typeof axes === "number" ? [axes] : [...axes]).map((axis) => normalizeAxis(axis, rank, where));
  if (new Set(list).size !== list.length) throw new ShapeError(`${where}: axes ${showShape(list)} name one axis twice`);
  return list.sort((a, b) => a - b);
}

/** The shape two operands broadcast to, aligned at their last axes (NumPy's rule). Throws ShapeError where they do not. */
export function broadcastShapes(a: Shape, b: Shape, where: string): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const dimA = a[i - rank + a.length] ?? 1;
    const dimB = b[i - rank + b.length] ?? 1;
    if (dimA !== dimB && dimA !== 1 && dimB !== 1)
      throw new ShapeError(
        `${where}: ${showShape(a)} and ${showShape(b)} do not broadcast, axis ${i - rank} has ${dimA} and ${dimB}`,
        "axes are aligned from the last one and must be equal or 1",
      );
    return dimA === 1 ? dimB : dimA;
  });
}

/** The shape left by reducing `axes`; kept as 1 where keepDims. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim)) : shape.filter((_, i) => !axes.includes(i));
}

/** `wanted` with its one -1, if any, replaced by what is left. Throws ShapeError where the sizes differ. */
export function resolveReshape(from: Shape, wanted: Shape): number[] {
  expectList(wanted, "reshape");
  const size = sizeOf(from);
  const unknown = wanted.indexOf(-1);
  const known = wanted.reduce((product, dim, i) => (i === unknown ? product : product * dim), 1);
  if (unknown >= 0 && known === 0)
    throw new ShapeError(
      `reshape: ${showShape(from)} to ${showShape(wanted)}: any number in place of -1 gives 0 elements`,
      "name every dimension",
    );
  const resolved = wanted.map((dim, i) => (i === unknown ? size / known : dim));
  if (sizeOf(resolved) !== size || resolved.some((dim) => !Number.isInteger(dim) || dim < 0))
    throw new ShapeError(
      `reshape: ${showShape(from)} has ${size} elements, ${showShape(wanted)} asks for ${
        unknown >= 0 ? `a multiple of ${known}` : known
      }`,
    );
  return resolved;
}
