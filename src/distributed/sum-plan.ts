/**
 * The additions that turn the partial sums of all ranks into the sum of all replicas: the tree of train/replica-tree, cut
 * where the ranks' own subtrees begin, as a list of steps. Pure; knows neither transports nor numbers.
 */
import { leftCount, type ReplicaRange, replicaShare, subtreesOf } from "../train/replicas/replica-tree.js";

/** A value on the way: a partial sum that some rank holds, one of the temporaries, or the result. */
export type SumTerm =
  | { readonly kind: "part"; readonly rank: number; readonly part: number }
  | { readonly kind: "temporary"; readonly index: number }
  | { readonly kind: "result" };

export interface SumPlan {
  /** How many partial sums each rank holds. */
  readonly partsOf: readonly number[];
  readonly temporaries: number;
  /** target = left + right, in this order; none where one rank holds the whole sum already. */
  readonly steps: readonly { readonly left: SumTerm; readonly right: SumTerm; readonly target: SumTerm }[];
  /** Where the result is before the first step: the only part, or the result of the last step. */
  readonly root: SumTerm;
}

/** The plan for `replicas` spread over `worldSize` ranks. */
export function planSum(replicas: number, worldSize: number): SumPlan {
  const leaves = new Map<string, SumTerm>();
  const partsOf = Array.from({ length: worldSize }, (_, rank) => {
    const ranges = subtreesOf(replicaShare(replicas, worldSize, rank), replicas);
    for (const [part, range] of ranges.entries()) leaves.set(keyOf(range), { kind: "part", rank, part });
    return ranges.length;
  });
  const steps: { left: SumTerm; right: SumTerm; target: SumTerm }[] = [];
  const free: number[] = [];
  let temporaries = 0;
  const evaluate = (node: ReplicaRange): SumTerm => {
    const leaf = leaves.get(keyOf(node));
    if (leaf) return leaf;
    const leftSize = leftCount(node.count);
    const left = evaluate({ first: node.first, count: leftSize });
    const right = evaluate({ first: node.first + leftSize, count: node.count - leftSize });
    for (const operand of [left, right]) if (operand.kind === "temporary") free.push(operand.index);
    // an addition may write where one of its operands was
    const target: SumTerm =
      node.count === replicas ? { kind: "result" } : { kind: "temporary", index: free.pop() ?? temporaries++ };
    steps.push({ left, right, target });
    return target;
  };
  return { partsOf, root: evaluate({ first: 0, count: replicas }), steps, temporaries };
}

const keyOf = ({ first, count }: ReplicaRange): string => `${first}+${count}`;
