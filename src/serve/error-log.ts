/**
 * What goes wrong, told as objects that a line of JSON can hold; no more of them than a person can read, whatever is sent: the rest is
 * counted.
 */
import { clipped } from "../util/clipped.js";
import type { TensoroneError } from "../util/errors.js";

/** One thing that went wrong. */
export interface ServeLogEntry {
  /** ISO 8601. */
  readonly time: string;
  /** request: refused or failed. fault: a thread ended and was replaced. suppressed: entries that were only counted. */
  readonly kind: "request" | "fault" | "suppressed";
  readonly error: string;
  readonly status?: number;
  readonly method?: string;
  /** As it came, cut; without its query. */
  readonly path?: string;
  /** Entries left out since the last one of this kind. */
  readonly count?: number;
}

/** Entries told in a window, at most. */
const MOST = 20;
const WINDOW_MS = 10_000;
/** Characters of what came from outside. */
const LONGEST = 200;

export class ErrorLog {
  readonly #tell: (entry: ServeLogEntry) => void;
  #told = 0;
  #suppressed = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (entry: ServeLogEntry) => void) {
    this.#tell = tell;
  }

  request(error: unknown, about: { readonly status: number; readonly method: string; readonly path: string }): void {
    const { status, method, path } = about;
    this.#add({ kind: "request", status, method, path: clipped(path.split("?")[0]!, LONGEST), error: textOf(error) });
  }

  fault(part: string, error: unknown): void {
    this.#add({ kind: "fault", error: `${part}: ${textOf(error)}` });
  }

  /** Tells what was suppressed, and starts no timer any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#endWindow();
  }

  #add(entry: Omit<ServeLogEntry, "time">): void {
    if (this.#told === 0) this.#timer = setTimeout(() => this.#endWindow(), WINDOW_MS).unref();
    if (++this.#told > MOST) this.#suppressed++;
    else this.#tell({ time: new Date().toISOString(), ...entry });
  }

  #endWindow(): void {
    const count = this.#suppressed;
    this.#told = 0;
    this.#suppressed = 0;
    if (count === 0) return;
    const error = `${count} more errors in ${WINDOW_MS / 1000} s`;
    this.#tell({ time: new Date().toISOString(), kind: "suppressed", error, count });
  }
}

const textOf = (error: unknown): string =>
  clipped(
    error instanceof Error ? ((error as Partial<TensoroneError>).summary ?? error.message) : String(error),
    2 * LONGEST,
  );
