/**
 * What a server takes on at a time: pictures that wait or are in work, and bytes of bodies in memory. Beyond it requests are turned
 * away at once, so that memory is bounded and no accepted request waits behind more than the queue.
 */
import { HttpError } from "./http-error.js";

/** Until the pictures of a full queue are done, in a word that clients wait by. */
const RETRY_AFTER_SECONDS = 1;

/** The two limits. */
export interface IntakeLimits {
  /** Pictures. */
  readonly queue: number;
  /** Of all bodies together. */
  readonly bytes: number;
}

/** Counts what is taken on. */
export class Intake {
  readonly #limits: IntakeLimits;
  #pictures = 0;
  #bytes = 0;

  constructor(limits: IntakeLimits) {
    this.#limits = limits;
  }

  /** Pictures that wait or are in work. */
  get pictures(): number {
    return this.#pictures;
  }

  /** Bytes of bodies in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws HttpError 503 where not one picture more would be taken: before the body of a request is read. */
  expectRoom(): void {
    if (this.#pictures >= this.#limits.queue) throw this.#busy(1);
  }

  /** Takes on `count` pictures; call what it returns when they are done. Throws HttpError: 503 for now, 413 for ever. */
  enter(count: number): () => void {
    const { queue } = this.#limits;
    if (count > queue) throw new HttpError(413, `${count} pictures in one request, expected at most ${queue}`);
    if (this.#pictures + count > queue) throw this.#busy(count);
    this.#pictures += count;
    return () => {
      this.#pictures -= count;
    };
  }

  /** Counts bytes that have arrived; give them back by `release`. Throws HttpError 503. */
  hold(bytes: number): void {
    if (this.#bytes + bytes > this.#limits.bytes)
      throw new HttpError(
        503,
        `bodies of ${this.#bytes} bytes are in memory, expected at most ${this.#limits.bytes}`,
        "try again later",
        RETRY_AFTER_SECONDS,
      );
    this.#bytes += bytes;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  #busy(count: number): HttpError {
    return new HttpError(
      503,
      `${this.#pictures} pictures wait or are in work, no room for ${count} more among ${this.#limits.queue}`,
      "try again later",
      RETRY_AFTER_SECONDS,
    );
  }
}
