import type { Tensor } from "../../tensor/tensor.js";
import { apply } from "../apply.js";
import type { Steps } from "./ranges.js";

/** The elements that `steps` names of each axis: by the op that is a free view where possible if all steps are 1. */
export function take(x: Tensor, steps: readonly Steps[]): Tensor {
  const [begin, size, step] = [steps.map((s) => s.begin), steps.map((s) => s.size), steps.map((s) => s.step)];
  return step.every((by) => by === 1)
    ? apply("slice", [x], { begin, size })[0]
    : apply("stridedSlice", [x], { begin, size, step })[0];
}
