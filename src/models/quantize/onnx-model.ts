/**
 * An ONNX file of ours, read back and run on the backend in use: what a program gets that loads it, without another runtime. Graphs of
 * encodeOnnx for float32 pictures that are normalised already; others are for onnxruntime.
 */
import { OnnxError } from "../../io/onnx/graph.js";
import { type ModelProto, modelFields, modelLists } from "../../io/onnx/schema.js";
import { decodeMessage } from "../../io/protobuf-read.js";
import type { Tensor } from "../../tensor/tensor.js";
import { GraphRunner } from "./graph-runner.js";

/** A decoded file. */
export interface OnnxModel {
  /** Texts by name, such as classes and preprocessing, which are JSON. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly opset: number;
  /** Pictures, normalised, [N, H, W, C] -> logits [N, classes]; in a scope of the caller's. */
  run(images: Tensor): Tensor;
}

/**
 * The model in the bytes of an ONNX file that encodeOnnx() wrote, in float32 and without its own normalisation. Throws OnnxError for
 * operators that it does not write, TensoroneError for damaged bytes.
 *
 * @example
 * ```ts
 * const model = models.createModel("mobileone_s0", { numClasses: 2, deploy: true }).eval();
 * const preprocessing = { imageSize: 32, resize: 32, mean: [0, 0, 0], std: [1, 1, 1] };
 * const { bytes } = await io.encodeOnnx(model, { preprocessing, classes: ["cat", "dog"] });
 * const read = decodeOnnx(bytes);
 * console.log(read.metadata.classes, read.run(rand([1, 32, 32, 3])).shape); // ["cat","dog"] [1, 2]
 * ```
 */
export function decodeOnnx(bytes: Uint8Array): OnnxModel {
  const { graph, opsetImport, metadataProps } = decodeMessage<ModelProto>(modelFields, modelLists, bytes);
  if (!graph?.node || graph.input.length !== 1 || graph.output.length !== 1)
    throw new OnnxError("onnx: the file has no graph of one input and one output, expected what encodeOnnx writes");
  const runner = new GraphRunner(graph);
  return {
    metadata: Object.fromEntries(metadataProps.map(({ key, value }) => [key, value])),
    opset: opsetImport[0]?.version ?? 0,
    run: (images) => runner.run(images),
  };
}
