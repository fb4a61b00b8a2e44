/**
 * The Node face of tensorone: files, folders, workers, training. Everything of the main entry is here as well.
 */

export { type DecoderName, decoderNames, loadDecoder } from "./data/codecs/decoder.js";
export { decodeImage } from "./data/codecs/index.js";
export { type Dataset, openDataset } from "./data/dataset.js";
export { ImageFolder } from "./data/image-folder.js";
export { type Batch, DataLoader } from "./data/loader.js";
export { type PrepareOptions, prepareShards } from "./data/shards/prepare.js";
export { evalTransform, trainTransform } from "./data/transforms/index.js";
export { type VerifyReport, verifyDataset } from "./data/verify.js";
export * from "./index.js";
export { loadCheckpoint, saveCheckpoint } from "./train/checkpoint-file.js";
export { evaluate } from "./train/evaluate.js";
export type { Logger } from "./train/events.js";
export { DivergedError } from "./train/finite.js";
export { loadModelFile, saveModelFile } from "./train/model-file.js";
export { type PlanOverrides, planRecipe } from "./train/plan.js";
export { mobileoneRecipe, type RecipeForm } from "./train/recipes/mobileone.js";
export { mobileoneS0, mobileoneS0Demo } from "./train/recipes/mobileone-s0.js";
export { type TrainOptions, type TrainResult, train } from "./train/trainer.js";
export type { StopSignal } from "./util/host-types.js";
