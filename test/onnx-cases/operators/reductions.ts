/**
 * Reductions over axes, positions of extremes, running sums.
 */

import type { Tensor } from "../../../src/index.js";
import * as t from "../../../src/index.js";
import type { Call, Operator, OperatorTable } from "../call.js";
import { axisOf, upTo } from "./steps.js";
import { flip } from "./take.js";

type Reduce = (x: Tensor, axes: readonly number[], keepDims: boolean) => Tensor;

const reduce =
  (body: Reduce): Operator =>
  (call) => {
    const x = call.x(0);
    const axes = call.list("axes", 1) ?? [];
    if (axes.length === 0 && call.int("noop_with_empty_axes", 0) === 1) return t.cast(x, x.dtype);
    const over = axes.length === 0 ? upTo(x.rank) : axes.map((axis) => axisOf(axis, x.rank));
    return body(x, over, call.int("keepdims", 1) === 1);
  };

const sum: Reduce = (x, axes, keepDims) => t.sum(x, axes, { keepDims });

/** The largest is taken out first: exp of the rest cannot overflow. */
const logSumExp: Reduce = (x, axes, keepDims) => {
  const largest = t.max(x, axes, { keepDims: true });
  const y = t.add(t.log(t.sum(t.exp(t.sub(x, largest)), axes, { keepDims: true })), largest);
  return keepDims ? y : t.sum(y, axes);
};

/** The first of the largest along an axis, or the last: the first of the reversed ones. */
function position(call: Call, best: (x: Tensor, axis: number) => Tensor): Tensor {
  const x = call.x(0);
  const axis = axisOf(call.int("axis", 0), x.rank);
  const isLast = call.int("select_last_index", 0) === 1;
  const found = isLast ? t.sub(x.shape[axis]! - 1, best(flip(x, axis), axis)) : best(x, axis);
  return call.int("keepdims", 1) === 1 ? t.reshape(found, x.shape.toSpliced(axis, 1, 1)) : found;
}

export const reductions: OperatorTable = {
  ReduceSum: reduce(sum),
  ReduceMean: reduce((x, axes, keepDims) => t.mean(x, axes, { keepDims })),
  ReduceMax: reduce((x, axes, keepDims) => t.max(x, axes, { keepDims })),
  ReduceMin: reduce((x, axes, keepDims) => t.min(x, axes, { keepDims })),
  ReduceL1: reduce((x, axes, keepDims) => sum(t.abs(x), axes, keepDims)),
  ReduceL2: reduce((x, axes, keepDims) => t.sqrt(sum(t.square(x), axes, keepDims))),
  ReduceSumSquare: reduce((x, axes, keepDims) => sum(t.square(x), axes, keepDims)),
  ReduceLogSum: reduce((x, axes, keepDims) => t.log(sum(x, axes, keepDims))),
  ReduceLogSumExp: reduce(logSumExp),
  ArgMax: (call) => position(call, t.argmax),
  ArgMin: (call) => position(call, (x, axis) => t.argmax(t.neg(x), axis)),
};
