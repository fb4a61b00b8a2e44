/** Files as bytes: the `io` of the public face. Reading and writing files themselves is tensorone/node's. */

export { type KeyStyle, keyStyles } from "./key-maps/dialects.js";
export { recognizeKeys, renameKey, renameKeys } from "./key-maps/translate.js";
export {
  encodeMmengineCheckpoint,
  isMmengineCheckpoint,
  type OptimizerDescription,
  type OptimizerNumbers,
  readMmengineCheckpoint,
  type SchedulerCounts,
  type TrainingState,
} from "./mmengine-checkpoint.js";
export { encodeOnnx, OnnxError, type OnnxFile, type OnnxOptions, type Preprocessing } from "./onnx/index.js";
export { type RecognizedModel, recognizeModel } from "./recognize.js";
export {
  type DecodedFile,
  decodeSafetensors,
  encodeSafetensors,
  type Metadata,
  type StoredTensor,
} from "./safetensors.js";
export {
  decodeInto,
  encodeModel,
  expectFiniteEntries,
  type FiniteOptions,
  fromFileEntries,
  loadFileEntries,
  toFileEntries,
} from "./state-dict-file.js";
export { decodeTorchFile, encodeTorchFile, isTorchFile, StateDict, type Writable } from "./torch-checkpoint/index.js";
export { decodeWeights, type WeightsFile } from "./weights-file.js";
export { encodeWeights, type WeightsLayout } from "./write-weights.js";
