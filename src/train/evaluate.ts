/**
 * Top-1, top-5 and loss of a model over a loader, without gradients. The model's mode is put back afterwards.
 */
import { noGrad } from "../autograd/tape.js";
import { compile } from "../compile/compile.js";
import type { DataLoader } from "../data/loader.js";
import { crossEntropy } from "../nn/loss.js";
import type { Module } from "../nn/module.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { breathe } from "./breathe.js";
import type { EvalProgress } from "./events.js";
import { BatchInput } from "./input.js";
import { countTopK } from "./metrics.js";

export interface Evaluation {
  /** Percent. */
  readonly top1: number;
  /** Percent. */
  readonly top5: number;
  /** Mean cross-entropy, without label smoothing. */
  readonly loss: number;
  readonly images: number;
  readonly imagesPerSecond: number;
}

export interface EvaluateOptions {
  readonly onProgress?: (progress: EvalProgress) => void;
  readonly signal?: AbortSignal;
}

/** Runs the loader's epoch 0 once through `model` in evaluation mode. Stops early when the signal fires. */
export async function evaluate(model: Module, loader: DataLoader, options: EvaluateOptions = {}): Promise<Evaluation> {
  const input = new BatchInput();
  const wasTraining = model.training;
  const start = performance.now();
  let top1 = 0;
  let top5 = 0;
  let loss = 0;
  let images = 0;
  let done = 0;
  model.eval();
  const forward = compile((x: Tensor, labels: Tensor) =>
    noGrad(() => {
      const y = model.forward(x);
      return { logits: y, loss: crossEntropy(y, labels) };
    }),
  );
  try {
    for await (const batch of loader.epoch(0)) {
      if (options.signal?.aborted) break;
      const { logits, batchLoss } = scope(() => {
        const { images: x, labels } = input.tensors(batch);
        const result = forward(x, labels);
        return { logits: result.logits.dataSync(), batchLoss: result.loss.item() };
      });
      top1 += countTopK(logits, batch.labels, 1);
      top5 += countTopK(logits, batch.labels, 5);
      loss += batchLoss * batch.size;
      images += batch.size;
      batch.release();
      options.onProgress?.({ done: ++done, total: loader.batchesPerEpoch });
      await breathe();
    }
  } finally {
    forward.dispose();
    model.train(wasTraining);
  }
  return {
    top1: (100 * top1) / images,
    top5: (100 * top5) / images,
    loss: loss / images,
    images,
    imagesPerSecond: (1000 * images) / (performance.now() - start),
  };
}
