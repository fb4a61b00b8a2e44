/**
 * Resizing along one axis: each output is a sum of neighbours by the weights of its row of the table.
 */
import type { AxisAttrs } from "../../ops/spec/index.js";
import { sizeOf } from "../../tensor/shape.js";
import type { ArrayView } from "../kernel-table.js";

type Five = readonly [ArrayView, ArrayView, ArrayView, ArrayView, ArrayView];

export function resample([x, starts, weights]: Five, { axis }: AxisAttrs, [y]: readonly [ArrayView]): void {
  const [from, to] = [x.shape[axis]!, y.shape[axis]!];
  const inner = sizeOf(x.shape.slice(axis + 1));
  const taps = weights.shape[1]!;
  for (let row = 0; row < sizeOf(x.shape.slice(0, axis)); row++)
    for (let o = 0; o < to; o++)
      for (let i = 0; i < inner; i++) {
        const [first, count] = [starts.data[2 * o]!, starts.data[2 * o + 1]!];
        const product = (t: number): number =>
          weights.data[o * taps + t]! * x.data[(row * from + first + t) * inner + i]!;
        // no sum with 0, which has a sign
        let total = count > 0 ? product(0) : 0;
        for (let t = 1; t < count; t++) total += product(t);
        y.data[(row * to + o) * inner + i] = total;
      }
}
