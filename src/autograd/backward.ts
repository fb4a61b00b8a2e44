/**
 * The walk from a result back to the leaves: newest node first, each consumed once its gradient is complete.
 */
import { update } from "../ops/apply.js";
import * as F from "../ops/functional/index.js";
import { newArray } from "../tensor/dtype.js";
import { scope } from "../tensor/scope.js";
import { type Shape, sameShape, showShape } from "../tensor/shape.js";
import { Storage, storageTracer } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { GradientError, ShapeError } from "../util/errors.js";
import { type GraphNode, noGrad, type Target, targetOf } from "./tape.js";

/** What backward() starts from, and whether the graph stays. */
export interface BackwardOptions {
  /** The gradient to start from; default 1 for a scalar. */
  readonly gradient?: Tensor;
  /** Keep the graph and its results, so that backward() can run again. Default false: they are freed. */
  readonly retainGraph?: boolean;
}

/** Sums a gradient over the axes that broadcasting had expanded. */
function unbroadcast(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.rank - shape.length;
  const axes = gradient.shape.flatMap((dim, i) => (i < lead || (shape[i - lead] === 1 && dim !== 1) ? [i] : []));
  return F.reshape(F.sum(gradient, axes, { keepDims: true }), shape);
}

/** total + gradient; writes into total where total is not shared. Takes over both. */
function accumulate(total: Tensor | undefined, gradient: Tensor): Tensor {
  if (!total) return gradient;
  if (total.storage.isExclusive) {
    update("accumulate", [total, gradient], {});
    gradient.dispose();
    return total;
  }
  const sum = F.add(total, gradient);
  total.dispose();
  gradient.dispose();
  return sum;
}

/** Every node that `root` depends on, newest first. */
function nodesBehind(root: GraphNode): GraphNode[] {
  const found = new Set<GraphNode>([root]);
  for (const node of found) for (const target of node.targets) if (target && "node" in target) found.add(target.node);
  return [...found].sort((a, b) => b.id - a.id);
}

/** A tensor of x's shape, dtype and backend, filled with ones. */
function onesLike(x: Tensor): Tensor {
  const storage = new Storage(x.storage.backend, x.dtype, x.size);
  return new Tensor(storage, x.shape).write(newArray(x.dtype, x.size).fill(1));
}

/** Gradients of `node`'s inputs, each a tensor of its own with the input's shape; null where none is wanted. */
function pullBack(node: GraphNode, dys: readonly (Tensor | undefined)[]): (Tensor | null)[] {
  return scope(() =>
    node.gradientsOf(dys).map((thunk, i) => {
      if (!thunk || !node.targets[i]) return null;
      const gradient = unbroadcast(thunk(), node.inputShapes[i]!);
      // a rule may hand through dy itself, or one tensor twice
      return gradient.detach();
    }),
  );
}

/**
 * Fills `grad` of every leaf behind `root` that requires it (adding to what is there). The graph and the results that
 * made it are freed on the way, except `root`, leaves, and tensors that called keep().
 * Throws GradientError without a graph and ShapeError where the starting gradient does not fit.
 *
 * @example
 * ```ts
 * const x = tensor([1, 2, 3], [3], { requiresGrad: true });
 * backward(x.square().sum()); // the same as x.square().sum().backward()
 * console.log(x.grad?.toArray()); // [2, 4, 6]
 * ```
 */
export function backward(root: Tensor, { gradient, retainGraph = false }: BackwardOptions = {}): void {
  const target = targetOf(root);
  if (!target)
    throw new GradientError(
      `backward: tensor ${showShape(root.shape)} has no graph`,
      "it was made under noGrad(), its graph was consumed by an earlier backward(), or no input has requiresGrad",
    );
  if (!gradient && root.size !== 1)
    throw new ShapeError(
      `backward: ${showShape(root.shape)} has ${root.size} elements, expected a scalar`,
      "reduce it first (x.sum()), or pass { gradient }",
    );
  if (gradient && !sameShape(gradient.shape, root.shape))
    throw new ShapeError(`backward: gradient ${showShape(gradient.shape)} for ${showShape(root.shape)}`);
  noGrad(() =>
    scope(() => walk(root, target, gradient ? F.cast(gradient, root.dtype).detach() : onesLike(root), retainGraph)),
  );
}

function walk(root: Tensor, start: NonNullable<Target>, gradient: Tensor, retainGraph: boolean): void {
  const pending = new Map<GraphNode, (Tensor | undefined)[]>();
  const deliver = (target: NonNullable<Target>, value: Tensor): void => {
    if ("leaf" in target) {
      target.leaf.grad = accumulate(target.leaf.grad ?? undefined, value).keep();
      return;
    }
    const slots = pending.get(target.node) ?? [];
    slots[target.output] = accumulate(slots[target.output], value);
    pending.set(target.node, slots);
  };
  deliver(start, gradient);
  if ("leaf" in start) return;

  for (const node of nodesBehind(start.node)) {
    if (node.isReleased)
      throw new GradientError(
        `backward: the graph behind ${node.name} was consumed by an earlier backward()`,
        "call the first one with { retainGraph: true }",
      );
    const dys = pending.get(node);
    pending.delete(node);
    if (dys) {
      pullBack(node, dys).forEach((value, i) => {
        if (value) deliver(node.targets[i]!, value);
      });
      for (const dy of dys) dy?.dispose();
    }
    if (!retainGraph) consume(node, root);
  }
}

function consume(node: GraphNode, root: Tensor): void {
  node.release();
  for (const output of node.outputs) {
    if (output !== root && !output.isKept) {
      output.dispose();
      continue;
    }
    const { edge } = output;
    output.edge = null;
    storageTracer()?.changed(() => {
      output.edge = edge;
    });
  }
}

/** The gradients of a scalar with respect to `inputs`, without touching their `grad`. */
export function gradientsOf(root: Tensor, inputs: readonly Tensor[], options: BackwardOptions = {}): (Tensor | null)[] {
  const before = inputs.map((x) => x.grad);
  for (const x of inputs) x.grad = null;
  try {
    backward(root, options);
    return inputs.map((x) => x.grad);
  } finally {
    inputs.forEach((x, i) => {
      x.grad = before[i]!;
    });
  }
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    /** Fills `grad` of the leaves behind this scalar; see autograd/backward. */
    backward(options?: BackwardOptions): void;
  }
}

Object.defineProperty(Tensor.prototype, "backward", {
  value(this: Tensor, options?: BackwardOptions) {
    backward(this, options);
  },
});
