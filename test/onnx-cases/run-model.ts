/**
 * Runs a graph node by node, in the order of the file, which ONNX asks to be one that can be computed.
 */
import { Tensor } from "../../src/index.js";
import { Call, type Edge, type OperatorTable } from "./call.js";
import { elementType, storedValue, Value } from "./elements.js";
import { Inexpressible, reasons } from "./inexpressible.js";
import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from "./messages.js";

/** Throws Inexpressible for a type without a dtype, before anything is computed. */
function checkTypes(ports: readonly ValueInfoProto[]): void {
  for (const { type } of ports) if (type.tensorType) elementType(Number(type.tensorType.elemType));
}

function toEdges(result: ReturnType<OperatorTable[string]>): readonly Edge[] {
  const outputs = result instanceof Tensor ? [result] : result;
  return outputs.map((output) => (output instanceof Tensor ? new Value(output) : output));
}

class Run {
  constructor(
    readonly operators: OperatorTable,
    readonly opset: number,
  ) {}

  #node(node: NodeProto, edges: Map<string, Edge>): void {
    const operator = this.operators[node.opType];
    if (!operator) throw new Inexpressible(reasons[node.opType] ?? `missing: ${node.opType}`);
    const inputs = node.input.map((name) => {
      if (name === "") return null;
      const edge = edges.get(name);
      if (edge === undefined) throw new Error(`${node.opType} reads "${name}", which nothing before it makes`);
      return edge;
    });
    // a body sees the names around it
    const runBody = (graph: GraphProto, given: readonly Edge[]) => this.graph(graph, given, new Map(edges));
    const outputs = toEdges(operator(new Call(node, inputs, this.opset, runBody)));
    node.output.forEach((name, i) => {
      if (name !== "") edges.set(name, outputs[i] ?? null);
    });
  }

  graph(graph: GraphProto, inputs: readonly Edge[], edges: Map<string, Edge>): readonly Edge[] {
    for (const proto of graph.initializer) edges.set(proto.name!, storedValue(proto));
    const open = graph.input.filter(({ name }) => !graph.initializer.some((proto) => proto.name === name));
    open.forEach(({ name }, i) => {
      edges.set(name, inputs[i] ?? null);
    });
    for (const node of graph.node) this.#node(node, edges);
    return graph.output.map(({ name }) => edges.get(name) ?? null);
  }
}

/** Inputs in order -> outputs in order. Throws Inexpressible where public calls cannot say what the model asks for. */
export function runModel(model: ModelProto, inputs: readonly Edge[], operators: OperatorTable): readonly Edge[] {
  checkTypes([...model.graph.input, ...model.graph.output]);
  const { version } = model.opsetImport.find(({ domain = "" }) => domain === "") ?? { version: 1n };
  return new Run(operators, Number(version)).graph(model.graph, inputs, new Map());
}
