/** Models as ONNX files. */
export { encodeOnnx, ONNX_OPSET, type OnnxFile, type OnnxOptions, type Preprocessing } from "./export.js";
export { OnnxError, type Port } from "./graph.js";
