/**
 * Sums by named axes, determinants, windows of signals.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, OperatorTable } from "../call.js";
import { upTo } from "./steps.js";
import { take } from "./take.js";

/** Along the first row, by Laplace: for the small matrices of the cases. */
function det(x: Tensor): Tensor {
  const size = x.shape.at(-1)!;
  if (size === 1) return t.reshape(x, x.shape.slice(0, -2));
  const begin = (row: number, column: number) => [...upTo(x.rank - 2).map(() => 0), row, column];
  const whole = upTo(x.rank - 2).map(() => -1);
  const below = t.slice(x, begin(1, 0));
  return upTo(size)
    .map((j) => {
      const others = t.tensor(Int32Array.from(upTo(size).filter((k) => k !== j)));
      const factor = t.reshape(t.slice(x, begin(0, j), [...whole, 1, 1]), x.shape.slice(0, -2));
      const term = t.mul(factor, det(take(below, others, x.rank - 1)));
      return j % 2 === 0 ? term : t.neg(term);
    })
    .reduce((a, b) => t.add(a, b));
}

/** The sum of `terms[k]` cos(2 π k n / N), N one less where the window is symmetric. */
function cosineWindow(call: Call, terms: readonly number[]): Tensor {
  const size = call.value(0).numbers[0]!;
  const period = call.int("periodic", 1) === 1 ? size : size - 1;
  const places = t.arange(size, { dtype: "float64" });
  const sum = terms
    .map((term, k) => t.mul(t.cos(t.mul(places, (2 * Math.PI * k) / period)), term))
    .reduce((a, b) => t.add(a, b));
  return t.cast(sum, call.dtype("output_datatype", "float32"));
}

export const algebra: OperatorTable = {
  Einsum: (call) => t.einsum(call.text("equation", ""), ...call.tensors),
  Det: (call) => det(call.x(0)),
  HannWindow: (call) => cosineWindow(call, [0.5, -0.5]),
  HammingWindow: (call) => cosineWindow(call, [25 / 46, -21 / 46]),
  BlackmanWindow: (call) => cosineWindow(call, [0.42, -0.5, 0.08]),
};
