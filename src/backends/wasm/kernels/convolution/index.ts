/**
 * Which kernel serves which convolution: depthwise ones (one channel per group) have their own, all others are matrix
 * products (conv2d.ts).
 */
import type { OpName } from "../../../../ops/spec/index.js";
import type { Lowering, WasmKernels } from "../plan.js";
import * as dense from "./dense/conv2d.js";
import { depthwiseForward, depthwiseInputGrad, depthwiseWeightGrad } from "./depthwise/index.js";

type ConvolutionName = "conv2d" | "conv2dBias" | "conv2dInputGrad" | "conv2dWeightGrad";

/** The first lowering that takes the case. */
const firstOf =
  <K extends OpName>(...choices: readonly Lowering<K>[]): Lowering<K> =>
  (inputs, attrs, outputs, plan) =>
    choices.some((lower) => lower(inputs, attrs, outputs, plan));

export const convolutionKernels = {
  conv2d: (inputs, attrs, [y], plan) =>
    [depthwiseForward, dense.convolve].some((lower) => lower(inputs, attrs, y, plan, null)),
  conv2dBias: ([x, w, bias], { activation, ...attrs }, [y], plan) => {
    const epilogue = { bias: bias.pointer, relu: activation === "relu" };
    return [depthwiseForward, dense.convolve].some((lower) => lower([x, w], attrs, y, plan, epilogue));
  },
  conv2dInputGrad: firstOf<"conv2dInputGrad">(depthwiseInputGrad, dense.conv2dInputGrad),
  conv2dWeightGrad: firstOf<"conv2dWeightGrad">(depthwiseWeightGrad, dense.conv2dWeightGrad),
} satisfies Pick<WasmKernels, ConvolutionName>;
