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

const FAILED = 500;
/** Entries of a side told in a window, at most. */
const MOST = 20;
const WINDOW_MS = 10_000;
/** Characters of what came from outside. */
const LONGEST = 200;

/** Refusals, of which clients make as many as they like, take no room from what fails here. */
type Side = "client" | "server";

/** Entries of a window. */
interface Window {
  told: number;
  suppressed: number;
}

export class ErrorLog {
  readonly #tell: (entry: ServeLogEntry) => void;
  readonly #windows: { readonly [S in Side]: Window } = {
    client: { told: 0, suppressed: 0 },
    server: { told: 0, suppressed: 0 },
  };
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (entry: ServeLogEntry) => void) {
    this.#tell = tell;
  }

  request(error: unknown, about: { readonly status: number; readonly method: string; readonly path: string }): void {
    const { status, method, path } = about;
    const entry = { status, method, path: clipped(path.split("?")[0]!, LONGEST), error: textOf(error) };
    this.#add(status === FAILED ? "server" : "client", { kind: "request", ...entry });
  }

  fault(part: string, error: unknown): void {
    this.#add("server", { kind: "fault", error: `${part}: ${textOf(error)}` });
  }

  /** Tells what was suppressed, and starts no timer any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#endWindows();
  }

  #add(side: Side, entry: Omit<ServeLogEntry, "time">): void {
    const window = this.#windows[side];
    this.#timer ??= setTimeout(() => this.#endWindows(), WINDOW_MS).unref();
    if (++window.told > MOST) window.suppressed++;
    else this.#tell({ time: new Date().toISOString(), ...entry });
  }

  #endWindows(): void {
    this.#timer = undefined;
    const { client, server } = this.#windows;
    const count = client.suppressed + server.suppressed;
    for (const window of [client, server]) {
      window.told = 0;
      window.suppressed = 0;
    }
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
