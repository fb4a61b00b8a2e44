/**
 * A float32 graph in float16: weights are stored and every layer computes in float16, between a cast behind the input and one
 * before the output, which stay float32. What normalises bytes stays float32 as well.
 */
import { attributeTypes, dataTypes, type GraphProto, type NodeProto, type TensorProto } from "../../io/onnx/schema.js";
import { halved } from "./weights.js";

const cast = (input: string, output: string, to: number): NodeProto => ({
  input: [input],
  output: [output],
  name: output,
  opType: "Cast",
  attribute: [{ name: "to", i: to, type: attributeTypes.integer }],
});

/** Nodes of encodeOnnx that make floats of bytes. */
const isNormalizing = (name: string): boolean => name.startsWith("normalize.");

/** Throws OnnxError for a weight beyond float16's range. */
export function toFloat16(graph: GraphProto): GraphProto {
  const before = graph.node.filter(({ name }) => isNormalizing(name));
  const layers = graph.node.filter(({ name }) => !isNormalizing(name));
  const entry = before.at(-1)?.output[0] ?? graph.input[0]!.name;
  const exit = graph.output[0]!.name;
  const renamed = (name: string) => (name === entry ? `${name}.float16` : name === exit ? `${exit}.float16` : name);
  return {
    ...graph,
    initializer: graph.initializer.map((weight: TensorProto) => (isNormalizing(weight.name) ? weight : halved(weight))),
    node: [
      ...before,
      cast(entry, `${entry}.float16`, dataTypes.float16),
      ...layers.map((node) => ({
        ...node,
        name: renamed(node.name),
        input: node.input.map(renamed),
        output: node.output.map(renamed),
      })),
      cast(`${exit}.float16`, exit, dataTypes.float32),
    ],
  };
}
