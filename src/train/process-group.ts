/**
 * What training asks of the processes that share its work: the contract, and the group of one process. Transports that
 * join several processes implement it in distributed/; nothing here opens a connection.
 */

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
   * long as `into`.
   */
  sumReplicas(parts: readonly Float32Array[], replicas: number, into: Float32Array): Promise<void>;
  /** In place, element by element over all ranks; for a few numbers such as losses, counts and flags. */
  allReduce(values: Float64Array, op: "sum" | "max" | "min"): Promise<void>;
  /** Every rank gets the bytes of `root`, in place. */
  broadcast(bytes: Uint8Array, root?: number): Promise<void>;
  barrier(): Promise<void>;
  /** Tells the others that this rank cannot go on: their pending and next collectives throw, naming rank and reason. */
  abort(reason: string): Promise<void>;
  close(): Promise<void>;
}
