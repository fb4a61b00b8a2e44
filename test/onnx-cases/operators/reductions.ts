/**
 * Reductions over axes, positions of extremes, running sums.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Operator, OperatorTable } from "../call.js";
import { asIndex, axisOf, upTo } from "./steps.js";

type Reduce = (x: Tensor, axes: readonly number[], options: { readonly keepDims: boolean }) => Tensor;

const reduce =
  (body: Reduce): Operator =>
  (call) => {
    const x = call.x(0);
    const axes = call.list("axes", 1) ?? [];
    if (axes.length === 0 && call.int("noop_with_empty_axes", 0) === 1) return t.cast(x, x.dtype);
    const over = axes.length === 0 ? upTo(x.rank) : axes.map((axis) => axisOf(axis, x.rank));
    return body(x, over, { keepDims: call.int("keepdims", 1) === 1 });
  };

/** A position along an axis, the first or the last of equal ones. */
const position =
  (best: typeof t.argmax): Operator =>
  (call) =>
    asIndex(
      best(call.x(0), call.int("axis", 0), {
        keepDims: call.int("keepdims", 1) === 1,
        selectLastIndex: call.int("select_last_index", 0) === 1,
      }),
    );

export const reductions: OperatorTable = {
  ReduceSum: reduce(t.sum),
  ReduceMean: reduce(t.mean),
  ReduceMax: reduce(t.max),
  ReduceMin: reduce(t.min),
  ReduceProd: reduce(t.prod),
  ReduceL1: reduce((x, axes, options) => t.norm(x, 1, axes, options)),
  ReduceL2: reduce((x, axes, options) => t.norm(x, 2, axes, options)),
  ReduceSumSquare: reduce((x, axes, options) => t.sum(t.square(x), axes, options)),
  ReduceLogSum: reduce((x, axes, options) => t.log(t.sum(x, axes, options))),
  ReduceLogSumExp: reduce(t.logSumExp),
  ArgMax: position(t.argmax),
  ArgMin: position(t.argmin),
  CumSum: (call) =>
    t.cumsum(call.x(0), call.value(1).numbers[0]!, {
      reverse: call.int("reverse", 0) === 1,
      exclusive: call.int("exclusive", 0) === 1,
    }),
  TopK: (call) => {
    const largest = call.int("largest", 1) === 1;
    const [values, indices] = t.topK(call.x(0), call.list("k", 1)![0]!, call.int("axis", -1), { largest });
    return [values, asIndex(indices)];
  },
};
