/**
 * One node as its operator sees it: inputs by position, attributes by name with ONNX's defaults, both from the same row.
 */
import type { DType, Tensor } from "../../src/index.js";
import { elementType, storedValue, Value } from "./elements.js";
import type { AttributeProto, GraphProto, NodeProto } from "./messages.js";

/** An edge: a value, a sequence of values, or nothing where an optional input or element is left out. */
export type Edge = Value | readonly Value[] | null;

/** Runs a graph that is an attribute: its inputs in order -> its outputs in order. */
export type RunBody = (graph: GraphProto, inputs: readonly Edge[]) => readonly Edge[];

export class Call {
  readonly opType: string;
  readonly outputs: readonly string[];
  readonly #attributes: ReadonlyMap<string, AttributeProto>;

  constructor(
    node: NodeProto,
    readonly inputs: readonly Edge[],
    /** Version of the operators that the model was written for. */
    readonly opset: number,
    readonly runBody: RunBody,
  ) {
    this.opType = node.opType;
    this.outputs = node.output;
    this.#attributes = new Map(node.attribute.map((attribute) => [attribute.name, attribute]));
  }

  has(i: number): boolean {
    return this.inputs[i] !== undefined && this.inputs[i] !== null;
  }

  value(i: number): Value {
    const edge = this.inputs[i];
    if (edge instanceof Value) return edge;
    throw new Error(`${this.opType}: input ${i} is ${edge ? "a sequence" : "absent"}, expected a tensor`);
  }

  x(i: number): Tensor {
    return this.value(i).tensor;
  }

  sequence(i: number): readonly Value[] {
    const edge = this.inputs[i];
    if (Array.isArray(edge)) return edge as readonly Value[];
    throw new Error(`${this.opType}: input ${i} is no sequence`);
  }

  get tensors(): Tensor[] {
    return this.inputs.map((_, i) => this.x(i));
  }

  hasAttribute(name: string): boolean {
    return this.#attributes.has(name);
  }

  int(name: string, otherwise: number): number {
    const value = this.#attributes.get(name)?.i;
    return value === undefined ? otherwise : Number(value);
  }

  float(name: string, otherwise: number): number {
    return this.#attributes.get(name)?.f ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    const value = this.#attributes.get(name)?.s;
    return value ? new TextDecoder().decode(value) : otherwise;
  }

  texts(name: string): readonly string[] {
    return (this.#attributes.get(name)?.strings ?? []).map((value) => new TextDecoder().decode(value));
  }

  ints(name: string): readonly number[] | null {
    return this.#attributes.get(name)?.ints.map(Number) ?? null;
  }

  floats(name: string): readonly number[] | null {
    return this.#attributes.get(name)?.floats ?? null;
  }

  /** A list of integers that older versions write as an attribute, newer ones as input `i`. */
  list(name: string, i: number): readonly number[] | null {
    return this.ints(name) ?? (this.has(i) ? this.value(i).numbers : null);
  }

  stored(name: string): Value | null {
    const proto = this.#attributes.get(name)?.t;
    return proto ? storedValue(proto) : null;
  }

  graph(name: string): GraphProto {
    const graph = this.#attributes.get(name)?.g;
    if (graph) return graph;
    throw new Error(`${this.opType}: no graph "${name}"`);
  }

  /** The dtype that holds the element type which an attribute names. */
  dtype(name: string, otherwise: DType): DType {
    const code = this.#attributes.get(name)?.i;
    return code === undefined ? otherwise : elementType(Number(code)).dtype;
  }
}

type Output = Tensor | Edge;
/** An operator over public calls: one output, or all of them in order. */
export type Operator = (call: Call) => Tensor | readonly Output[];
export type OperatorTable = { readonly [opType: string]: Operator };
