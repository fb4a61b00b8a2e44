/**
 * Batch normalisation (Ioffe & Szegedy 2015; torch.nn.BatchNorm2d) over all axes but the last.
 * Training normalises by the batch's mean and *biased* variance and moves the running statistics towards its mean and
 * *unbiased* variance; evaluation uses the running statistics.
 */
import { noGrad } from "../autograd/tape.js";
import { update } from "../ops/apply.js";
import * as F from "../ops/functional/index.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { initialTensor } from "./init.js";
import { Module } from "./module.js";
import { type LayerOptions, persistent } from "./parameter.js";

/** The numbers of a batch normalisation. */
export interface BatchNorm2dOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Weight of the new batch in the running statistics. Default 0.1. */
  readonly momentum?: number;
}

/**
 * Batch normalisation over all axes but the last, [..., C] -> the same shape (Ioffe and Szegedy 2015; torch.nn.BatchNorm2d):
 * by the batch's statistics in training mode, by the running ones in evaluation mode.
 *
 * @example
 * ```ts
 * const norm = new nn.BatchNorm2d(8);
 * norm.forward(randn([4, 5, 5, 8])); // moves norm.runningMean and norm.runningVar
 * const y = norm.eval().forward(randn([4, 5, 5, 8])); // by the running statistics
 * ```
 */
export class BatchNorm2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
  readonly numBatchesTracked: Tensor;
  readonly eps: number;
  readonly momentum: number;
  /** What a batch adds to the counter. */
  readonly #one: Tensor;

  /** [..., channels] -> the same shape. */
  constructor(channels: number, options: BatchNorm2dOptions = {}) {
    super();
    const { dtype = "float32", eps = 1e-5, momentum = 0.1 } = options;
    this.eps = eps;
    this.momentum = momentum;
    this.weight = this.parameter("weight", "normScale", initialTensor("normScale", [channels], options));
    this.bias = this.parameter("bias", "normShift", initialTensor("normShift", [channels], options));
    this.runningMean = this.buffer("running_mean", persistent([channels], dtype, 0));
    this.runningVar = this.buffer("running_var", persistent([channels], dtype, 1));
    // files from before PyTorch 0.4.1 have no counter
    this.numBatchesTracked = this.buffer("num_batches_tracked", persistent([], "int32", 0), { isOptional: true });
    this.#one = persistent([], "int32", 1);
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    if (!this.training) return F.batchNormEval(x, weight, bias, this.runningMean, this.runningVar, { eps });
    return scope(() => {
      const [y, mean, variance] = F.batchNorm(x, weight, bias, { eps });
      this.track(mean, variance, x.size / mean.size);
      return y;
    });
  }

  /** Moves the running statistics towards a batch's mean [C] and biased variance [C], taken over `count` values per channel. */
  track(mean: Tensor, variance: Tensor, count: number): void {
    const attrs = { weight: this.momentum };
    noGrad(() => {
      const unbiased = F.mul(variance, count / (count - 1));
      update("lerp", [this.runningMean, mean], attrs);
      update("lerp", [this.runningVar, unbiased], attrs);
      update("accumulate", [this.numBatchesTracked, this.#one], {});
      unbiased.dispose();
    });
  }

  protected override disposeOwn(): void {
    super.disposeOwn();
    this.#one.dispose();
  }
}
