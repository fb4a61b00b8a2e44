/**
 * One collective on its way: its messages, its deadline, and the answer to the question who is late.
 */
import { PeerError } from "./peer-error.js";
import type { Tag, Transport } from "./transport.js";

/** Messages of one rank that this collective waits for. */
interface Expected {
  posted: number;
  arrived: number;
}

export class Exchange {
  readonly #transport: Transport;
  readonly #tag: Tag;
  readonly #expected = new Map<number, Expected>();
  readonly #sends: Promise<void>[] = [];

  constructor(transport: Transport, tag: Tag) {
    this.#transport = transport;
    this.#tag = tag;
  }

  /** Sends on; `bytes` must not change before the collective ends. */
  send(to: number, bytes: Uint8Array): void {
    this.#sends.push(observed(this.#transport.send(to, bytes, this.#tag)));
  }

  receive(from: number, into: Uint8Array): Promise<void> {
    const expected = this.#expected.get(from) ?? { posted: 0, arrived: 0 };
    this.#expected.set(from, expected);
    expected.posted++;
    const arrival = this.#transport.receive(from, into, this.#tag).then(() => {
      expected.arrived++;
    });
    return observed(arrival);
  }

  /** Resolves when all that was sent has left. */
  async sent(): Promise<void> {
    await Promise.all(this.#sends);
  }

  /** Of the ranks that something is awaited from, those that have sent least: the others may only wait for them. */
  lateRanks(): number[] {
    const waiting = [...this.#expected].filter(([, { posted, arrived }]) => arrived < posted);
    const least = Math.min(...waiting.map(([, { arrived }]) => arrived));
    return waiting.filter(([, { arrived }]) => arrived === least).map(([rank]) => rank);
  }

  /** The error of a collective that has not ended in time. */
  lateError(deadlineMs: number): PeerError {
    const { op, sequence } = this.#tag;
    const late = this.lateRanks();
    const who =
      late.length === 0 ? "the others do not read" : `${rankList(late)} ${late.length === 1 ? "is" : "are"} late`;
    return new PeerError(
      late,
      `${op} ${sequence}: ${who}, rank ${this.#transport.rank} has waited for ${formatSeconds(deadlineMs)}`,
      "a stopped or swapping process, a machine without network, or a step slower than --collective-timeout",
    );
  }
}

/** "rank 3", "ranks 1, 4 and 7". */
export function rankList(ranks: readonly number[]): string {
  const all = ranks.map(String);
  const last = all.pop();
  return all.length === 0 ? `rank ${last}` : `ranks ${all.join(", ")} and ${last}`;
}

export function formatSeconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(3))} s`;
}

/** A promise whose failure is reported elsewhere: the first one ends the collective, the rest fail with it. */
function observed(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
