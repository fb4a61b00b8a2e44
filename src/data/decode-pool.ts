/**
 * Worker threads that read samples. Jobs go out as soon as they are given, to the thread with the fewest open ones: the
 * training thread may be deep in a step for seconds and cannot hand out work one by one. Idle threads do not keep the
 * process alive. Node only.
 */
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { DataError } from "../util/errors.js";
import { workerEntry } from "../util/worker-entry.js";
import type { ReaderOptions, ReadJob } from "./sample-reader.js";

/** A job on its way to a thread; `into` is a view of a SharedArrayBuffer. */
export type JobMessage = ReadJob & { readonly id: number };
/** The thread's answer: the time it took, or what went wrong. */
export type JobAnswer =
  | { readonly id: number; readonly decodeMs: number }
  | { readonly id: number; readonly message: string; readonly hint?: string | undefined };

interface OpenJob {
  readonly resolve: (decodeMs: number) => void;
  readonly reject: (error: Error) => void;
  readonly firstPath: string;
}

interface Thread {
  readonly worker: Worker;
  readonly open: Map<number, OpenJob>;
}

/** A fixed number of threads, started at construction. */
export class DecodePool {
  private readonly threads: readonly Thread[];
  private nextId = 0;
  private isClosed = false;

  constructor(size: number, options: ReaderOptions) {
    const entry = workerEntry("./loader-worker.js", import.meta.url);
    if (!existsSync(entry)) {
      throw new DataError(`data workers: no file ${entry.pathname}, expected the built package`, "npm run build");
    }
    this.threads = Array.from({ length: size }, (_, i) => this.startThread(entry, options, i));
  }

  /** Milliseconds the job took in its thread; rejects with DataError when a file fails, the thread dies or the pool closes. */
  run(job: ReadJob): Promise<number> {
    if (this.isClosed) return Promise.reject(new DataError("data workers: closed, expected to be running"));
    const thread = this.threads.reduce((least, t) => (t.open.size < least.open.size ? t : least));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      if (thread.open.size === 0) thread.worker.ref();
      thread.open.set(id, { resolve, reject, firstPath: job.paths[0] ?? "nothing" });
      thread.worker.postMessage({ id, ...job } satisfies JobMessage);
    });
  }

  /** Stops the threads; open jobs are rejected. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(
      this.threads.map(({ worker }) => {
        // an idle thread does not keep the process alive, but whoever awaits its end must live to see it
        worker.ref();
        return worker.terminate();
      }),
    );
  }

  private startThread(entry: URL, options: ReaderOptions, index: number): Thread {
    const worker = new Worker(entry, { workerData: options, execArgv: [] });
    const open: Thread["open"] = new Map();
    worker.on("message", (answer: JobAnswer) => {
      const job = open.get(answer.id);
      open.delete(answer.id);
      if (open.size === 0 && !this.isClosed) worker.unref();
      if ("decodeMs" in answer) job?.resolve(answer.decodeMs);
      else job?.reject(new DataError(answer.message, answer.hint));
    });
    let reason = "it ended";
    worker.on("error", (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on("exit", () => {
      const message = this.isClosed ? "closed" : `stopped (${reason})`;
      for (const { reject, firstPath } of open.values()) {
        reject(new DataError(`data worker ${index}: ${message} while reading ${firstPath}`, "try fewer workers"));
      }
      open.clear();
      this.isClosed = true;
    });
    worker.unref();
    return { worker, open };
  }
}
