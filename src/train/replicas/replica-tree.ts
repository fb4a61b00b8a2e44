/**
 * The one tree in which gradients of replicas are added, whatever number of processes holds them: the left child of a
 * node has the largest power of two of replicas that is smaller than the node's, the right child the rest. Pure functions.
 */
import { UsageError } from "../../util/errors.js";

/** Replicas first … first + count − 1. */
export interface ReplicaRange {
  readonly first: number;
  readonly count: number;
}

/** Which replicas a rank computes: contiguous, the first ranks one more where they do not divide evenly. */
export function replicaShare(replicas: number, worldSize: number, rank: number): ReplicaRange {
  const least = Math.floor(replicas / worldSize);
  const extra = replicas % worldSize;
  return { first: rank * least + Math.min(rank, extra), count: least + (rank < extra ? 1 : 0) };
}

/** Throws UsageError where a rank would have nothing to compute. */
export function expectReplicas(replicas: number, worldSize: number): void {
  if (worldSize <= replicas) return;
  throw new UsageError(
    `train: ${worldSize} processes for ${replicas} replica${replicas === 1 ? "" : "s"}, expected at most one process each`,
    `--replicas ${worldSize} gives every process a batch of its own, as the reference does`,
  );
}

/** How many of a node's replicas are its left child's. */
export function leftCount(count: number): number {
  return 2 ** Math.ceil(Math.log2(count) - 1);
}

/** The largest nodes of the tree over `replicas` that lie inside a share, from left to right. */
export function subtreesOf(share: ReplicaRange, replicas: number): ReplicaRange[] {
  const end = share.first + share.count;
  const walk = (node: ReplicaRange): ReplicaRange[] => {
    if (node.count === 0 || node.first >= end || node.first + node.count <= share.first) return [];
    if (node.first >= share.first && node.first + node.count <= end) return [node];
    const left = leftCount(node.count);
    return [
      ...walk({ first: node.first, count: left }),
      ...walk({ first: node.first + left, count: node.count - left }),
    ];
  };
  return walk({ first: 0, count: replicas });
}
