/**
 * train() and evaluate() of Node: a model of a family by its published recipe on a folder of pictures, or any module on any data.
 * Node only.
 */
import { DataLoader } from "../data/reading/loader.js";
import type { Module } from "../nn/module.js";
import type { Tensor } from "../tensor/tensor.js";
import {
  type ClassEvaluation,
  type EvaluateSetOptions,
  evaluate as evaluatePictures,
  type PictureEvaluation,
} from "./evaluate.js";
import { type EvaluateModuleOptions, evaluate as evaluateModule } from "./modules/evaluate-module.js";
import type { ModuleEvaluation, TrainData } from "./modules/options.js";
import { type FolderTrainResult, type TrainInFolderOptions, trainInFolder } from "./modules/train-in-folder.js";
import type { TrainOptions, TrainResult } from "./run-options.js";
import { train as trainFamily } from "./trainer.js";

/**
 * Trains a model of a family by its recipe and returns what came of it; every process of `options.group` calls it with the same
 * options. Throws DataError, CheckpointError, DivergedError or DistributedError, after telling the other processes; files
 * already written stay.
 *
 * @example
 * <!-- test: not run: eight epochs of a data set are minutes -->
 * ```ts
 * import { mobileoneS0Demo, train } from "tensorone/node";
 * const { steps, checkpoint } = await train({
 *   recipe: mobileoneS0Demo,
 *   data: "imagenet",
 *   out: "run",
 *   seed: 0,
 *   workers: 2,
 *   loggers: [],
 *   backendLabel: "wasm x1",
 * });
 * console.log(steps, checkpoint);
 * ```
 */
export function train(options: TrainOptions): Promise<TrainResult>;
/** Trains any module as train() of the main entry does, and keeps checkpoints and weights in the folder `out`. */
export function train<Y = Tensor, B = unknown>(options: TrainInFolderOptions<Y, B>): Promise<FolderTrainResult>;
export function train<Y, B>(
  options: TrainOptions | TrainInFolderOptions<Y, B>,
): Promise<TrainResult | FolderTrainResult> {
  return "model" in options ? trainInFolder(options) : trainFamily(options);
}

/** Whether something is asked for that only any module's evaluation has. */
const asksForModule = (options: object): boolean =>
  ["loss", "metrics", "batchOf", "batchSize", "signal", "compile"].some((name) => name in options);

/**
 * Runs the loader's epoch 0 once through `model` in evaluation mode: figures and the confusion matrix, with `predictions` the answer
 * for each picture as well. Throws NonFiniteError naming the tensor or the picture for weights, statistics or logits that are not
 * finite.
 *
 * @example
 * <!-- test: given root from test/docs/given/images.ts -->
 * ```ts
 * import { classificationReport, DataLoader, evalTransform, evaluate, mostConfidentMistakes } from "tensorone/node";
 * import { models, openDataset } from "tensorone/node";
 * const dataset = openDataset("imagenet", "val");
 * const model = models.createModel("mobileone_s0", { numClasses: dataset.classes.length });
 * const loader = new DataLoader(dataset, { batchSize: 2, transform: evalTransform({ imageSize: 32 }), workers: 0 });
 * const { top1, confusion, predictions } = await evaluate(model, loader, { predictions: true });
 * console.log(top1, classificationReport(confusion, dataset.classes).macro.f1);
 * console.log(mostConfidentMistakes(predictions, 10).map(({ picture }) => dataset.samples[picture]?.path));
 * ```
 */
export function evaluate(
  model: Module,
  loader: DataLoader,
  options: EvaluateSetOptions & { readonly predictions: true },
): Promise<PictureEvaluation>;
/** The figures and the confusion matrix of a loader's pictures. */
export function evaluate(model: Module, loader: DataLoader, options?: EvaluateSetOptions): Promise<ClassEvaluation>;
/** Mean loss and metrics over any data, as evaluate() of the main entry. */
export function evaluate<Y = Tensor, B = unknown>(
  model: Module<Y>,
  data: TrainData<B>,
  options?: EvaluateModuleOptions<Y, B>,
): Promise<ModuleEvaluation>;
export function evaluate<Y, B>(
  model: Module<Y>,
  data: DataLoader | TrainData<B>,
  options: EvaluateSetOptions | EvaluateModuleOptions<Y, B> = {},
): Promise<ClassEvaluation | ModuleEvaluation> {
  if (data instanceof DataLoader && !asksForModule(options))
    return evaluatePictures(model as unknown as Module, data, options as EvaluateSetOptions);
  return evaluateModule(model, data as TrainData<B>, options as EvaluateModuleOptions<Y, B>);
}
