/**
 * Ops that move numbers without computing, for elements of 4 bytes; uint8 and float64 stay with the reference.
 */

import type { StridedAttrs } from "../../../../ops/spec/index.js";
import { dtypes } from "../../../../tensor/dtype.js";
import { stridesOf } from "../../../../tensor/shape.js";
import { callCopy, callFill } from "../blocks/copy.js";
import { callMap, type MapFormula } from "../blocks/map.js";
import type { HeapOperand, WasmKernels } from "../plan.js";
import { alongKernels } from "./along.js";
import { type BoxSide, callBoxCopy, isBoxCopyable } from "./box.js";
import { rowKernels } from "./rows.js";
import { transpose } from "./transpose.js";
import { isWord } from "./word.js";

const repeat: MapFormula = {
  name: "repeat",
  span: { outputs: 1, floats: 0, vectors: 4, formula: (_, [x]) => [x!] },
};
const origin = ({ shape }: HeapOperand): number[] => shape.map(() => 0);

/** A box inside a contiguous tensor, from the position `begin` on. */
function boxAt({ pointer, shape }: HeapOperand, begin: readonly number[]): BoxSide {
  const steps = stridesOf(shape);
  return { pointer: pointer + 4 * begin.reduce((at, position, axis) => at + position * steps[axis]!, 0), steps };
}

/** The same, every step-th element of each axis. */
function stepsAt(x: HeapOperand, { begin, step }: StridedAttrs): BoxSide {
  const { pointer, steps } = boxAt(x, begin);
  return { pointer, steps: steps.map((own, axis) => own * step[axis]!) };
}

export const moveKernels: WasmKernels = {
  ...rowKernels,
  ...alongKernels,
  transpose,
  broadcastTo: ([x], _, [y], plan) => isWord(x) && callMap(plan, repeat, [x], [y]),
  reshape([x], _, [y], plan) {
    callCopy(plan, x.pointer, y.pointer, x.size * dtypes[x.dtype].bytes);
    return true;
  },
  slice([x], { begin, size }, [y], plan) {
    const [from, to] = [boxAt(x, begin), boxAt(y, origin(y))];
    if (!isWord(x) || !isBoxCopyable(size, from, to)) return false;
    callBoxCopy(plan, size, from, to);
    return true;
  },
  stridedSlice([x], attrs, [y], plan) {
    const [from, to] = [stepsAt(x, attrs), boxAt(y, origin(y))];
    if (!isWord(x) || !isBoxCopyable(y.shape, from, to)) return false;
    callBoxCopy(plan, y.shape, from, to);
    return true;
  },
  stridedSliceGrad([dy], attrs, [dx], plan) {
    const [from, to] = [boxAt(dy, origin(dy)), stepsAt(dx, attrs)];
    if (!isWord(dy) || !isBoxCopyable(dy.shape, from, to)) return false;
    callFill(plan, dx, 0);
    if (dy.size > 0) callBoxCopy(plan, dy.shape, from, to);
    return true;
  },
  pad([x], { before, value }, [y], plan) {
    const [from, to] = [boxAt(x, origin(x)), boxAt(y, before)];
    if (!isWord(x) || !isBoxCopyable(x.shape, from, to)) return false;
    callFill(plan, y, value);
    if (x.size > 0) callBoxCopy(plan, x.shape, from, to);
    return true;
  },
  concat(inputs, { axis }, [y], plan) {
    let at = 0;
    const copies = inputs.flatMap((x) => {
      const begin = origin(y);
      begin[axis] = at;
      at += x.shape[axis]!;
      return x.size > 0 ? [{ shape: x.shape, from: boxAt(x, origin(x)), to: boxAt(y, begin) }] : [];
    });
    if (!isWord(y) || copies.some(({ shape, from, to }) => !isBoxCopyable(shape, from, to))) return false;
    for (const { shape, from, to } of copies) callBoxCopy(plan, shape, from, to);
    return true;
  },
};
