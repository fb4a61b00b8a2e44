/**
 * In which order a process adds the gradients of its replicas: the sums over its subtrees of the one tree (replica-tree),
 * with as few flat buffers as that order allows, one more than the depth of a subtree. A replica that accumulates adds its
 * batches in turn first, as PyTorch does in `grad`. Pure; it computes nothing.
 */
import { leftCount, type ReplicaRange } from "../replicas/replica-tree.js";

/** Where a sum lies: what backward wrote last, or one of the buffers. */
export type AccumulatorSlot = "gradients" | number;

export type AccumulationStep =
  /** Forward and backward of a replica's next batch; its gradients overwrite those of the one before. */
  | { readonly kind: "compute"; readonly replica: number; readonly isLast: boolean }
  /** Copies the gradients into a buffer. */
  | { readonly kind: "store"; readonly into: number }
  /** into += from. */
  | { readonly kind: "add"; readonly into: number; readonly from: AccumulatorSlot };

export interface Accumulation {
  readonly steps: readonly AccumulationStep[];
  readonly buffers: number;
  /** Where the sum over each subtree is at the end. */
  readonly sums: readonly AccumulatorSlot[];
}

/**
 * The steps over a process's subtrees, from left to right, with `batches` of each replica. Where `accumulates`, sums lie at the
 * same places for any number of batches.
 */
export function planAccumulation(
  subtrees: readonly ReplicaRange[],
  { batches = 1, accumulates = batches > 1 }: { readonly batches?: number; readonly accumulates?: boolean } = {},
): Accumulation {
  const steps: AccumulationStep[] = [];
  const free: number[] = [];
  let buffers = 0;
  const store = (place: AccumulatorSlot): number => {
    if (place !== "gradients") return place;
    const into = free.pop() ?? buffers++;
    steps.push({ kind: "store", into });
    return into;
  };
  const sumOfReplica = (replica: number): AccumulatorSlot => {
    let place: AccumulatorSlot = "gradients";
    for (let batch = 0; batch < batches; batch++) {
      steps.push({ kind: "compute", replica, isLast: batch === batches - 1 });
      if (place !== "gradients") steps.push({ kind: "add", into: place, from: "gradients" });
      else if (accumulates) place = store(place);
    }
    return place;
  };
  const sum = ({ first, count }: ReplicaRange): AccumulatorSlot => {
    if (count === 1) return sumOfReplica(first);
    const left = leftCount(count);
    // the next backward writes over the gradients
    const into = store(sum({ first, count: left }));
    const from = sum({ first: first + left, count: count - left });
    steps.push({ kind: "add", into, from });
    if (from !== "gradients") free.push(from);
    return into;
  };
  const sums = subtrees.map((subtree, i) => {
    const place = sum(subtree);
    return i === subtrees.length - 1 ? place : store(place);
  });
  return { steps, buffers, sums };
}
