/**
 * Batch normalisation (Ioffe & Szegedy 2015; torch.nn.BatchNorm2d) over all axes but the last.
 * Training normalises by the batch's mean and *biased* variance and moves the running statistics towards its mean and
 * *unbiased* variance; evaluation uses the running statistics.
 */
import { noGrad } from "../autograd/tape.js";
import { batchNorm, batchNormEval } from "../chapters/normalisation.js";
import { update } from "../ops/apply.js";
import * as F from "../ops/functional/index.js";
import { scope } from "../tensor/scope.js";
import { showShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { ShapeError } from "../util/errors.js";
import { expectChannelsLast, expectCount, expectOptions } from "./arguments.js";
import { initialTensor } from "./init.js";
import { Module } from "./module.js";
import { type LayerOptions, persistent } from "./parameter.js";
import { showNumbers } from "./repr.js";

/** The numbers of a batch normalisation. */
export interface BatchNorm2dOptions extends LayerOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Weight of the new batch in the running statistics; null: their plain mean over all batches so far. Default 0.1. */
  readonly momentum?: number | null;
  /** Whether γ and β are learned; without, they are 1 and 0, and not in the state dict. Default true. */
  readonly affine?: boolean;
  /** Without, evaluation too goes by the batch, and there are no running statistics in the state dict. Default true. */
  readonly trackRunningStats?: boolean;
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
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  /** What a batch adds to the counter. */
  readonly #one: Tensor;

  /** [..., channels] -> the same shape. */
  constructor(channels: number, options: BatchNorm2dOptions = {}) {
    super();
    expectOptions("BatchNorm2d", options, `new nn.BatchNorm2d(${channels}, { eps: 1e-5 })`);
    expectCount("BatchNorm2d", "channels", channels);
    const { dtype = "float32", eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    const learned = (name: string, role: "normScale" | "normShift") => {
      const values = initialTensor(role, [channels], options);
      return affine ? this.parameter(name, role, values) : values;
    };
    this.weight = learned("weight", "normScale");
    this.bias = learned("bias", "normShift");
    // files from before PyTorch 0.4.1 have no counter
    const tracked = (name: string, values: Tensor, isOptional = false) =>
      trackRunningStats ? this.buffer(name, values, { isOptional }) : values;
    this.runningMean = tracked("running_mean", persistent([channels], dtype, 0));
    this.runningVar = tracked("running_var", persistent([channels], dtype, 1));
    this.numBatchesTracked = tracked("num_batches_tracked", persistent([], "int32", 0), true);
    this.#one = persistent([], "int32", 1);
  }

  forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    expectChannelsLast(this.constructor.name, x.shape, weight.size);
    if (!this.training && this.trackRunningStats)
      return batchNormEval(x, weight, bias, this.runningMean, this.runningVar, { eps });
    return scope(() => {
      const [y, mean, variance] = batchNorm(x, weight, bias, { eps });
      if (this.trackRunningStats) this.track(mean, variance, x.size / mean.size);
      return y;
    });
  }

  /** Moves the running statistics towards a batch's mean [C] and biased variance [C], taken over `count` values per channel. */
  track(mean: Tensor, variance: Tensor, count: number): void {
    noGrad(() => {
      const unbiased = F.mul(variance, count / (count - 1));
      update("accumulate", [this.numBatchesTracked, this.#one], {});
      this.#move(this.runningMean, mean);
      this.#move(this.runningVar, unbiased);
      unbiased.dispose();
    });
  }

  /** Towards the value of a batch, which is the count's last. */
  #move(running: Tensor, batch: Tensor): void {
    if (this.momentum !== null) update("lerp", [running, batch], { weight: this.momentum });
    else
      scope(() => {
        const step = F.div(F.sub(batch, running), F.cast(this.numBatchesTracked, running.dtype));
        update("assign", [running, F.add(running, step)], {});
      });
  }

  override extraRepr(): string {
    const { eps, momentum, affine, trackRunningStats } = this;
    return `${this.weight.size}, ${showNumbers({ eps, momentum: momentum ?? "null", affine, trackRunningStats })}`;
  }

  protected override disposeOwn(): void {
    super.disposeOwn();
    this.#one.dispose();
    for (const own of [this.weight, this.bias, this.runningMean, this.runningVar, this.numBatchesTracked])
      own.dispose();
  }
}

/** The same of features [N, C] or sequences [N, L, C] (torch.nn.BatchNorm1d, which has them as [N, C, L]). */
export class BatchNorm1d extends BatchNorm2d {
  override forward(x: Tensor): Tensor {
    if (x.rank !== 2 && x.rank !== 3)
      throw new ShapeError(`BatchNorm1d: the input is ${showShape(x.shape)}, expected [N, C] or [N, L, C]`);
    return super.forward(x);
  }
}
