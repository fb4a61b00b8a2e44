/**
 * Ops that move numbers without computing, for elements of any size.
 */

import type { StridedAttrs } from "../../../../ops/spec/index.js";
import { type Shape, stridesOf } from "../../../../tensor/shape.js";
import { broadcastSteps } from "../blocks/axes.js";
import { callCopy, callFill } from "../blocks/copy.js";
import { bytesOf, isWord } from "../blocks/element.js";
import { callMap, type MapFormula } from "../blocks/map.js";
import type { HeapOperand, Plan, WasmKernels } from "../plan.js";
import { type BoxSide, callBoxCopy, isBoxCopyable } from "./box.js";
import { oneHotKernels } from "./one-hot.js";
import { transpose } from "./transpose.js";

const repeat: MapFormula = {
  name: "repeat",
  span: { outputs: 1, floats: 0, vectors: 4, formula: (_, [x]) => [x!] },
};
const origin = ({ shape }: HeapOperand): number[] => shape.map(() => 0);

/** A box inside a contiguous tensor, from the position `begin` on. */
function boxAt(x: HeapOperand, begin: readonly number[]): BoxSide {
  const steps = stridesOf(x.shape);
  return {
    pointer: x.pointer + bytesOf(x) * begin.reduce((at, position, axis) => at + position * steps[axis]!, 0),
    steps,
  };
}

/** The same, every step-th element of each axis. */
function stepsAt(x: HeapOperand, { begin, step }: StridedAttrs): BoxSide {
  const { pointer, steps } = boxAt(x, begin);
  return { pointer, steps: steps.map((own, axis) => own * step[axis]!) };
}

/** A copy between two sides with elements as those of `like`, or false where it has too many axes. */
function copyBox(plan: Plan, shape: Shape, from: BoxSide, to: BoxSide, like: HeapOperand): boolean {
  const isFit = isBoxCopyable(shape, from, to);
  if (isFit) callBoxCopy(plan, shape, from, to, bytesOf(like));
  return isFit;
}

export const moveKernels: WasmKernels = {
  ...oneHotKernels,
  transpose,
  broadcastTo([x], _, [y], plan) {
    if (isWord(x)) return callMap(plan, repeat, [x], [y]);
    return copyBox(
      plan,
      y.shape,
      { pointer: x.pointer, steps: broadcastSteps(x.shape, y.shape) },
      boxAt(y, origin(y)),
      x,
    );
  },
  reshape([x], _, [y], plan) {
    callCopy(plan, x.pointer, y.pointer, x.size * bytesOf(x));
    return true;
  },
  slice([x], { begin, size }, [y], plan) {
    return copyBox(plan, size, boxAt(x, begin), boxAt(y, origin(y)), x);
  },
  stridedSlice([x], attrs, [y], plan) {
    return copyBox(plan, y.shape, stepsAt(x, attrs), boxAt(y, origin(y)), x);
  },
  stridedSliceGrad([dy], attrs, [dx], plan) {
    const [from, to] = [boxAt(dy, origin(dy)), stepsAt(dx, attrs)];
    if (!isBoxCopyable(dy.shape, from, to)) return false;
    callFill(plan, dx, 0);
    if (dy.size > 0) callBoxCopy(plan, dy.shape, from, to, bytesOf(dy));
    return true;
  },
  pad([x], { before, value }, [y], plan) {
    const [from, to] = [boxAt(x, origin(x)), boxAt(y, before)];
    if (!isBoxCopyable(x.shape, from, to)) return false;
    callFill(plan, y, value);
    if (x.size > 0) callBoxCopy(plan, x.shape, from, to, bytesOf(x));
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
    if (copies.some(({ shape, from, to }) => !isBoxCopyable(shape, from, to))) return false;
    for (const { shape, from, to } of copies) callBoxCopy(plan, shape, from, to, bytesOf(y));
    return true;
  },
};
