/** The page's side of the protocol: requests as promises, events as listeners. It knows nothing of screens. */
import type { Answer, Ask, EventName, Events, Failure, Reply, RequestName } from "./protocol.js";

/** Why a request failed. */
export class StudioError extends Error {
  override readonly name = "StudioError";
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.text);
    this.failure = failure;
  }
}

/** What the client needs of a worker. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<Reply>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

type Listener<K extends EventName> = (event: Events[K]) => void;
interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: StudioError) => void;
}

/** How long a stop may take before the worker is terminated: a step of a large network at 224 px takes three seconds. */
const STOP_MS = 8000;

/**
 * Requests and events of one worker.
 *
 * @example
 * ```ts
 * const client = new Client(() => new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module" }));
 * client.on("epoch", ({ point }) => console.log(point.valAccuracy));
 * await client.request("open", { project: "pets" });
 * ```
 */
export class Client {
  readonly #start: () => WorkerLike;
  readonly #listeners = new Map<EventName, Set<Listener<never>>>();
  readonly #waiting = new Map<number, Waiting>();
  #worker: WorkerLike;
  #lastId = 0;
  #opened: Ask<"open"> | null = null;

  constructor(start: () => WorkerLike) {
    this.#start = start;
    this.#worker = this.#begin();
  }

  #begin(): WorkerLike {
    const worker = this.#start();
    worker.onmessage = ({ data }) => this.#heard(data);
    worker.onerror = (event) => {
      event.preventDefault?.();
      this.#endAll({
        code: "killed",
        text: `the worker ended: ${event.message ?? "no reason given"}`,
        hint: "open the project again: it goes on where it was saved",
        canResume: true,
      });
    };
    return worker;
  }

  /** Sends a request; rejects with a StudioError. */
  request<K extends RequestName>(kind: K, ask: Ask<K>): Promise<Answer<K>> {
    this.#lastId += 1;
    const id = this.#lastId;
    if (kind === "open") this.#opened = ask as Ask<"open">;
    return new Promise<Answer<K>>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (answer: never) => void, reject });
      this.#worker.postMessage({ kind, id, ask });
    });
  }

  /** Listens until the returned function is called. */
  on<K extends EventName>(name: K, listener: Listener<K>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener as Listener<never>);
    return () => listeners.delete(listener as Listener<never>);
  }

  /** Stops a training; a worker that does not answer in time is terminated, and the project opened again from its storage. */
  async stop(patienceMs = STOP_MS): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(resolve, patienceMs, "late");
    });
    const stopped = this.request("stop", {});
    // the one that lost the race ends with the worker
    stopped.catch(() => {});
    try {
      if ((await Promise.race([stopped, late])) === "late") await this.restart();
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the worker where it stands, starts another and opens the project again. */
  async restart(): Promise<void> {
    this.terminate();
    this.#worker = this.#begin();
    if (this.#opened) await this.request("open", this.#opened);
  }

  /** Ends the worker where it stands; whoever waits hears "killed". */
  terminate(): void {
    this.#worker.onmessage = null;
    this.#worker.terminate();
    this.#endAll({
      code: "killed",
      text: "the worker was ended",
      hint: "open the project again: it goes on where it was saved",
      canResume: true,
    });
  }

  #endAll(failure: Failure): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new StudioError(failure));
  }

  #heard(reply: Reply): void {
    if (reply.kind === "event") {
      for (const listener of [...(this.#listeners.get(reply.name) ?? [])]) listener(reply.event as never);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === "done") waiting?.resolve(reply.answer as never);
    else waiting?.reject(new StudioError(reply.failure));
  }
}
