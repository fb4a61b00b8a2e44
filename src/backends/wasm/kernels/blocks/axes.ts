/**
 * The axes that work on several operands really has: neighbours that all operands step through as through one are merged.
 */
import { type Shape, sizeOf, stridesOf } from "../../../../tensor/shape.js";

/** One merged axis: its size and each operand's step along it, in elements. */
export interface Axis {
  readonly size: number;
  readonly steps: readonly number[];
}

/** Steps in `shape` of a contiguous operand of shape `from` that broadcasts to it, 0 where it is repeated. */
export function broadcastSteps(from: Shape, shape: Shape): number[] {
  const strides = stridesOf(from);
  const lead = shape.length - from.length;
  return shape.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : strides[axis - lead]!));
}

/** The axes of `shape`, innermost first, for operands with these steps along it. Axes of size 1 vanish. */
export function mergedAxes(shape: Shape, steps: readonly (readonly number[])[]): Axis[] {
  const axes: Axis[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!;
    if (size === 1) continue;
    const inner = axes.at(-1);
    const own = steps.map((list) => list[axis]!);
    if (inner && own.every((step, i) => step === inner.steps[i]! * inner.size))
      axes[axes.length - 1] = { size: inner.size * size, steps: inner.steps };
    else axes.push({ size, steps: own });
  }
  return axes;
}

/**
 * Axes, of which the first `fixed` have their places, cut down to `most`: the smallest others are walked by the caller, one
 * call at each of `places` (a position per step, in elements).
 */
export function unwalked(
  axes: readonly Axis[],
  most: number,
  fixed = 1,
): { readonly axes: readonly Axis[]; readonly places: readonly (readonly number[])[] } {
  if (axes.length <= most) return { axes, places: [(axes[0]?.steps ?? [0, 0]).map(() => 0)] };
  const smallest = axes.slice(fixed).reduce((least, axis) => (axis.size < least.size ? axis : least));
  const rest = unwalked(
    axes.filter((axis) => axis !== smallest),
    most,
    fixed,
  );
  const places = Array.from({ length: smallest.size }, (_, i) =>
    rest.places.map((place) => place.map((at, side) => at + i * smallest.steps[side]!)),
  );
  return { axes: rest.axes, places: places.flat() };
}

/** A shape as an axis with what lies before and after it. */
export const along = (shape: Shape, axis: number): [outer: number, rows: number, columns: number] => [
  sizeOf(shape.slice(0, axis)),
  shape[axis]!,
  sizeOf(shape.slice(axis + 1)),
];
