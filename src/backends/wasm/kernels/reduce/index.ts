/**
 * Reductions over any axes: neighbours that are both reduced or both kept are merged, then one group of reduced axes after
 * the other goes, from the last. For softmax along an inner axis its numbers are laid side by side and back.
 */
import type { ReduceAttrs } from "../../../../ops/spec/index.js";
import { type Shape, sizeOf } from "../../../../tensor/shape.js";
import { along } from "../blocks/axes.js";
import { callCopy } from "../blocks/copy.js";
import { transpose } from "../move/transpose.js";
import type { HeapOperand, Plan, WasmKernels } from "../plan.js";
import { callArgmax } from "./argmax.js";
import { callReduceColumns } from "./columns.js";
import { maxReducer, minReducer, type Reducer, sumReducer } from "./reducer.js";
import { callReduceRuns } from "./runs.js";
import { callSoftmax } from "./softmax.js";

interface Group {
  readonly size: number;
  readonly isReduced: boolean;
}

function groupsOf(shape: Shape, axes: readonly number[]): Group[] {
  const groups: Group[] = [];
  shape.forEach((size, axis) => {
    const isReduced = axes.includes(axis);
    const last = groups.at(-1);
    if (size === 1) return;
    if (last?.isReduced === isReduced) groups[groups.length - 1] = { size: last.size * size, isReduced };
    else groups.push({ size, isReduced });
  });
  return groups;
}

const product = (groups: readonly Group[]): number => sizeOf(groups.map(({ size }) => size));

/** The lowering of a fold; a mean divides by the number of elements folded. */
const fold =
  (reducer: Reducer, isMean = false) =>
  ([x]: readonly [HeapOperand], { axes }: ReduceAttrs, [y]: readonly [HeapOperand], plan: Plan): boolean => {
    if (x.dtype !== "float32" || x.size === 0) return false;
    let groups = groupsOf(x.shape, axes);
    const count = groups.filter(({ isReduced }) => isReduced).length;
    if (count === 0) callCopy(plan, x.pointer, y.pointer, 4 * x.size);
    let from = x.pointer;
    for (let left = count; left > 0; left--) {
      const at = groups.findLastIndex(({ isReduced }) => isReduced);
      const [before, { size }, after] = [groups.slice(0, at), groups[at]!, groups.slice(at + 1)];
      const [outer, inner] = [product(before), product(after)];
      const to = left === 1 ? y.pointer : plan.scratch(4 * outer * inner);
      const divisor = isMean && left === 1 ? x.size / y.size : 1;
      if (inner === 1) callReduceRuns(plan, reducer, from, to, [outer, size], divisor);
      else callReduceColumns(plan, reducer, from, to, [outer, size, inner], divisor);
      from = to;
      groups = [...before, ...after];
    }
    return true;
  };

const softmax =
  (isLog: boolean) =>
  (
    [x]: readonly [HeapOperand],
    { axis }: { readonly axis: number },
    [y]: readonly [HeapOperand],
    plan: Plan,
  ): boolean => {
    const [outer, length, inner] = along(x.shape, axis);
    if (x.dtype !== "float32") return false;
    if (inner === 1) {
      callSoftmax(plan, isLog, x.pointer, y.pointer, outer, length);
      return true;
    }
    const rows: HeapOperand = { ...x, pointer: plan.scratch(4 * x.size), shape: [outer, inner, length] };
    const perm = { perm: [0, 2, 1] };
    if (!transpose([{ ...x, shape: [outer, length, inner] }], perm, [rows], plan)) return false;
    callSoftmax(plan, isLog, rows.pointer, rows.pointer, outer * inner, length);
    return transpose([rows], perm, [{ ...y, shape: [outer, length, inner] }], plan);
  };

export const reduceKernels: WasmKernels = {
  sum: fold(sumReducer),
  mean: fold(sumReducer, true),
  max: fold(maxReducer),
  min: fold(minReducer),
  argmax([x], { axis }, [y], plan) {
    if (x.dtype !== "float32") return false;
    callArgmax(plan, x.pointer, y.pointer, along(x.shape, axis));
    return true;
  },
  softmax: softmax(false),
  logSoftmax: softmax(true),
};
