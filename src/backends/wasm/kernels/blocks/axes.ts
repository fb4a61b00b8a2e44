/**
 * The axes that work on several operands really has: neighbours that all operands step through as through one are merged.
 */
import { type Shape, stridesOf } from "../../../../tensor/shape.js";

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
