/**
 * The graph: one node per differentiable result, made by the hook in ops/apply while gradients are enabled.
 *
 * A node keeps what its gradient rule needs (see `needs` in gradients/) through storage references of its own, so that
 * freeing a handle never breaks backward; what no rule needs is kept as a shape only.
 */
import { type Recorder, setRecorder } from "../ops/apply.js";
import type { Attrs, OpName } from "../ops/spec/index.js";
import { isFloat } from "../tensor/dtype.js";
import { removeFromScope } from "../tensor/scope.js";
import { sizeOf } from "../tensor/shape.js";
import { storageTracer } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { gradients } from "./gradients/index.js";
import type { Needs } from "./rule.js";

/** Gradients of a node's inputs, as thunks so that those not asked for cost nothing; null where there is none. */
export type InputGradients = readonly ((() => Tensor) | null)[];

export interface GraphNode {
  /** Grows with time: sorting by it, newest first, is a topological order. */
  readonly id: number;
  readonly name: string;
  /** Where each input's gradient goes: another node's output, a leaf, or nowhere. */
  readonly targets: readonly Target[];
  readonly inputShapes: readonly Tensor["shape"][];
  /** The user's handles of the outputs; backward() frees them once consumed. */
  readonly outputs: readonly Tensor[];
  /** Applies the rule to the gradients of the outputs (undefined where nothing came). */
  gradientsOf(dys: readonly (Tensor | undefined)[]): InputGradients;
  /** Gives back what the node saved. */
  release(): void;
  isReleased: boolean;
}

export type Target = { readonly node: GraphNode; readonly output: number } | { readonly leaf: Tensor } | null;

let isEnabled = true;
let nextId = 0;

/** The node that made x; null for leaves and constants. */
export const nodeOf = (x: Tensor): GraphNode | null => (x.edge?.node as GraphNode | undefined) ?? null;

/** Whether ops are being recorded. */
export const isGradEnabled = (): boolean => isEnabled;

function withGrad<T>(enabled: boolean, body: () => T): T {
  const previous = isEnabled;
  isEnabled = enabled;
  try {
    return body();
  } finally {
    isEnabled = previous;
  }
}

/**
 * Runs a synchronous body without recording: results have no graph and nothing is saved for backward.
 *
 * @example
 * ```ts
 * const weight = tensor([1], [1], { requiresGrad: true });
 * const y = noGrad(() => weight.mul(2));
 * console.log(y.requiresGrad); // false
 * ```
 */
export const noGrad = <T>(body: () => T): T => withGrad(false, body);
/**
 * Runs a synchronous body with recording, inside noGrad too.
 *
 * @example
 * ```ts
 * const weight = tensor([1], [1], { requiresGrad: true });
 * console.log(noGrad(() => enableGrad(() => weight.mul(2))).requiresGrad); // true
 * ```
 */
export const enableGrad = <T>(body: () => T): T => withGrad(true, body);

/** True for what backward has to reach: leaves that ask for a gradient and results that came from one. */
export const needsGrad = (x: Tensor): boolean => x.requiresGrad || x.edge !== null;

export function targetOf(x: Tensor): Target {
  if (x.edge) return x.edge as { node: GraphNode; output: number };
  return x.requiresGrad ? { leaf: x } : null;
}

/** A handle of its own on x's numbers, outside every scope; shares x's place in the graph. */
function save(x: Tensor): Tensor {
  const saved = x.detach();
  removeFromScope(saved);
  return saved;
}

/** Stands for a tensor of which a rule reads no numbers. */
class ShapeOnly implements Pick<Tensor, "shape" | "dtype" | "size" | "rank"> {
  constructor(
    readonly shape: Tensor["shape"],
    readonly dtype: Tensor["dtype"],
  ) {}
  get size(): number {
    return sizeOf(this.shape);
  }
  get rank(): number {
    return this.shape.length;
  }
}

const shapeOnly = ({ shape, dtype }: Tensor): Tensor => new ShapeOnly(shape, dtype) as unknown as Tensor;

/** What a node has saved: handles of its own, which refuse to be read once their numbers were written over. */
export class Saved {
  readonly #tensors: Tensor[] = [];

  /** Saves x for the node `name`. */
  keep(x: Tensor, name: string): Tensor {
    const own = save(x);
    own.expectUnchanged(name);
    this.#tensors.push(own);
    return own;
  }

  release(): void {
    for (const x of this.#tensors) x.dispose();
  }
}

/** Joins outputs to inputs by a node whose rule is `vjp`; does nothing where no input needs a gradient. */
export function connect(
  name: string,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  vjp: (dys: readonly (Tensor | undefined)[]) => InputGradients,
  saved: Saved,
): void {
  const madeIn = storageTracer()?.serial;
  const node: GraphNode = {
    id: nextId++,
    name,
    targets: inputs.map(targetOf),
    inputShapes: inputs.map((x) => x.shape),
    outputs,
    gradientsOf: vjp,
    isReleased: false,
    release() {
      if (node.isReleased) return;
      node.isReleased = true;
      const tracer = storageTracer();
      // what a trace has made itself goes with it
      if (tracer && tracer.serial !== madeIn)
        tracer.changed(() => {
          node.isReleased = false;
        });
      saved.release();
    },
  };
  outputs.forEach((y, output) => {
    y.edge = { node, output };
  });
  storageTracer()?.nodeMade(node);
}

type AnyRule = (
  dys: readonly (Tensor | undefined)[],
  inputs: readonly Tensor[],
  attrs: Attrs<OpName>,
  outputs: readonly Tensor[],
) => InputGradients;

const record: Recorder = (op, inputs, attrs, outputs) => {
  if (!isEnabled || !inputs.some(needsGrad)) return;
  const entry = gradients[op] as unknown as { needs: Needs; connected?: number; rule: AnyRule } | null;
  if (!entry || !isFloat(outputs[0]!.dtype)) return;
  const { needs, connected = 1, rule } = entry;
  const saved = new Saved();
  const keepWhere = (indices: readonly number[] | "all") => (x: Tensor, i: number) =>
    indices === "all" || indices.includes(i) ? saved.keep(x, op) : shapeOnly(x);
  const savedInputs = inputs.map(keepWhere(needs.inputs));
  const savedOutputs = outputs.map(keepWhere(needs.outputs));
  connect(op, inputs, outputs.slice(0, connected), (dys) => rule(dys, savedInputs, attrs, savedOutputs), saved);
};

/** Connects autograd to ops/apply. Called once, by the package's entry. */
export function installAutograd(): void {
  setRecorder(record);
}
