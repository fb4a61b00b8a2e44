/**
 * What training asks of the processes that share its work: the contract, and the group of one process. Transports that
 * join several processes implement it in distributed/; nothing here opens a connection.
 */

import { DistributedError } from "../../util/errors.js";
import { subtreesOf } from "./replica-tree.js";

/** Ranks 0 … worldSize − 1. Every rank calls the same collectives in the same order; each has a deadline. */
export interface ProcessGroup {
  readonly rank: number;
  readonly worldSize: number;
  /** Rank among the processes of this machine. */
  readonly localRank: number;
  readonly localSize: number;
  /** For the run's information, e.g. "sockets", "mpi (Open MPI 4.1.4)". */
  readonly transport: string;
  /**
   * Sums gradients over all replicas into `into`, which gets the same bits on every rank, for any number of ranks.
   * `parts` are this rank's sums over the subtrees of replica-tree's subtreesOf(replicaShare(…)), in that order, each as
   * long as `into`, which may itself be one of them; views of shared memory are welcome. A rank without replicas gives none.
   */
  sumReplicas(parts: readonly Float32Array[], replicas: number, into: Float32Array): Promise<void>;
  /** In place, element by element over all ranks; for a few numbers such as losses, counts and flags. */
  allReduce(values: Float64Array, op: "sum" | "max" | "min"): Promise<void>;
  /** Every rank gets the bytes of `root`, in place. */
  broadcast(bytes: Uint8Array, root?: number): Promise<void>;
  barrier(): Promise<void>;
  /**
   * Tells the others that this rank cannot go on: their pending and next collectives throw, naming rank and reason. Under
   * MPI, which knows no such word, the whole job ends when this process does.
   */
  abort(reason: string): Promise<void>;
  /** Leaves in good order, once all ranks are here; a process that ends without it is a lost rank to the others. */
  close(): Promise<void>;
}

/** The group of one process. Nothing waits for anybody. */
export function soloGroup(): ProcessGroup {
  return {
    rank: 0,
    worldSize: 1,
    localRank: 0,
    localSize: 1,
    transport: "one process",
    async sumReplicas(parts, replicas, into) {
      expectParts(parts, subtreesOf({ first: 0, count: replicas }, replicas).length, into.length);
      if (parts[0] !== into) into.set(parts[0]!);
    },
    async allReduce() {},
    async broadcast() {},
    async barrier() {},
    async abort() {},
    async close() {},
  };
}

/** Throws DistributedError unless there are `count` parts of `length` numbers. */
export function expectParts(parts: readonly Float32Array[], count: number, length: number): void {
  const came = parts.map((part) => part.length);
  if (came.length === count && came.every((n) => n === length)) return;
  throw new DistributedError(
    `sumReplicas: ${came.length} parts of [${came.join(", ")}] numbers, expected ${count} of ${length}`,
    "one part for each range of subtreesOf(replicaShare(replicas, worldSize, rank), replicas)",
  );
}
