/**
 * A float32 graph with pairs of QuantizeLinear and DequantizeLinear (QDQ): behind every value of the plan, and DequantizeLinear
 * alone behind int8 weights and int32 biases. A runtime that knows the pattern computes in int8, any other gets the same numbers
 * in float32.
 */
import { floatTensor } from "../../io/onnx/graph.js";
import {
  type AttributeProto,
  attributeTypes,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "../../io/onnx/schema.js";
import { quantizeWeights } from "./int8-weights.js";
import type { QuantizationPlan } from "./plan.js";
import type { Quantizer } from "./ranges.js";
import { floatsOf, integerTensor } from "./weights.js";

const node = (
  opType: string,
  output: string,
  input: readonly string[],
  attribute: readonly AttributeProto[] = [],
): NodeProto => ({
  opType,
  name: output,
  input,
  output: [output],
  attribute,
});

/** Scales by output channel, which is axis 0 of a convolution's weights and of a Gemm's with transB. */
const channelAxis: readonly AttributeProto[] = [{ name: "axis", i: 0, type: attributeTypes.integer }];

const dequantized = (name: string): string => `${name}.dq`;

/** The graph in the plan's types; `quantizers` has a row for each of its values. */
export function quantizeGraph(
  graph: GraphProto,
  { layers, storedLayers, values }: QuantizationPlan,
  quantizers: ReadonlyMap<string, Quantizer>,
): GraphProto {
  const stored = new Map(graph.initializer.map((weight) => [weight.name, weight]));
  const added: TensorProto[] = [];
  const replaced = new Set<string>();
  const nodes: NodeProto[] = [];

  const roundValue = (name: string) => {
    const { scale, zeroPoint } = quantizers.get(name)!;
    added.push(floatTensor(`${name}.scale`, [], [scale]), integerTensor(`${name}.zero`, "uint8", [], [zeroPoint]));
    const parameters = [`${name}.scale`, `${name}.zero`];
    nodes.push(node("QuantizeLinear", `${name}.q`, [name, ...parameters]));
    nodes.push(node("DequantizeLinear", dequantized(name), [`${name}.q`, ...parameters]));
  };

  /** int8 and scales in place of a product's float32 weights; the scales, for the bias. */
  const roundWeights = (weightName: string, bias: Float32Array | null, inputScale: number) => {
    const weight = stored.get(weightName)!;
    const channels = weight.dims[0]!;
    const result = quantizeWeights(floatsOf(weight), channels, bias, inputScale);
    added.push(
      integerTensor(`${weightName}.int8`, "int8", weight.dims, result.values),
      floatTensor(`${weightName}.scale`, [channels], result.scales),
      integerTensor(`${weightName}.zero`, "int8", [channels], new Int8Array(channels)),
    );
    const parameters = [`${weightName}.int8`, `${weightName}.scale`, `${weightName}.zero`];
    nodes.push(node("DequantizeLinear", dequantized(weightName), parameters, channelAxis));
    replaced.add(weightName);
    return result;
  };

  /** The same with the bias in int32. */
  const roundLayer = ({ input: [x, weightName, biasName] }: NodeProto) => {
    const inputScale = quantizers.get(x!)!.scale;
    const bias = biasName === undefined ? null : floatsOf(stored.get(biasName)!);
    const result = roundWeights(weightName!, bias, inputScale);
    if (result.bias === null) return;
    const channels = result.bias.length;
    added.push(
      integerTensor(`${biasName}.int32`, "int32", [channels], result.bias),
      floatTensor(
        `${biasName}.scale`,
        [channels],
        result.scales.map((scale) => scale * inputScale),
      ),
    );
    nodes.push(
      node("DequantizeLinear", dequantized(biasName!), [`${biasName}.int32`, `${biasName}.scale`], channelAxis),
    );
    replaced.add(biasName!);
  };

  const input = graph.input[0]!.name;
  if (values.has(input)) roundValue(input);
  for (const one of graph.node) {
    if (layers.includes(one)) roundLayer(one);
    else if (storedLayers.includes(one)) roundWeights(one.input[1]!, null, 1);
    const renamed = one.input.map((name) => (values.has(name) || replaced.has(name) ? dequantized(name) : name));
    nodes.push({ ...one, input: renamed });
    if (values.has(one.output[0]!)) roundValue(one.output[0]!);
  }
  const kept = graph.initializer.filter(({ name }) => !replaced.has(name));
  return { ...graph, node: nodes, initializer: [...kept, ...added] };
}
