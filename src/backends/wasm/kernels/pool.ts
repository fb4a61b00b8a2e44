/**
 * Average pooling is a depthwise convolution whose weights are all 1, divided by the size of the window, and so is its
 * gradient: weights of 1/window would leave a remainder where values cancel. Maximum pooling stays with the reference.
 */
import type { Pool2dAttrs } from "../../../ops/spec/index.js";
import type { Shape } from "../../../tensor/shape.js";
import { floatBits } from "../../../wasm/index.js";
import { callFill } from "./blocks/copy.js";
import { callMap, type MapFormula } from "./blocks/map.js";
import { depthwiseForward, depthwiseInputGrad } from "./convolution/depthwise/index.js";
import type { HeapOperand, Plan, WasmKernels } from "./plan.js";

/** The weights [KH, KW, 1, C] of the convolution, in scratch, and its attributes. */
function summing(plan: Plan, { kernelSize, stride, padding }: Pool2dAttrs, channels: number) {
  const [kh, kw] = kernelSize;
  const size = kh * kw * channels;
  const weights: HeapOperand = {
    pointer: plan.scratch(4 * size),
    shape: [kh, kw, 1, channels],
    size,
    dtype: "float32",
  };
  callFill(plan, weights, 1);
  return { weights, attrs: { stride, padding, dilation: [1, 1], groups: channels } as const };
}

const channelsOf = (shape: Shape): number => shape[3]!;

const quotient: MapFormula = {
  name: "quotient",
  span: { outputs: 1, floats: 1, vectors: 4, formula: (_, [x], [divisor]) => [x!.div(divisor!)] },
};
const divideByWindow = (plan: Plan, sums: HeapOperand, { kernelSize: [kh, kw] }: Pool2dAttrs): boolean =>
  callMap(plan, quotient, [sums], [sums], [floatBits(kh * kw)]);

export const poolKernels: WasmKernels = {
  avgPool2d([x], attrs, [y], plan) {
    if (x.dtype !== "float32") return false;
    const as = summing(plan, attrs, channelsOf(x.shape));
    return depthwiseForward([x, as.weights], as.attrs, y, plan, null) && divideByWindow(plan, y, attrs);
  },
  avgPool2dGrad([dy], { inputShape, ...attrs }, [dx], plan) {
    if (dy.dtype !== "float32") return false;
    const as = summing(plan, attrs, channelsOf(inputShape));
    return (
      depthwiseInputGrad([dy, as.weights], { ...as.attrs, inputShape }, [dx], plan) && divideByWindow(plan, dx, attrs)
    );
  },
};
