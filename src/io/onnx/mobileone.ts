/**
 * MobileOne as an ONNX graph, in either form: convolutions and their sums in NCHW, which is ONNX's layout and that of our
 * files. Weights keep the names of the state dict. Evaluation only: batch norms use their running statistics.
 */

import { type BlockSpec, DeployedBlock, type MobileOne, MobileOneBlock } from "../../models/index.js";
import type { ConvNorm } from "../../models/mobileone/block.js";
import type { BatchNorm2d, SqueezeExcite } from "../../nn/index.js";
import type { StoredTensor } from "../safetensors.js";
import { type Attributes, type GraphBuilder, OnnxError } from "./graph.js";

/** Weights by state-dict name, in the layouts of files. */
export type Weights = ReadonlyMap<string, StoredTensor>;

const square = (size: number): readonly number[] => [size, size];

/** What Conv wants to know; a kernel of 1 is a scale branch or a gate, and needs no padding. */
function convAttributes(
  spec: Pick<BlockSpec, "stride" | "dilation" | "groups" | "padding">,
  kernelSize: number,
): Attributes {
  const padding = kernelSize === 1 ? 0 : spec.padding;
  return {
    kernel_shape: square(kernelSize),
    strides: square(spec.stride),
    pads: [...square(padding), ...square(padding)],
    dilations: square(kernelSize === 1 ? 1 : spec.dilation),
    group: spec.groups,
  };
}

const gateConv = convAttributes({ stride: 1, dilation: 1, groups: 1, padding: 0 }, 1);

/** Adds the layers of a model to a graph, each from the entries of its own name. */
class ModelWriter {
  readonly #graph: GraphBuilder;
  readonly #weights: Weights;

  constructor(graph: GraphBuilder, weights: Weights) {
    this.#graph = graph;
    this.#weights = weights;
  }

  /** The entries `prefix.name` as weights of the graph. */
  #take(prefix: string, ...names: readonly string[]): string[] {
    return names.map((name) => {
      const key = `${prefix}.${name}`;
      const entry = this.#weights.get(key);
      if (!entry) throw new OnnxError(`onnx: the model has no entry ${key}`);
      return this.#graph.weight(key, entry);
    });
  }

  #norm(path: string, x: string, { eps }: BatchNorm2d): string {
    const weights = this.#take(path, "weight", "bias", "running_mean", "running_var");
    return this.#graph.node("BatchNormalization", path, [x, ...weights], { epsilon: { float: eps } });
  }

  #convNorm(path: string, x: string, spec: BlockSpec, branch: ConvNorm, kernelSize: number): string {
    const weights = this.#take(`${path}.conv`, "weight");
    const y = this.#graph.node("Conv", `${path}.conv`, [x, ...weights], convAttributes(spec, kernelSize));
    return this.#norm(`${path}.norm`, y, branch.norm);
  }

  /** Σ branches(x), in mmpretrain's order. */
  #branches(path: string, x: string, block: MobileOneBlock): string {
    const { spec, skip, scale, convs } = block;
    const terms = [
      ...(skip ? [this.#norm(`${path}.branch_norm`, x, skip)] : []),
      ...(scale ? [this.#convNorm(`${path}.branch_scale`, x, spec, scale, 1)] : []),
      ...convs.map((conv, i) => this.#convNorm(`${path}.branch_conv_list.${i}`, x, spec, conv, spec.kernelSize)),
    ];
    return terms.length === 1 ? terms[0]! : this.#graph.node("Sum", `${path}.sum`, terms);
  }

  #folded(path: string, x: string, { spec }: DeployedBlock): string {
    const name = `${path}.branch_reparam`;
    const weights = this.#take(name, "weight", "bias");
    return this.#graph.node("Conv", name, [x, ...weights], convAttributes(spec, spec.kernelSize));
  }

  #squeezeExcite(path: string, x: string): string {
    const graph = this.#graph;
    const conv = (name: string, input: string) =>
      graph.node("Conv", name, [input, ...this.#take(name, "weight", "bias")], gateConv);
    const squeezed = graph.node("GlobalAveragePool", `${path}.mean`, [x]);
    const reduced = graph.node("Relu", `${path}.relu`, [conv(`${path}.conv1.conv`, squeezed)]);
    const gate = graph.node("Sigmoid", `${path}.sigmoid`, [conv(`${path}.conv2.conv`, reduced)]);
    return graph.node("Mul", `${path}.mul`, [x, gate]);
  }

  /** One block, [N, Cin, H, W] -> [N, Cout, OH, OW]. Throws OnnxError for a block of another class. */
  block(x: string, block: MobileOneBlock | DeployedBlock): string {
    const path = `backbone.${block.spec.name}`;
    let z: string;
    if (block instanceof MobileOneBlock) z = this.#branches(path, x, block);
    else if (block instanceof DeployedBlock) z = this.#folded(path, x, block);
    else throw new OnnxError(`onnx: ${path} is no MobileOne block`, "only MobileOne's own blocks can be written");
    const excite: SqueezeExcite | null = block.squeezeExcite;
    return this.#graph.node("Relu", `${path}.relu`, [excite ? this.#squeezeExcite(`${path}.se`, z) : z]);
  }

  /** Pooling and classifier, [N, C, H, W] -> [N, classes], under the name `output`. */
  head(x: string, output: string): string {
    const graph = this.#graph;
    const pooled = graph.node("GlobalAveragePool", "neck.pool", [x]);
    const features = graph.node("Flatten", "neck.flatten", [pooled], { axis: 1 });
    // files hold [classes, features]
    return graph.node("Gemm", output, [features, ...this.#take("head.fc", "weight", "bias")], { transB: 1 });
  }
}

/** Adds `model` behind the value `images` [N, 3, H, W]; its logits get the name `output`. */
export function writeMobileOne(
  graph: GraphBuilder,
  model: MobileOne,
  weights: Weights,
  images: string,
  output: string,
) {
  const writer = new ModelWriter(graph, weights);
  let x = images;
  for (const block of model.blocks) x = writer.block(x, block);
  writer.head(x, output);
}
