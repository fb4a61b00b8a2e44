/**
 * Average pooling is a depthwise convolution whose weights are all 1, divided by the size of the window, and so is its
 * gradient: weights of 1/window would leave a remainder where values cancel. Where windows have different sizes, these are
 * counted by the same convolution over an image of ones.
 */
import type { Attrs, AvgPool2dAttrs, Pair } from "../../../../ops/spec/index.js";
import { type Shape, sizeOf } from "../../../../tensor/shape.js";
import { floatBits } from "../../../../wasm/index.js";
import { callFill } from "../blocks/copy.js";
import { callMap, type MapFormula } from "../blocks/map.js";
import { depthwiseForward, depthwiseInputGrad } from "../convolution/depthwise/index.js";
import type { HeapOperand, Lowering, Plan } from "../plan.js";

const scratch = (plan: Plan, shape: Shape): HeapOperand => ({
  pointer: plan.scratch(4 * sizeOf(shape)),
  shape,
  size: sizeOf(shape),
  dtype: "float32",
});

function ones(plan: Plan, shape: Shape): HeapOperand {
  const made = scratch(plan, shape);
  callFill(plan, made, 1);
  return made;
}

/** The weights [KH, KW, 1, C] of the convolution, in scratch, and its attributes. */
function summing(plan: Plan, { kernelSize, stride, padding, dilation = [1, 1] }: AvgPool2dAttrs, channels: number) {
  const weights = ones(plan, [...kernelSize, 1, channels]);
  return { weights, attrs: { stride, padding, dilation, groups: channels } as const };
}

/** Taps of a window along an axis that count, for every window. */
function countsAlong(
  axis: 0 | 1,
  size: number,
  outputs: number,
  { kernelSize, stride, padding, paddingEnd = padding, dilation = [1, 1], countIncludePad = true }: AvgPool2dAttrs,
): Set<number> {
  const [least, end] = countIncludePad ? [-padding[axis], size + paddingEnd[axis]] : [0, size];
  const counts = new Set<number>();
  for (let output = 0; output < outputs; output++) {
    const first = output * stride[axis] - padding[axis];
    let count = 0;
    for (let tap = 0; tap < kernelSize[axis]; tap++) {
      const at = first + tap * dilation[axis];
      if (at >= least && at < end) count++;
    }
    counts.add(count);
  }
  return counts;
}

/** What every sum is divided by; null where windows differ. */
function divisorOf([, h, w]: Shape, [, oh, ow]: Shape, attrs: AvgPool2dAttrs): number | null {
  const { divisorOverride = null } = attrs;
  if (divisorOverride !== null) return divisorOverride;
  const [rows, columns] = [countsAlong(0, h!, oh!, attrs), countsAlong(1, w!, ow!, attrs)];
  if (rows.size > 1 || columns.size > 1) return null;
  return Math.max(1, [...rows][0]! * [...columns][0]!);
}

/** The numbers of every window [1, OH, OW, 1], in scratch. */
function windowSizes(plan: Plan, [, h, w]: Shape, [, oh, ow]: Shape, attrs: AvgPool2dAttrs): HeapOperand {
  const { padding, paddingEnd = padding, countIncludePad = true } = attrs;
  const sizes = scratch(plan, [1, oh!, ow!, 1]);
  const counted: Pair = countIncludePad ? [h! + padding[0] + paddingEnd[0], w! + padding[1] + paddingEnd[1]] : [h!, w!];
  const as = summing(plan, { ...attrs, padding: countIncludePad ? [0, 0] : padding }, 1);
  depthwiseForward([ones(plan, [1, ...counted, 1]), as.weights], as.attrs, sizes, plan, null);
  return sizes;
}

const quotient: MapFormula = {
  name: "quotient",
  span: { outputs: 1, floats: 1, vectors: 4, formula: (_, [x], [divisor]) => [x!.div(divisor!)] },
};
/** The sum over no number is 0, and stays it. */
const quotients: MapFormula = {
  name: "quotients",
  span: { outputs: 1, floats: 0, vectors: 4, formula: (_, [x, divisor]) => [x!.div(divisor!.pmax(1))] },
};

export const avgPool2d: Lowering<"avgPool2d"> = ([x], attrs, [y], plan) => {
  if (x.dtype !== "float32") return false;
  const as = summing(plan, attrs, x.shape[3]!);
  const divisor = divisorOf(x.shape, y.shape, attrs);
  if (!depthwiseForward([x, as.weights], as.attrs, y, plan, null)) return false;
  return divisor === null
    ? callMap(plan, quotients, [y, windowSizes(plan, x.shape, y.shape, attrs)], [y])
    : callMap(plan, quotient, [y], [y], [floatBits(divisor)]);
};

export const avgPool2dGrad: Lowering<"avgPool2dGrad"> = ([dy], attrs, [dx], plan) => {
  if (dy.dtype !== "float32") return false;
  const { inputShape } = attrs satisfies Attrs<"avgPool2dGrad">;
  const as = summing(plan, attrs, inputShape[3]!);
  const divisor = divisorOf(inputShape, dy.shape, attrs);
  const sum = (from: HeapOperand): boolean =>
    depthwiseInputGrad([from, as.weights], { ...as.attrs, inputShape }, [dx], plan);
  if (divisor !== null) return sum(dy) && callMap(plan, quotient, [dx], [dx], [floatBits(divisor)]);
  const shares = scratch(plan, dy.shape);
  return callMap(plan, quotients, [dy, windowSizes(plan, inputShape, dy.shape, attrs)], [shares]) && sum(shares);
};
