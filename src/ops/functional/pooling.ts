/**
 * Pools, as functions.
 */
import type { Tensor } from "../../tensor/tensor.js";
import { apply } from "../apply.js";
import type { Pair } from "../spec/index.js";
import { pair } from "./pair.js";
import { mean } from "./reductions.js";

/** A pooling window's stride and padding, in pixels. */
export interface Pool2dOptions {
  /** Default: kernelSize. */
  readonly stride?: number | Pair;
  readonly padding?: number | Pair;
}

const pool =
  (op: "avgPool2d" | "maxPool2d") =>
  (x: Tensor, kernelSize: number | Pair, options: Pool2dOptions = {}): Tensor =>
    apply(op, [x], {
      kernelSize: pair(kernelSize),
      stride: pair(options.stride ?? kernelSize),
      padding: pair(options.padding ?? 0),
    })[0];

/** Mean of each window; zero padding counts, as in torch.nn.AvgPool2d. */
export const avgPool2d = pool("avgPool2d");

/**
 * Largest value of each window, NaN where it holds one; padding never wins.
 *
 * @example
 * ```ts
 * console.log(maxPool2d(rand([1, 8, 8, 3]), 2).shape); // [1, 4, 4, 3]
 * ```
 */
export const maxPool2d = pool("maxPool2d");

/** [N, H, W, C] -> [N, C]. */
export const globalAvgPool = (x: Tensor): Tensor => mean(x, [1, 2]);
