import { type Shape, showShape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { ShapeError } from "../../util/errors.js";
import { apply } from "../apply.js";
import type { Steps } from "./ranges.js";

/** The elements that `steps` names of each axis: by the op that is a free view where possible if all steps are 1. */
export function take(x: Tensor, steps: readonly Steps[]): Tensor {
  const [begin, size, step] = [steps.map((s) => s.begin), steps.map((s) => s.size), steps.map((s) => s.step)];
  return step.every((by) => by === 1)
    ? apply("slice", [x], { begin, size })[0]
    : apply("stridedSlice", [x], { begin, size, step })[0];
}

/** Throws unless each list has at most a number for each axis. */
export function expectAtMost(where: string, lists: Readonly<Record<string, readonly unknown[]>>, shape: Shape): void {
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

/** `steps` of one axis, the others whole. */
export const alongAxis = (x: Tensor, axis: number, steps: Steps): Tensor =>
  take(
    x,
    x.shape.map((dim, i) => (i === axis ? steps : { begin: 0, size: dim, step: 1 })),
  );
