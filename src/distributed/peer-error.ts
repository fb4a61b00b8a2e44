/**
 * A failure that began at another rank. The launcher is told, so that it names the rank that failed first and not the
 * one whose complaint came first.
 */
import { DistributedError } from "../util/errors.js";

/** A rank that is lost, late, has stopped, or does not make sense. */
export class PeerError extends DistributedError {
  readonly peers: readonly number[];

  constructor(peers: readonly number[], message: string, hint?: string) {
    super(message, hint);
    this.peers = peers;
  }
}

/** What a rank tells its launcher. */
export interface Blame {
  readonly blames: readonly number[];
}

/** What the first rank of a machine tells its launcher where rank 0, which all see, is on another machine. */
export interface Notice {
  readonly notice: string;
}
