/** Files of models as bytes: the `io` of the public face. Reading and writing files themselves is tensorone/node's. */
export * from "../../io/index.js";
export { type KeyStyle, keyStyles } from "../families.js";
export type { Recognized as RecognizedModel } from "../family.js";
export { decodeInto, loadFileEntries } from "./load.js";
export { type Identified, identify, recognizeKeys, recognizeModel, renameKey, renameKeys } from "./names.js";
export { encodeOnnx, ONNX_OPSET, type OnnxFile, type OnnxOptions, type Preprocessing } from "./onnx.js";
export { encodeWeights, type WeightsLayout } from "./write-weights.js";
