/**
 * The public face of tensorone; it runs in Node and in a browser tab. Importing it starts nothing.
 */
import "./ops/methods.js";
import { installAutograd } from "./autograd/tape.js";

installAutograd();

export { type BackwardOptions, backward } from "./autograd/backward.js";
export { type CustomFunction, customFunction } from "./autograd/function.js";
export { type GradcheckOptions, gradcheck } from "./autograd/gradcheck.js";
export { enableGrad, isGradEnabled, noGrad } from "./autograd/tape.js";
export { coverage, fallbacks, getBackend, setBackend, withBackend } from "./backends/backend.js";
export type {
  Backend,
  BackendName,
  BackendOptions,
  Backends,
  Coverage,
  Fallback,
  GpuMode,
} from "./backends/contract.js";
export { setFallbackWarnings } from "./backends/wasm/fallbacks.js";
export * from "./chapters/index.js";
export { type Compiled, type CompileOptions, type CompileStats, compile, compileTotals } from "./compile/compile.js";
export { CompileError } from "./compile/trace.js";
export type { Image } from "./data/codecs/image.js";
export { type PictureInput, readImage } from "./data/codecs/read-image.js";
export { MersenneTwister, randomPermutation, sampleSeed } from "./data/random.js";
export type { Collated } from "./data/reading/collate.js";
export { DataLoader, type SampleLoaderOptions, type Sampler } from "./data/reading/sample-loader.js";
export { splitByContent } from "./data/sets/hash-split.js";
export {
  concatDatasets,
  type MapDataset,
  mapDataset,
  randomSplit,
  subset,
  TensorDataset,
} from "./data/sets/map-dataset.js";
export { likenessOf, nearDuplicates } from "./data/sets/near-duplicates.js";
export { applyTransform, evalTransform, type Transform, trainTransform } from "./data/transforms/index.js";
export { imagenetMean, imagenetStd, type NormalizeOptions, normalize } from "./data/transforms/normalize.js";
export { confusionSvg } from "./figures/confusion-svg.js";
export { type HeatMap, heatImage, heatOverlay } from "./figures/heat-map.js";
export * as io from "./models/files/index.js";
export { decodeOnnx, type OnnxModel } from "./models/quantize/onnx-model.js";
export * as models from "./models-entry.js";
export * as nn from "./nn/index.js";
export * from "./ops/functional/index.js";
export * as optim from "./optim/index.js";
export type { RunFacts } from "./report/facts/run-facts.js";
export { renderReport } from "./report/render.js";
export { arange, eye, fullLike, linspace, onesLike, zerosLike } from "./tensor/counted.js";
export { full, type NestedArray, ones, tensor, zeros } from "./tensor/create.js";
export { installDevtoolsFormatter } from "./tensor/devtools.js";
export type { DType, ElementArray, HostArray, TypedArray } from "./tensor/dtype.js";
export { format, type PrintOptions, setPrintOptions, type TensorJson } from "./tensor/print.js";
export { manualSeed, Random } from "./tensor/random.js";
export { scope } from "./tensor/scope.js";
export type { Shape } from "./tensor/shape.js";
export { liveStorage } from "./tensor/storage.js";
export { Tensor } from "./tensor/tensor.js";
export { decodeModelFile, encodeModelFile } from "./train/checkpoints/model-bytes.js";
export { type ClassifyOptions, classify } from "./train/classify.js";
export { type GradCam, type GradCamOptions, gradCam } from "./train/looking/grad-cam.js";
export type { Classification } from "./train/metrics/classification.js";
export {
  type ClassificationReport,
  type ClassShares,
  classificationReport,
  type Shares,
} from "./train/metrics/classification-report.js";
export { type ConfusionMatrix, confusionMatrix, mostFrequentConfusions } from "./train/metrics/confusion-matrix.js";
export { mostConfidentMistakes, type Prediction } from "./train/metrics/predictions.js";
export { accuracy, type EvaluateModuleOptions, evaluate } from "./train/modules/evaluate-module.js";
export { type FamilyRecipe, familyRecipe } from "./train/modules/family-recipe.js";
export type {
  ModuleEvaluation,
  ModuleRecipe,
  ModuleTrainResult,
  TrainCallbacks,
  TrainData,
  TrainModuleOptions,
} from "./train/modules/options.js";
export { train } from "./train/modules/train-module.js";
export { type FinetuneSubject, finetuneRecipe } from "./train/recipes/finetune.js";
export { type PlanOverrides, planRecipe } from "./train/recipes/plan.js";
export { type MixOptions, mixBatch } from "./train/steps/mix.js";
export { type BudgetName, type BudgetValues, budgetLimits, getBudget, setBudget } from "./util/budget.js";
export * from "./util/errors.js";
