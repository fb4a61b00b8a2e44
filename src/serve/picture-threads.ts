/**
 * Threads that turn bodies into squares. Each has one picture at a time, the others wait in order: a picture that ends its thread or
 * keeps it too long is known, gets its error and harms no other, and a new thread takes the place. (DecodePool of data/reading hands
 * work out ahead and ends as a whole: right for a run, wrong for strangers' pictures.) The program of a thread is that of data threads.
 */
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { DecoderName } from "../data/codecs/decoder.js";
import type { TaskAnswer, TaskMessage } from "../data/reading/decode-pool.js";
import type { ReadResult } from "../data/reading/sample-reader.js";
import type { Transform } from "../data/transforms/index.js";
import { environmentWithin, getBudget } from "../util/budget.js";
import { DataError } from "../util/errors.js";
import { workerEntry } from "../util/worker-entry.js";
import { GoneError, HttpError } from "./http-error.js";

/** A picture and where it goes. */
export interface PictureJob {
  /** All of an ArrayBuffer, or a part that is copied. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly transform: Transform;
  /** Shared memory of the size that the transform gives. */
  readonly into: Uint8Array;
  /** Whether anybody still waits for it. */
  readonly isWanted: () => boolean;
}

/** Who makes squares of pictures. */
export interface PictureReader {
  /** Rejects with HttpError 400 for what is no picture, GoneError for one that nobody wants, another error where a thread failed. */
  read(job: PictureJob): Promise<void>;
  close(): Promise<void>;
}

/** How pictures are read. */
export interface PictureThreadsOptions {
  readonly workers: number;
  readonly decoder: DecoderName;
  /** Of a picture, at most; larger ones are refused by their headers. */
  readonly maxPixels: number;
  /** A picture that takes longer ends its thread. */
  readonly timeoutMs: number;
  /** Told of every thread that was replaced. */
  readonly onFault: (error: Error) => void;
}

interface Waiting extends PictureJob {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What errors call a picture: it has no name. */
const PICTURE = "picture";

class PictureThread {
  readonly #worker: Worker;
  readonly #timeoutMs: number;
  readonly #onIdle: () => void;
  readonly #onEnd: (error: Error) => void;
  readonly #maxPixels: number;
  #job: Waiting | null = null;
  #timer: NodeJS.Timeout | undefined;
  #end: Error | null = null;
  /** Of the picture that a thread is ended for: told once the thread is gone, which may write into the square until then. */
  #verdict: Error | null = null;

  constructor(options: PictureThreadsOptions, onIdle: () => void, onEnd: (error: Error) => void) {
    const { decoder, maxPixels, timeoutMs } = options;
    this.#timeoutMs = timeoutMs;
    this.#onIdle = onIdle;
    this.#onEnd = onEnd;
    this.#maxPixels = Math.min(maxPixels, getBudget().pixels);
    this.#worker = new Worker(workerEntry("../data/reading/loader-worker.js", import.meta.url), {
      workerData: { decoder },
      env: { ...process.env, ...environmentWithin({ pixels: this.#maxPixels }) },
      execArgv: [],
    });
    this.#worker.on("message", (answer: TaskAnswer) => this.#hear(answer));
    this.#worker.on("error", (error) => {
      this.#end ??= error instanceof Error ? error : new Error(String(error));
    });
    this.#worker.on("exit", () => this.#leave(this.#end ?? new Error("it ended")));
  }

  get isIdle(): boolean {
    return this.#job === null && this.#end === null;
  }

  take(job: Waiting): void {
    this.#job = job;
    const { bytes, transform, into } = job;
    const isWhole = bytes.byteLength === bytes.buffer.byteLength;
    const source = { path: PICTURE, bytes };
    const read = { sources: [source], seeds: [0], transform, into, isLenient: true };
    const message: TaskMessage<"read"> = { id: 0, name: "read", job: read };
    this.#worker.postMessage(message, isWhole ? [bytes.buffer] : []);
    this.#timer = setTimeout(() => {
      const seconds = this.#timeoutMs / 1000;
      this.#verdict = new HttpError(400, `${PICTURE}: not read within ${seconds} s`, this.#hint());
      this.#fail(new Error(`a picture was not read within ${seconds} s`));
    }, this.#timeoutMs);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #hint(): string {
    return `a JPEG or PNG picture of at most ${this.#maxPixels} pixels`;
  }

  #hear(answer: TaskAnswer): void {
    const job = this.#job;
    clearTimeout(this.#timer);
    if (job === null || this.#end !== null) return;
    if (!("result" in answer)) {
      // not the picture's fault by its reader's word, so perhaps the reader is not sound any more
      this.#fail(new Error(answer.message));
      return;
    }
    this.#job = null;
    const [bad] = (answer.result as ReadResult).bad;
    if (bad) job.reject(new HttpError(400, bad.message, this.#hint()));
    else job.resolve();
    this.#onIdle();
  }

  #fail(error: Error): void {
    this.#end ??= error;
    void this.#worker.terminate();
  }

  #leave(error: Error): void {
    clearTimeout(this.#timer);
    this.#end ??= error;
    this.#job?.reject(this.#verdict ?? new Error(`a data thread stopped (${error.message})`));
    this.#job = null;
    this.#onEnd(error);
  }
}

/** A fixed number of threads, started at construction. */
export class PictureThreads implements PictureReader {
  readonly #options: PictureThreadsOptions;
  readonly #waiting: Waiting[] = [];
  #threads: PictureThread[] = [];
  #isClosed = false;

  /** Throws DataError where the package is not built. */
  constructor(options: PictureThreadsOptions) {
    const entry = workerEntry("../data/reading/loader-worker.js", import.meta.url);
    if (!existsSync(entry))
      throw new DataError(`serve: no file ${entry.pathname}, expected the built package`, "npm run build");
    this.#options = options;
    for (let i = 0; i < options.workers; i++) this.#startThread();
  }

  read(job: PictureJob): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...job, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #startThread(): void {
    const thread: PictureThread = new PictureThread(
      this.#options,
      () => this.#next(),
      (error) => {
        this.#threads = this.#threads.filter((other) => other !== thread);
        if (this.#isClosed) return;
        this.#options.onFault(error);
        this.#startThread();
        this.#next();
      },
    );
    this.#threads.push(thread);
  }

  #next(): void {
    for (;;) {
      const thread = this.#threads.find(({ isIdle }) => isIdle);
      if (thread === undefined) return;
      const job = this.#waiting.shift();
      if (job === undefined) return;
      if (job.isWanted()) thread.take(job);
      else job.reject(new GoneError("nobody waits for the picture"));
    }
  }
}
