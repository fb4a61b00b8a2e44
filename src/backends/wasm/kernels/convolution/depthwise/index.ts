/**
 * Lowerings of depthwise convolutions (groups = Cin = Cout), of any kernel size, stride, padding and dilation; all others
 * are declined.
 */
import type { Conv2dAttrs } from "../../../../../ops/spec/index.js";
import type { Shape } from "../../../../../tensor/shape.js";
import type { Epilogue } from "../../blocks/epilogue.js";
import type { HeapOperand, Lowering, Plan } from "../../plan.js";
import { type AxisRule, type AxisWindow, forwardRule, gradientRule } from "./axis.js";
import { callDepthwise } from "./convolve.js";
import type { Geometry } from "./rows.js";
import { callDepthwiseWeightGrad } from "./weight-grad.js";

const isDepthwise = (w: Shape, { groups }: Conv2dAttrs): boolean => w[2] === 1 && w[3] === groups;

function geometryOf(
  rule: (window: AxisWindow) => AxisRule,
  source: Shape,
  output: Shape,
  w: Shape,
  { stride, padding, dilation }: Conv2dAttrs,
): Geometry {
  const axis = (i: 0 | 1): AxisRule =>
    rule({ kernel: w[i]!, stride: stride[i], padding: padding[i], dilation: dilation[i] });
  return {
    images: source[0]!,
    channels: source[3]!,
    source: [source[1]!, source[2]!],
    output: [output[1]!, output[2]!],
    kernel: [w[0]!, w[1]!],
    rules: [axis(0), axis(1)],
  };
}

/** y = x * w channel by channel, and the epilogue on it; false where the case is declined. */
export function depthwiseForward(
  [x, w]: readonly [HeapOperand, HeapOperand],
  attrs: Conv2dAttrs,
  y: HeapOperand,
  plan: Plan,
  epilogue: Epilogue | null,
): boolean {
  if (x.dtype !== "float32" || !isDepthwise(w.shape, attrs)) return false;
  const geometry = geometryOf(forwardRule, x.shape, y.shape, w.shape, attrs);
  callDepthwise(plan, geometry, x.pointer, w.pointer, y.pointer, epilogue);
  return true;
}

export const depthwiseInputGrad: Lowering<"conv2dInputGrad"> = ([dy, w], attrs, [dx], plan) => {
  if (dy.dtype !== "float32" || !isDepthwise(w.shape, attrs)) return false;
  callDepthwise(plan, geometryOf(gradientRule, dy.shape, dx.shape, w.shape, attrs), dy.pointer, w.pointer, dx.pointer);
  return true;
};

export const depthwiseWeightGrad: Lowering<"conv2dWeightGrad"> = ([x, dy], attrs, [dw], plan) => {
  if (x.dtype !== "float32" || !isDepthwise(dw.shape, attrs)) return false;
  const geometry = geometryOf(forwardRule, x.shape, dy.shape, dw.shape, attrs);
  callDepthwiseWeightGrad(plan, geometry, x.pointer, dy.pointer, dw.pointer);
  return true;
};
