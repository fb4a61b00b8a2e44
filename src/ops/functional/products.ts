/**
 * Matrix products and convolutions, as functions.
 */
import type { Tensor } from "../../tensor/tensor.js";
import { apply } from "../apply.js";
import type { ActivationAttrs, Attrs, Pair } from "../spec/index.js";
import { type Padding, pair, resolvePadding } from "./window.js";

/**
 * [...batch, m, k] x [...batch, k, n] -> [...batch, m, n]; the options say that a or b is stored transposed.
 *
 * @example
 * ```ts
 * console.log(matmul(ones([2, 3]), ones([3, 4])).shape); // [2, 4]
 * ```
 */
export const matmul = (a: Tensor, b: Tensor, options: Partial<Attrs<"matmul">> = {}): Tensor =>
  apply("matmul", [a, b], { transposeA: options.transposeA ?? false, transposeB: options.transposeB ?? false })[0];

/** A convolution's attributes, with defaults and single numbers for both axes. */
const convolution = (
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

/**
 * x [N, H, W, Cin], w [KH, KW, Cin/groups, Cout] -> [N, OH, OW, Cout] (cross-correlation, as torch.nn.functional.conv2d).
 *
 * @example
 * ```ts
 * const y = conv2d(rand([1, 8, 8, 3]), rand([3, 3, 3, 16]), { stride: 2, padding: 1 });
 * console.log(y.shape); // [1, 4, 4, 16]
 * ```
 */
export const conv2d = (x: Tensor, w: Tensor, options: Conv2dOptions = {}): Tensor =>
  apply("conv2d", [x, w], convolution("conv2d", x, w, options))[0];

/** A convolution's window, and what follows its bias. Default activation "none". */
export type Conv2dBiasOptions = Conv2dOptions & Partial<ActivationAttrs>;

/** The same with a bias [Cout] and an activation, in one pass. */
export const conv2dBias = (x: Tensor, w: Tensor, bias: Tensor, options: Conv2dBiasOptions = {}): Tensor => {
  const attrs = convolution("conv2dBias", x, w, options);
  const { activation = "none" } = options;
  if (attrs.paddingEnd) return apply("conv2dBias", [x, w, bias], { ...attrs, activation })[0];
  // at every call of a compiled function: a rest and a spread would take as long as everything else here
  const { stride, padding, dilation, groups } = attrs;
  return apply("conv2dBias", [x, w, bias], { stride, padding, dilation, groups, activation })[0];
};
