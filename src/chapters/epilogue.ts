/**
 * Convolutions with what follows them.
 */
import { type Conv2dOptions, withBias } from "../ops/functional/convolved.js";
import type { ActivationAttrs } from "../ops/spec/index.js";
import type { Tensor } from "../tensor/tensor.js";
import { apply } from "./epilogue-ops.js";

/** A convolution's window, and what follows its bias. Default activation "none". */
export type Conv2dBiasOptions = Conv2dOptions & Partial<ActivationAttrs>;

/** conv2d() with a bias [Cout] and an activation, in one pass. */
export const conv2dBias = (x: Tensor, w: Tensor, bias: Tensor, options: Conv2dBiasOptions = {}): Tensor =>
  apply("conv2dBias", [x, w, bias], withBias(x, w, options, options.activation ?? "none"))[0];
