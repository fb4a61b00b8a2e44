/**
 * An engine in a thread of its own, so that connections are accepted and turned away while it computes. One that ends by a fault is
 * started again: its open batches fail, the next wait for nothing that is gone.
 */
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import * as errors from "../util/errors.js";
import { pause } from "../util/platform.js";
import { workerEntry } from "../util/worker-entry.js";
import type { Engine, EngineFacts, EngineOptions } from "./engine.js";
import type { EngineAnswer, EngineStart, InferMessage, SentError } from "./engine-messages.js";
import { HttpError } from "./http-error.js";
import type { Square } from "./squares.js";

/** Between two starts of an engine that does not live. */
const RESTART_MS = 1000;
/** What opening takes at least. */
const RETRY_SECONDS = 2;

interface OpenBatch {
  readonly resolve: (logits: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

/** How an engine is run. */
export interface ThreadEngineOptions {
  /** URL of its module; default: the engine of this package. */
  readonly module?: string | undefined;
  readonly options: EngineOptions;
  /** Told of a thread that ended, and of its successors that did not start. */
  readonly onFault: (error: Error) => void;
}

/** The error as its own class, where it is one of ours. */
function received({ name, message, hint }: SentError): Error {
  const known = (errors as unknown as Readonly<Record<string, typeof errors.TensoroneError | undefined>>)[name];
  return known === undefined ? new Error(message) : new known(message, hint);
}

class ThreadEngine implements Engine {
  readonly #settings: ThreadEngineOptions;
  readonly #open = new Map<number, OpenBatch>();
  #facts: EngineFacts = { label: "", models: [] };
  #worker: Worker | null = null;
  #nextId = 0;
  #isReady = false;
  #isClosed = false;

  constructor(settings: ThreadEngineOptions) {
    this.#settings = settings;
  }

  get label(): string {
    return this.#facts.label;
  }
  get models(): EngineFacts["models"] {
    return this.#facts.models;
  }
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Rejects with what is wrong with the options or files. */
  start(): Promise<void> {
    const entry = workerEntry("./engine-worker.js", import.meta.url);
    if (!existsSync(entry))
      throw new errors.DataError(`serve: no file ${entry.pathname}, expected the built package`, "npm run build");
    const { module = workerEntry("./tensorone-engine.js", import.meta.url).href, options } = this.#settings;
    const worker = new Worker(entry, { workerData: { module, options } satisfies EngineStart, execArgv: [] });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      let reason = "it ended";
      worker.on("message", (answer: EngineAnswer) => {
        if (answer.kind === "open") {
          this.#facts = answer.facts;
          this.#isReady = true;
          resolve();
        } else if (answer.kind === "refused") {
          reject(received(answer.error));
          void worker.terminate();
        } else this.#settle(answer);
      });
      worker.on("error", (error) => {
        reason = error instanceof Error ? error.message : String(error);
      });
      worker.on("exit", () => {
        const wasReady = this.#isReady;
        this.#isReady = false;
        const error = new Error(`the engine's thread stopped (${reason})`);
        for (const batch of this.#open.values()) batch.reject(error);
        this.#open.clear();
        reject(error);
        if (!wasReady || this.#isClosed) return;
        this.#settings.onFault(error);
        void this.#restart();
      });
    });
  }

  infer(model: number, squares: readonly Square[]): Promise<Float32Array> {
    if (!this.#isReady || this.#worker === null)
      return Promise.reject(new HttpError(503, "the engine is being started again", "try again later", RETRY_SECONDS));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#worker!.postMessage({ id, model, squares } satisfies InferMessage);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
  }

  #settle(answer: Extract<EngineAnswer, { readonly id: number }>): void {
    const batch = this.#open.get(answer.id);
    this.#open.delete(answer.id);
    if (answer.kind === "logits") batch?.resolve(answer.logits);
    else batch?.reject(received(answer.error));
  }

  async #restart(): Promise<void> {
    while (!this.#isClosed) {
      await pause(RESTART_MS);
      if (this.#isClosed) return;
      try {
        await this.start();
        return;
      } catch (error) {
        this.#settings.onFault(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}

/** Starts the thread and waits for its models. Throws the errors of files and options as the engine has them. */
export async function openThreadEngine(settings: ThreadEngineOptions): Promise<Engine> {
  const engine = new ThreadEngine(settings);
  try {
    await engine.start();
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}
