/** Files as bytes, whatever network they are of; models/files knows the networks. Files themselves are tensorone/node's. */
export { type Dialect, type Dialects, KeyMap } from "./key-map.js";
export {
  encodeMmengineCheckpoint,
  isMmengineCheckpoint,
  type OptimizerDescription,
  type OptimizerNumbers,
  readMmengineCheckpoint,
  type SchedulerCounts,
  type TrainingState,
} from "./mmengine-checkpoint.js";
export { OnnxError } from "./onnx/index.js";
export {
  type DecodedFile,
  decodeSafetensors,
  encodeSafetensors,
  type Metadata,
  type SafetensorsOptions,
  type StoredTensor,
} from "./safetensors.js";
export {
  encodeModel,
  expectFiniteEntries,
  type FiniteOptions,
  fromFileEntries,
  toFileEntries,
} from "./state-dict-file.js";
export { decodeTorchFile, encodeTorchFile, isTorchFile, StateDict, type Writable } from "./torch-checkpoint/index.js";
export { decodeStateDict, decodeWeights, expectWeights, type WeightsFile } from "./weights-file.js";
export { commonPrefix, unwrapEntries } from "./wrappers.js";
