/**
 * What a transport gives to the collectives: messages between two ranks, in order for each pair. No collectives and no
 * deadlines: those are in mesh-group.ts and exchange.ts.
 */

export const ops = ["barrier", "broadcast", "allReduce", "sumReplicas"] as const;
export type CollectiveName = (typeof ops)[number];

/** To which collective a message belongs: its kind, and its number, counted alike on every rank. */
export interface Tag {
  readonly op: CollectiveName;
  readonly sequence: number;
}

export interface Transport {
  readonly rank: number;
  readonly worldSize: number;
  readonly localRank: number;
  readonly localSize: number;
  /** E.g. "sockets", "mpi (Open MPI 4.1.4)". */
  readonly transport: string;
  /** Long vectors travel in messages of this size, so that adding starts before the last byte has come. */
  readonly bucketBytes: number;
  /** Resolves when `bytes` may be changed again. */
  send(to: number, bytes: Uint8Array, tag: Tag): Promise<void>;
  /** Fills `into` with the next message of a rank. Rejects with DistributedError where that is another one than expected. */
  receive(from: number, into: Uint8Array, tag: Tag): Promise<void>;
  /** Everything under way, and all that comes after, rejects with this. The first failure is kept. */
  fail(error: Error): void;
  readonly failure: Error | null;
  /** Lets the others know why this rank ends. */
  abort(reason: string): Promise<void>;
  /** No rank sends any more. */
  close(): Promise<void>;
}
