/**
 * An exported graph on the backend in use, node by node: for ranges of its values and for trying quantisations. Activations are
 * [N, H, W, C] here, [N, C, H, W] in the file; rows of features are the same in both. Knows the operators that encodeOnnx writes
 * for float32 graphs, of normalised pictures or of bytes.
 */
import { maxPool2d } from "../../chapters/pooling.js";
import { OnnxError } from "../../io/onnx/graph.js";
import { dataTypes, type GraphProto, type NodeProto } from "../../io/onnx/schema.js";
import * as F from "../../ops/functional/index.js";
import type { Pair } from "../../ops/spec/index.js";
import { tensor } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { floatsOf } from "./weights.js";

/** What may take the place of values on their way. */
export interface Replacements {
  /** Of a value that a node makes, or of the input. */
  readonly value?: (name: string, value: Tensor) => Tensor;
  /** Of a weight, in the layout of the file. */
  readonly weight?: (name: string) => Float32Array | undefined;
}

type Run = (node: NodeProto, inputs: readonly Tensor[]) => Tensor;

const attributeOf = (node: NodeProto, name: string) => node.attribute.find((one) => one.name === name);
const integersOf = (node: NodeProto, name: string): readonly number[] => attributeOf(node, name)?.ints ?? [];
const pairOf = (node: NodeProto, name: string): Pair => integersOf(node, name) as unknown as Pair;

/** [[top, bottom], [left, right]]; ONNX says [top, left, bottom, right]. */
function paddingOf(node: NodeProto): readonly [Pair, Pair] {
  const [top = 0, left = 0, bottom = 0, right = 0] = integersOf(node, "pads");
  return [
    [top, bottom],
    [left, right],
  ];
}

/** [N, H, W, C] -> [N, C, H, W] is what a graph of bytes begins with; here pictures stay as they are. */
function channelsFirst(node: NodeProto, [x]: readonly Tensor[]): Tensor {
  const perm = integersOf(node, "perm");
  if (perm.join() === "0,3,1,2") return x!;
  throw new OnnxError(`onnx: ${node.name} transposes by [${perm.join(", ")}], expected [0, 3, 1, 2]`);
}

const operators: Readonly<Record<string, Run>> = {
  Conv: (node, [x, w, b]) => {
    const options = {
      stride: pairOf(node, "strides"),
      padding: paddingOf(node),
      dilation: pairOf(node, "dilations"),
      groups: attributeOf(node, "group")?.i ?? 1,
    };
    const y = F.conv2d(x!, F.permute(w!, [2, 3, 1, 0]), options);
    return b ? F.add(y, b) : y;
  },
  BatchNormalization: (node, [x, gamma, beta, mean, variance]) => {
    const scale = F.mul(gamma!, F.rsqrt(F.add(variance!, attributeOf(node, "epsilon")!.f!)));
    return F.add(F.mul(x!, scale), F.sub(beta!, F.mul(mean!, scale)));
  },
  Cast: (node, [x]) => {
    const to = attributeOf(node, "to")?.i;
    if (to !== dataTypes.float32) throw new OnnxError(`onnx: ${node.name} casts to type ${to}, expected float32`);
    return F.cast(x!, "float32");
  },
  Sub: (_, [a, b]) => F.sub(a!, b!),
  Div: (_, [a, b]) => F.div(a!, b!),
  Transpose: channelsFirst,
  Relu: (_, [x]) => F.relu(x!),
  Sigmoid: (_, [x]) => F.sigmoid(x!),
  Sum: (_, terms) => terms.reduce((sum, term) => F.add(sum, term)),
  Mul: (_, [a, b]) => F.mul(a!, b!),
  GlobalAveragePool: (_, [x]) => F.mean(x!, [1, 2], { keepDims: true }),
  MaxPool: (node, [x]) =>
    maxPool2d(x!, pairOf(node, "kernel_shape"), { stride: pairOf(node, "strides"), padding: paddingOf(node) }),
  Flatten: (_, [x]) => F.reshape(x!, [x!.shape[0]!, x!.size / x!.shape[0]!]),
  Gemm: (_, [x, w, b]) => F.add(F.matmul(x!, w!, { transposeB: true }), b!),
};

export class GraphRunner {
  readonly #graph: GraphProto;
  readonly #weights: ReadonlyMap<string, { readonly dims: readonly number[]; readonly values: Float32Array }>;

  /** Throws OnnxError for an operator that has no row here. */
  constructor(graph: GraphProto) {
    const unknown = graph.node.find(({ opType }) => !operators[opType]);
    if (unknown)
      throw new OnnxError(
        `onnx: ${unknown.name} is a ${unknown.opType}, expected one of ${Object.keys(operators).join(", ")}`,
      );
    this.#graph = graph;
    this.#weights = new Map(
      graph.initializer.map((weight) => [weight.name, { dims: weight.dims, values: floatsOf(weight) }]),
    );
  }

  /** images [N, H, W, C], normalised or as the graph takes them -> the graph's one output; in a scope of the caller's. */
  run(images: Tensor, { value = (_, x) => x, weight }: Replacements = {}): Tensor {
    const input = this.#graph.input[0]!.name;
    const values = new Map<string, Tensor>([[input, value(input, images)]]);
    const tensorOf = (name: string): Tensor => {
      const stored = this.#weights.get(name);
      return stored ? tensor(weight?.(name) ?? stored.values, stored.dims) : values.get(name)!;
    };
    for (const node of this.#graph.node) {
      const [output] = node.output as readonly [string];
      values.set(output, value(output, operators[node.opType]!(node, node.input.map(tensorOf))));
    }
    return values.get(this.#graph.output[0]!.name)!;
  }
}
