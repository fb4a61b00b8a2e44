/**
 * Matrix products and convolutions, as functions.
 */
import type { Tensor } from "../../tensor/tensor.js";
import { apply } from "../apply.js";
import type { Attrs } from "../spec/index.js";
import { type Conv2dOptions, convolution } from "./convolved.js";

export type { Conv2dOptions } from "./convolved.js";

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
