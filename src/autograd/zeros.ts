/**
 * Zeros as a gradient.
 */
import * as F from "../ops/functional/index.js";
import type { Tensor } from "../tensor/tensor.js";

/** +0 in the shape and dtype of x, whatever x holds: 0 · x would be NaN where x is infinite. */
export const zerosLike = (x: Tensor): Tensor => F.cast(F.less(x, x), x.dtype);
