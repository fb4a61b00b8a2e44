/** ONNX files: the graph while it grows, its schema and encoding. What a model looks like in one is models/files/onnx. */
export { type Attributes, GraphBuilder, OnnxError, type Port } from "./graph.js";
