/**
 * An ONNX graph while it grows: every node has one output, named as the node; weights are found by name. What would make
 * a runtime refuse the file is refused here: names used twice, inputs that nothing makes, weights without a reader.
 */
import { findNonFinite, showNonFinite } from "../../tensor/finite.js";
import { sizeOf } from "../../tensor/shape.js";
import { TensoroneError } from "../../util/errors.js";
import type { Values } from "../layout.js";
import {
  type AttributeProto,
  attributeTypes,
  type DimensionProto,
  dataTypes,
  type GraphProto,
  type NodeProto,
  type OnnxDataType,
  type TensorProto,
  type ValueInfoProto,
} from "./schema.js";

/** A model that cannot be written as ONNX; says why. */
export class OnnxError extends TensoroneError {}

/** Attributes as ONNX names them: lists are lists of integers, { float } is a real number. */
export type Attributes = { readonly [name: string]: number | readonly number[] | { readonly float: number } };

/** A tensor at the border of the graph; a size that is a text is free and carries that name. */
export interface Port {
  readonly name: string;
  readonly dtype: OnnxDataType;
  readonly shape: readonly (number | string)[];
  readonly about?: string;
}

function attribute(name: string, value: Attributes[string]): AttributeProto {
  if (typeof value === "number") return { name, i: value, type: attributeTypes.integer };
  if ("float" in value) return { name, f: value.float, type: attributeTypes.float };
  return { name, ints: value, type: attributeTypes.integers };
}

function valueInfo({ name, dtype, shape, about }: Port): ValueInfoProto {
  const dim = shape.map((size): DimensionProto => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  const type = { tensorType: { elemType: dataTypes[dtype], shape: { dim } } };
  return { name, type, ...(about !== undefined && { docString: about }) };
}

/** float32, little endian whatever the machine. */
function rawFloats(values: ArrayLike<number>): Uint8Array {
  const raw = new Uint8Array(4 * values.length);
  const view = new DataView(raw.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i]!, true);
  return raw;
}

/** float32 values as a weight of a graph; dims [] make a single number. */
export const floatTensor = (name: string, dims: readonly number[], values: ArrayLike<number>): TensorProto => ({
  name,
  dims,
  dataType: dataTypes.float32,
  rawData: rawFloats(values),
});

export class GraphBuilder {
  readonly #nodes: NodeProto[] = [];
  readonly #weights: TensorProto[] = [];
  readonly #made = new Set<string>();
  readonly #read = new Set<string>();
  readonly #inputs: readonly Port[];

  constructor(inputs: readonly Port[]) {
    this.#inputs = inputs;
    for (const { name } of inputs) this.#claim(name);
  }

  #claim(name: string): void {
    if (this.#made.has(name)) throw new OnnxError(`onnx: the name "${name}" is used twice`);
    this.#made.add(name);
  }

  /** Adds a float32 weight; returns its name. Throws OnnxError for values that are not finite. */
  weight(name: string, { shape, values }: Values): string {
    this.#claim(name);
    if (values.length !== sizeOf(shape))
      throw new OnnxError(`onnx: ${name} has ${values.length} values, its shape expects ${sizeOf(shape)}`);
    const found = findNonFinite([[name, { shape, values }]], { as: "float32" });
    if (found)
      throw new OnnxError(
        `onnx: ${showNonFinite(found)}, expected finite weights`,
        "the training diverged or the file is damaged",
      );
    this.#weights.push(floatTensor(name, shape, values));
    return name;
  }

  /** Adds a node behind what it reads; returns the name of its output. Throws OnnxError for an input that is not there. */
  node(opType: string, name: string, inputs: readonly string[], attributes: Attributes = {}): string {
    for (const input of inputs) {
      if (!this.#made.has(input)) throw new OnnxError(`onnx: ${name} reads "${input}", which nothing before it makes`);
      this.#read.add(input);
    }
    this.#claim(name);
    const attributeProtos = Object.entries(attributes).map(([key, value]) => attribute(key, value));
    this.#nodes.push({ input: inputs, output: [name], name, opType, attribute: attributeProtos });
    return name;
  }

  /** The whole graph. Throws OnnxError where an output is missing, or a value has no reader. */
  finish(name: string, outputs: readonly Port[]): GraphProto {
    for (const output of outputs) {
      if (!this.#made.has(output.name)) throw new OnnxError(`onnx: nothing makes the output "${output.name}"`);
      this.#read.add(output.name);
    }
    const idle = [...this.#made].filter((made) => !this.#read.has(made));
    if (idle.length > 0) throw new OnnxError(`onnx: nobody reads ${idle.slice(0, 5).join(", ")}`);
    return {
      node: this.#nodes,
      name,
      initializer: this.#weights,
      input: this.#inputs.map(valueInfo),
      output: outputs.map(valueInfo),
    };
  }
}
