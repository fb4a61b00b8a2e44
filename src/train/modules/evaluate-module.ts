/**
 * Loss and metrics of any module over any data, without gradients.
 */
import { noGrad } from "../../autograd/tape.js";
import { compile } from "../../compile/compile.js";
import { crossEntropy } from "../../nn/loss.js";
import type { Module } from "../../nn/module.js";
import { argmax, cast, equal, mean } from "../../ops/functional/index.js";
import { scope } from "../../tensor/scope.js";
import { Tensor } from "../../tensor/tensor.js";
import { NonFiniteError } from "../../util/errors.js";
import type { StopSignal } from "../../util/host-types.js";
import { turnOfEventLoop } from "../../util/platform.js";
import { PairSource } from "./batches.js";
import type { Loss, Metric, ModuleEvaluation, Pair, TrainData } from "./options.js";

/** What evaluate() measures. */
export interface EvaluateModuleOptions<Y = Tensor, B = unknown> {
  /** Default: cross-entropy of logits and class indices. */
  readonly loss?: Loss<Y>;
  /** By name. Default: accuracy, where the loss is the default one. */
  readonly metrics?: Readonly<Record<string, Metric<Y>>>;
  /** What of a batch of another form is input and target. */
  readonly batchOf?: (batch: B) => Pair;
  /** Of data that comes as samples. Default 32. */
  readonly batchSize?: number;
  readonly signal?: StopSignal;
  /** false runs forward uncompiled. Default true. */
  readonly compile?: boolean;
}

/**
 * Share of rows whose largest logit is at their label, a metric: logits [..., K], labels [...] -> 0 to 1.
 *
 * @example
 * ```ts
 * console.log(accuracy(tensor([[0, 1], [3, 2]]), tensor(Int32Array.of(1, 1))).item()); // 0.5
 * ```
 */
export const accuracy = (logits: Tensor, labels: Tensor): Tensor =>
  mean(cast(equal(argmax(logits, -1), labels), "float32"));

/** The loss where none is given. */
export const defaultLoss = crossEntropy as unknown as Loss<never>;
const defaultMetrics = { accuracy: accuracy as unknown as Metric<never> };

/** What is measured where nothing is said. */
export const metricsOf = <Y>(
  loss: Loss<Y> | undefined,
  metrics: Readonly<Record<string, Metric<Y>>> | undefined,
): Readonly<Record<string, Metric<Y>>> => metrics ?? (loss ? {} : (defaultMetrics as never));

/** The same over batches that are there; null where the signal fired. */
export async function evaluateSource<Y, B>(
  model: Module<Y>,
  source: PairSource<B>,
  options: EvaluateModuleOptions<Y, B> = {},
): Promise<ModuleEvaluation | null> {
  const { signal } = options;
  const loss = options.loss ?? (defaultLoss as Loss<Y>);
  const metrics = metricsOf(options.loss, options.metrics);
  const figures: readonly (readonly [name: string, of: Metric<Y>])[] = [["loss", loss], ...Object.entries(metrics)];
  const sums = new Float64Array(figures.length);
  let samples = 0;
  const answer = (x: Tensor): Y => noGrad(() => model.forward(x));
  const compiled = options.compile === false ? null : compile(answer);
  const wasTraining = model.training;
  model.eval();
  try {
    for await (const { input, target, release } of source.epoch(0, 0)) {
      const asked = scope(() => {
        const output = (compiled ?? answer)(input);
        const values = noGrad(() => figures.map(([, of]) => of(output, target)));
        return values.map((value) => (value instanceof Tensor ? value.data() : [value]));
      });
      const size = input.shape[0] ?? 1;
      const found = await Promise.all(asked);
      for (const [i, values] of found.entries()) {
        const value = Number(values[0]);
        if (i === 0 && !Number.isFinite(value))
          throw new NonFiniteError(
            `evaluate: the loss of the batch after ${samples} samples is ${value}, expected a finite number`,
            "the training diverged, or the data holds NaN",
          );
        sums[i]! += value * size;
      }
      samples += size;
      release();
      await turnOfEventLoop();
      if (signal?.aborted) return null;
    }
  } finally {
    compiled?.dispose();
    model.train(wasTraining);
  }
  const means = figures.map(([name], i) => [name, sums[i]! / samples] as const);
  return { loss: means[0]![1], metrics: Object.fromEntries(means.slice(1)), samples };
}

/**
 * Mean loss and metrics of a model in evaluation mode, whose own mode is put back, over data as train() takes it. Throws
 * NonFiniteError for a loss that is no number.
 *
 * @example
 * ```ts
 * const set = new TensorDataset(rand([8, 4]), tensor(Int32Array.from({ length: 8 }, (_, i) => i % 2)));
 * const { loss, metrics } = await evaluate(new nn.Linear(4, 2), set);
 * console.log(loss, metrics.accuracy);
 * ```
 */
export async function evaluate<Y = Tensor, B = unknown>(
  model: Module<Y>,
  data: TrainData<B>,
  options: EvaluateModuleOptions<Y, B> = {},
): Promise<ModuleEvaluation> {
  const { batchSize = 32, batchOf, signal: _, ...rest } = options;
  const source = new PairSource("evaluate", data, { batchSize, shuffle: false, seed: 0, batchOf });
  // without a signal nothing stops it
  return (await evaluateSource(model, source, { ...rest, ...(batchOf && { batchOf }) }))!;
}
