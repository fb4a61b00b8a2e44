/**
 * Point-to-point messages over sockets, one connection for each pair of ranks.
 */
import type { RankIdentity } from "../environment.js";
import type { Tag, Transport } from "../transport.js";
import { Connection } from "./connection.js";
import type { Peers } from "./rendezvous.js";

/** Fits in the cache together with what it is added to; measured with bench/all-reduce. */
const BUCKET_BYTES = 256 * 1024;
/** Messages that are lost at the end of a step are noticed after about this. */
const BEAT_MS = 2000;
/** Parting words do not keep a process that fails. */
const PARTING_MS = 2000;

export class SocketTransport implements Transport {
  readonly rank: number;
  readonly worldSize: number;
  readonly localRank: number;
  readonly localSize: number;
  readonly transport: string;
  readonly bucketBytes = BUCKET_BYTES;
  readonly #connections = new Map<number, Connection>();
  readonly #beats: NodeJS.Timeout;
  #failure: Error | null = null;

  /** `isSealed` false leaves the tags of messages away: bench/studies/wire.ts measures what they cost, no run does without. */
  constructor(
    { rank, worldSize, localRank, localSize }: RankIdentity,
    peers: Peers,
    transport: string,
    { isSealed = true } = {},
  ) {
    this.rank = rank;
    this.worldSize = worldSize;
    this.localRank = localRank;
    this.localSize = localSize;
    this.transport = transport;
    for (const [peer, { socket, keys }] of peers)
      this.#connections.set(
        peer,
        new Connection(socket, peer, isSealed ? keys : null, (error) => {
          if (error && !this.#failure) this.fail(error);
        }),
      );
    this.#beats = setInterval(() => {
      for (const connection of this.#connections.values()) connection.beat();
    }, BEAT_MS).unref();
  }

  get failure(): Error | null {
    return this.#failure;
  }

  send(to: number, bytes: Uint8Array, tag: Tag): Promise<void> {
    return this.#connections.get(to)!.send(bytes, tag);
  }

  receive(from: number, into: Uint8Array, tag: Tag): Promise<void> {
    return this.#connections.get(from)!.receive(into, tag);
  }

  fail(error: Error): void {
    this.#failure ??= error;
    for (const connection of this.#connections.values()) connection.fail(this.#failure);
  }

  async abort(reason: string): Promise<void> {
    await this.#part((connection) => connection.abort(reason));
  }

  async close(): Promise<void> {
    await this.#part((connection) => connection.close());
  }

  async #part(leave: (connection: Connection) => Promise<void>): Promise<void> {
    clearInterval(this.#beats);
    const all = Promise.all([...this.#connections.values()].map(leave));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PARTING_MS);
    });
    await Promise.race([all, patience]);
    clearTimeout(timer);
    for (const connection of this.#connections.values()) connection.destroy();
  }
}
