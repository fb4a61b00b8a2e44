/**
 * What of a graph becomes int8: products with their weights, and the values between them. Squeeze-and-excitation computes in
 * float32, from int8 weights: it is a thousandth of the arithmetic, up to a fifth of the weights, and its gate multiplies
 * everything.
 */
import { OnnxError } from "../../io/onnx/graph.js";
import type { GraphProto, NodeProto } from "../../io/onnx/schema.js";

export interface QuantizationPlan {
  /** Products in int8, in the order of the graph. */
  readonly layers: readonly NodeProto[];
  /** Products whose weights alone are stored in int8. */
  readonly storedLayers: readonly NodeProto[];
  /** Values that are rounded to 8 bits. */
  readonly values: ReadonlySet<string>;
}

const isProduct = ({ opType }: NodeProto): boolean => opType === "Conv" || opType === "Gemm";
const isGate = ({ name }: NodeProto): boolean => name.includes(".se.");

/** All products but those that `keepFloat` names. Throws OnnxError for a name that is none of them. */
export function planQuantization(graph: GraphProto, keepFloat: readonly string[] = []): QuantizationPlan {
  const products = graph.node.filter(isProduct);
  const names = products.map(({ name }) => name);
  const unknown = keepFloat.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new OnnxError(`onnx: no layer ${unknown} to keep in float32`, `layers are ${names.join(", ")}`);
  const smaller = products.filter(({ name }) => !keepFloat.includes(name));
  const layers = smaller.filter((layer) => !isGate(layer));
  const output = graph.output[0]!.name;
  const values = layers.flatMap((layer) => {
    const readers = graph.node.filter(({ input }) => input.includes(layer.output[0]!));
    const end = readers.length === 1 && readers[0]!.opType === "Relu" ? readers[0]! : layer;
    return [layer.input[0]!, end.output[0]!];
  });
  return { layers, storedLayers: smaller.filter(isGate), values: new Set(values.filter((name) => name !== output)) };
}
