/**
 * Average pooling is a depthwise convolution whose weights are all 1/window, and so is its gradient. Maximum pooling stays
 * with the reference.
 */
import type { Pool2dAttrs } from "../../../ops/spec.js";
import type { Shape } from "../../../tensor/shape.js";
import type { Operand, Plan, WasmKernels } from "../plan.js";
import { callFill } from "./copy.js";
import { depthwiseForward, depthwiseInputGrad } from "./depthwise/index.js";

/** The weights [KH, KW, 1, C] of the convolution, in scratch, and its attributes. */
function averaging(plan: Plan, { kernelSize, stride, padding }: Pool2dAttrs, channels: number) {
  const [kh, kw] = kernelSize;
  const size = kh * kw * channels;
  const weights: Operand = { pointer: plan.scratch(4 * size), shape: [kh, kw, 1, channels], size, dtype: "float32" };
  callFill(plan, weights, 1 / (kh * kw));
  return { weights, attrs: { stride, padding, dilation: [1, 1], groups: channels } as const };
}

const channelsOf = (shape: Shape): number => shape[3]!;

export const poolKernels: WasmKernels = {
  avgPool2d([x], attrs, [y], plan) {
    if (x.dtype !== "float32") return false;
    const as = averaging(plan, attrs, channelsOf(x.shape));
    return depthwiseForward([x, as.weights], as.attrs, y, plan, null);
  },
  avgPool2dGrad([dy], { inputShape, ...attrs }, [dx], plan) {
    if (dy.dtype !== "float32") return false;
    const as = averaging(plan, attrs, channelsOf(inputShape));
    return depthwiseInputGrad([dy, as.weights], { ...as.attrs, inputShape }, [dx], plan);
  },
};
