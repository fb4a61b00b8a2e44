/**
 * The Node face of tensorone: files, folders, workers, training. Everything of the main entry is here as well.
 */

export { type ClassWeightOptions, classWeights, countClasses } from "./data/class-weights.js";
export { type DecoderName, decoderNames, loadDecoder } from "./data/codecs/decoder.js";
export { decodeImage } from "./data/codecs/index.js";
export { type PrepareOptions, prepareShards } from "./data/prepare.js";
export { DataLoader, type DataLoaderConstructor } from "./data/reading/any-loader.js";
export type { Batch } from "./data/reading/loader.js";
export { type Dataset, openDataset } from "./data/sets/dataset.js";
export { ImageFolder } from "./data/sets/image-folder.js";
export { type VerifyReport, verifyDataset } from "./data/verify.js";
export { type JoinOptions, joinProcessGroup, type TransportName } from "./distributed/join.js";
export { encodePng, thumbnailPng } from "./figures/png.js";
export {
  type FetchWeightsOptions,
  fetchWeights,
  type LocalWeights,
  type PublishedWeights,
  publishedWeights,
} from "./hub/index.js";
export * from "./index.js";
export { mobileoneS0, mobileoneS0Demo } from "./models/mobileone/recipe-s0.js";
export { mobileoneRecipe } from "./models/mobileone/recipes.js";
export {
  encodeOnnxFloat16,
  encodeOnnxInt8,
  type Pictures,
  type QuantizedFile,
  type QuantizeOptions,
  type RangeRule,
} from "./models/quantize/index.js";
export type { MetricName, Recipe, RecipeForm, ScheduleKind } from "./models/recipe.js";
export type {
  BatchAugments,
  ClassWeights,
  ColorJitterChoice,
  LossChoice,
  LossKind,
  PictureAugments,
  RandomErasingChoice,
} from "./models/recipe-choices.js";
export { writeModelCard } from "./report/card.js";
export { type ReportOptions, type WrittenReport, writeReport } from "./report/report.js";
export type { EngineModel } from "./serve/engine.js";
export type { ServeLogEntry } from "./serve/error-log.js";
export type { ServeOptions } from "./serve/options.js";
export { serve } from "./serve/serve.js";
export type { Serving } from "./serve/serving.js";
export { evaluate, train } from "./train/any-run.js";
export { type CalibrationOptions, calibrationPictures } from "./train/calibration-pictures.js";
export type { BestModel } from "./train/checkpoints/best-model.js";
export { loadCheckpoint, saveCheckpoint } from "./train/checkpoints/checkpoint-file.js";
export { saveModelFile } from "./train/checkpoints/model-file.js";
export { loadModel as loadModelFile } from "./train/checkpoints/run-weights.js";
export { type FinetuneOptions, finetune } from "./train/finetune.js";
export type {
  CheckpointInfo,
  EvalProgress,
  Logger,
  RunInfo,
  StepInfo,
  ValidationInfo,
} from "./train/loggers/events.js";
export { TensorBoardLogger, type TensorBoardOptions } from "./train/loggers/tensorboard.js";
export { type ClassifiedFile, type ClassifyFilesOptions, classifyFiles } from "./train/looking/classify-files.js";
export { datasetPictures } from "./train/looking/dataset-pictures.js";
export { extractFeatures, type FeatureRunOptions, type PictureFeatures } from "./train/looking/extract-features.js";
export { mistakesSheet } from "./train/looking/mistakes-sheet.js";
export type { FolderTrainResult, TrainInFolderOptions } from "./train/modules/train-in-folder.js";
export { changeRecipe, demoRecipe, publishedRecipe, type RecipeChanges } from "./train/recipes/choose-recipe.js";
export { loadRecipeFile, type RecipeFile } from "./train/recipes/config/config-file.js";
export { recipeSchema } from "./train/recipes/config/json-schema.js";
export { type RecipeRequest, type ResolvedRecipe, resolveRecipe } from "./train/recipes/config/resolve-recipe.js";
export type { RunConfig, RunSettings } from "./train/recipes/config/run-fields.js";
export { type FinetuneSubject, finetuneRecipe } from "./train/recipes/finetune.js";
export { type PlanOverrides, planRecipe } from "./train/recipes/plan.js";
export type { ProcessGroup } from "./train/replicas/process-group.js";
export type { TrainOptions, TrainResult } from "./train/run-options.js";
export { RecipeFileLogger, type RecipeFileOptions } from "./train/runs/recipe-file.js";
export { DivergedError } from "./train/steps/finite.js";
export type { StopSignal } from "./util/host-types.js";
