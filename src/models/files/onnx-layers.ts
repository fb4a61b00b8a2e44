/**
 * Layers as nodes of an ONNX graph, each from the state-dict entries of its own name, for the families' `toOnnx`. Tensors are
 * NCHW, which is ONNX's layout and that of our files. Evaluation only: batch norms use their running statistics.
 */
import { type GraphBuilder, OnnxError } from "../../io/onnx/index.js";
import type { StoredTensor } from "../../io/safetensors.js";
import type { BatchNorm2d } from "../../nn/batch-norm.js";
import type { Conv2d } from "../../nn/conv.js";
import type { Padding } from "../../ops/functional/index.js";
import type { Pair } from "../../ops/spec/index.js";

/** Weights by state-dict name, in the layouts of files. */
export type Weights = ReadonlyMap<string, StoredTensor>;

/** The window of a convolution or of pooling. */
export interface Window {
  readonly stride?: number | Pair | undefined;
  readonly padding?: Padding | undefined;
}

const pairOf = (size: number | Pair = 1): Pair => (typeof size === "number" ? [size, size] : size);

/** [top, left, bottom, right]. Throws OnnxError for padding given as a word, whose width depends on the image. */
function padsOf(padding: Padding = 0): number[] {
  if (typeof padding === "string")
    throw new OnnxError(`onnx: padding "${padding}", expected numbers`, "give the layer the width that it stands for");
  const [rows, columns]: readonly (number | Pair)[] = typeof padding === "number" ? [padding, padding] : padding;
  const [[top, bottom], [left, right]] = [pairOf(rows), pairOf(columns)];
  return [top, left, bottom, right];
}

export class LayerWriter {
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

  norm(path: string, x: string, { eps }: BatchNorm2d): string {
    const weights = this.#take(path, "weight", "bias", "running_mean", "running_var");
    return this.#graph.node("BatchNormalization", path, [x, ...weights], { epsilon: { float: eps } });
  }

  /** A convolution, with its bias where it has one. */
  conv(path: string, x: string, { weight, bias, options }: Conv2d): string {
    const [kh, kw] = weight.shape;
    const weights = this.#take(path, ...(bias ? ["weight", "bias"] : ["weight"]));
    return this.#graph.node("Conv", path, [x, ...weights], {
      kernel_shape: [kh!, kw!],
      strides: pairOf(options.stride),
      pads: padsOf(options.padding),
      dilations: pairOf(options.dilation),
      group: options.groups ?? 1,
    });
  }

  relu(name: string, x: string): string {
    return this.#graph.node("Relu", name, [x]);
  }

  /** Σ terms, in their order; one term stands for itself. */
  sum(name: string, terms: readonly string[]): string {
    return terms.length === 1 ? terms[0]! : this.#graph.node("Sum", name, terms);
  }

  sigmoid(name: string, x: string): string {
    return this.#graph.node("Sigmoid", name, [x]);
  }

  product(name: string, a: string, b: string): string {
    return this.#graph.node("Mul", name, [a, b]);
  }

  globalAvgPool(name: string, x: string): string {
    return this.#graph.node("GlobalAveragePool", name, [x]);
  }

  maxPool(name: string, x: string, kernelSize: number | Pair, { stride = kernelSize, padding }: Window): string {
    return this.#graph.node("MaxPool", name, [x], {
      kernel_shape: pairOf(kernelSize),
      strides: pairOf(stride),
      pads: padsOf(padding),
    });
  }

  /** Pooling and the classifier called `path`, [N, C, H, W] -> [N, classes], under the name `output`. */
  head(path: string, x: string, output: string): string {
    const pooled = this.globalAvgPool("neck.pool", x);
    const features = this.#graph.node("Flatten", "neck.flatten", [pooled], { axis: 1 });
    // files hold [classes, features]
    return this.#graph.node("Gemm", output, [features, ...this.#take(path, "weight", "bias")], { transB: 1 });
  }
}
