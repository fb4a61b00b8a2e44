/**
 * Top-1, top-5 and loss of a model over a loader, or over the shares of several processes, without gradients. The figures
 * do not depend on how the pictures are shared out. The model's mode is put back afterwards.
 */

import { noGrad } from "../autograd/tape.js";
import { compile } from "../compile/compile.js";
import type { Batch, DataLoader } from "../data/reading/loader.js";
import type { Module } from "../nn/module.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { DataError, NonFiniteError } from "../util/errors.js";
import type { StopSignal } from "../util/host-types.js";
import { turnOfEventLoop } from "../util/platform.js";
import type { EvalProgress } from "./loggers/events.js";
import { type AnswerDetail, type Answers, AnswerTally } from "./metrics/answer-tally.js";
import type { ConfusionMatrix } from "./metrics/confusion-matrix.js";
import type { Prediction } from "./metrics/predictions.js";
import { type ProcessGroup, soloGroup } from "./replicas/process-group.js";
import { expectUsable, problemOfLogits } from "./steps/finite.js";
import { BatchInput } from "./steps/input.js";
import { countTopK, sumCrossEntropy } from "./steps/metrics.js";

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

/** An evaluation with what was taken for what. */
export interface ClassEvaluation extends Evaluation {
  /** Pictures by label and answer; a tie counts against the label, as in top-1. */
  readonly confusion: ConfusionMatrix;
}

/** An evaluation with the answer for each picture, in the order of the data set. */
export interface PictureEvaluation extends ClassEvaluation {
  readonly predictions: readonly Prediction[];
}

export interface EvaluateOptions {
  readonly onProgress?: (progress: EvalProgress) => void;
  /** Stops early when it fires, on all processes. */
  readonly signal?: StopSignal;
  /** The processes that share the pictures, each with a loader of its own. Default: this one alone. */
  readonly group?: ProcessGroup;
  /** How errors begin. Default "evaluate". */
  readonly where?: string;
  /** What is kept of the answers beside the totals. Default "totals", nothing. */
  readonly detail?: AnswerDetail;
}

/** Numbers that processes add up at a time, half a megabyte: transports hold a message of each rank in memory. */
const SUMMED_AT_ONCE = 65_536;

async function sumInParts(group: ProcessGroup, values: Float64Array): Promise<void> {
  if (group.worldSize === 1) return;
  for (let begin = 0; begin < values.length; begin += SUMMED_AT_ONCE)
    await group.allReduce(values.subarray(begin, begin + SUMMED_AT_ONCE), "sum");
}

async function mostOf(group: ProcessGroup, value: number): Promise<number> {
  const one = Float64Array.of(value);
  await group.allReduce(one, "max");
  return one[0]!;
}

/**
 * Runs the loader's epoch 0 once through `model` in evaluation mode. Every process of the group gets the same figures; null
 * where the signal fired on one of them. Throws NonFiniteError, on all, for weights, statistics or logits that are not
 * finite.
 */
export async function evaluateShared(
  model: Module,
  loader: DataLoader,
  options: EvaluateOptions = {},
): Promise<(Evaluation & Answers) | null> {
  const { group = soloGroup(), signal, onProgress, where = "evaluate" } = options;
  const mostBatches = await mostOf(group, loader.batchesPerEpoch);
  const tally = new AnswerTally(options.detail ?? "totals");
  await expectUsable(where, model);
  const input = new BatchInput();
  const wasTraining = model.training;
  const start = performance.now();
  const batches = loader.epoch(0);
  // top-1, top-5, loss, images
  const sums = new Float64Array(4);
  let answers: Answers = {};
  model.eval();
  const forward = compile((x: Tensor) => noGrad(() => model.forward(x)));
  try {
    for (let done = 0; done < mostBatches; done++) {
      let problem: NonFiniteError | null = null;
      if (done < loader.batchesPerEpoch) {
        const batch = (await batches.next()).value as Batch;
        const { labels } = batch;
        // empty where all its pictures were left out
        const logits =
          batch.size === 0 ? new Float32Array() : await scope(() => forward(input.tensors(batch).images).data());
        problem = problemOfLogits(where, logits, batch.size, (i) => loader.nameOf(batch.indices[i]!));
        sums[0]! += countTopK(logits, labels, 1);
        sums[1]! += countTopK(logits, labels, 5);
        sums[2]! += sumCrossEntropy(logits, labels);
        sums[3]! += batch.size;
        if (problem === null && batch.size > 0) tally.add(logits, labels, batch.indices);
        batch.release();
      }
      onProgress?.({ done: done + 1, total: mostBatches });
      await turnOfEventLoop();
      const status = new Float64Array([signal?.aborted ? 1 : 0, problem ? group.rank + 1 : 0]);
      await group.allReduce(status, "max");
      const [stop, failed] = status as unknown as [number, number];
      if (failed > 0)
        throw problem ?? new NonFiniteError(`${where}: rank ${failed - 1} has logits that are not finite`);
      if (stop > 0) return null;
    }
    await batches.next(); // the end, so that the loader keeps its threads
    await group.allReduce(sums, "sum");
    answers = await tally.total(
      (values) => sumInParts(group, values),
      (value) => mostOf(group, value),
    );
  } finally {
    await batches.return?.();
    forward.dispose();
    model.train(wasTraining);
  }
  const [top1, top5, loss, images] = sums as unknown as [number, number, number, number];
  if (images === 0) throw new DataError(`${where}: none of the pictures can be read, expected at least one`);
  return {
    top1: (100 * top1) / images,
    top5: (100 * top5) / images,
    loss: loss / images,
    images,
    imagesPerSecond: (1000 * images) / (performance.now() - start),
    ...answers,
  };
}

/** What may be asked for where nothing stops it. */
export interface EvaluateSetOptions extends Pick<EvaluateOptions, "onProgress" | "where" | "group"> {
  /** Keep the answer for each picture: label, likeliest classes and their scores. Default false. */
  readonly predictions?: boolean;
}

/**
 * Runs the loader's epoch 0 once through `model` in evaluation mode. Throws NonFiniteError naming the tensor or the picture
 * for weights, statistics or logits that are not finite.
 */
export function evaluate(
  model: Module,
  loader: DataLoader,
  options: EvaluateSetOptions & { readonly predictions: true },
): Promise<PictureEvaluation>;
export function evaluate(model: Module, loader: DataLoader, options?: EvaluateSetOptions): Promise<ClassEvaluation>;
export async function evaluate(
  model: Module,
  loader: DataLoader,
  { predictions = false, ...options }: EvaluateSetOptions = {},
): Promise<ClassEvaluation> {
  const detail = predictions ? "pictures" : "classes";
  // without a signal nothing stops it
  return (await evaluateShared(model, loader, { ...options, detail })) as ClassEvaluation;
}
