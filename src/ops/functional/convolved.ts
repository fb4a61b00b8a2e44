/**
 * Convolutions' options as attributes, and the convolution with a bias that layers run.
 */
import type { Tensor } from "../../tensor/tensor.js";
import { apply } from "../apply.js";
import type { ActivationAttrs, Attrs, Pair } from "../spec/index.js";
import { type Padding, pair, resolvePadding } from "./window.js";

/**
 * A convolution's window as torch.nn.functional.conv2d has it: one number for both axes, or [height, width]. Defaults:
 * stride 1, padding 0, dilation 1, groups 1.
 */
export interface Conv2dOptions {
  readonly stride?: number | Pair;
  readonly padding?: Padding;
  readonly dilation?: number | Pair;
  readonly groups?: number;
}

/** A convolution's attributes, with defaults and single numbers for both axes. */
export const convolution = (
  where: string,
  x: Tensor,
  w: Tensor,
  { stride = 1, padding = 0, dilation = 1, groups = 1 }: Conv2dOptions,
): Attrs<"conv2d"> => {
  const [steps, spread] = [pair(stride), pair(dilation)];
  // at every call of a compiled function: no more than is needed
  if (typeof padding === "number") return { stride: steps, padding: pair(padding), dilation: spread, groups };
  const [kh = 1, kw = 1] = w.shape;
  const window = { kernelSize: [kh, kw], stride: steps, dilation: spread } as const;
  return { stride: steps, ...resolvePadding(where, padding, x.shape, window), dilation: spread, groups };
};

/** The attributes of a convolution with a bias; without those that say nothing, at every call of a compiled function. */
export function withBias(
  x: Tensor,
  w: Tensor,
  options: Conv2dOptions,
  activation: ActivationAttrs["activation"],
): Attrs<"conv2dBias"> {
  const attrs = convolution("conv2dBias", x, w, options);
  if (attrs.paddingEnd) return { ...attrs, activation };
  // a rest and a spread would take as long as everything else here
  const { stride, padding, dilation, groups } = attrs;
  return { stride, padding, dilation, groups, activation };
}

/** conv2dBias() without an activation: what layers run. */
export const convolveWithBias = (x: Tensor, w: Tensor, bias: Tensor, options: Conv2dOptions = {}): Tensor =>
  apply("conv2dBias", [x, w, bias], withBias(x, w, options, "none"))[0];
