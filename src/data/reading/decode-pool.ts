/**
 * Worker threads that read pictures. Tasks go out as soon as they are given, to the thread with the fewest open ones: the
 * training thread may be deep in a step for seconds and cannot hand out work one by one. Idle threads do not keep the
 * process alive. Node only.
 */
import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { DataError } from "../../util/errors.js";
import { workerEntry } from "../../util/worker-entry.js";
import { sourceName } from "../sets/picture-source.js";
import type { ReaderOptions } from "./sample-reader.js";
import { LocalTaskPool, type Task, type TaskName, type TaskPool, type Tasks } from "./tasks.js";

/** A task on its way to a thread; memory to be filled is a view of a SharedArrayBuffer. */
export type TaskMessage<K extends TaskName = TaskName> = Task<K> & { readonly id: number };
/** The thread's answer: the result, or what went wrong. */
export type TaskAnswer =
  | { readonly id: number; readonly result: Tasks[TaskName]["result"] }
  | { readonly id: number; readonly message: string; readonly hint?: string | undefined };

interface OpenTask {
  readonly resolve: (result: Tasks[TaskName]["result"]) => void;
  readonly reject: (error: Error) => void;
  readonly firstPath: string;
}

interface Thread {
  readonly worker: Worker;
  readonly open: Map<number, OpenTask>;
}

const ENDED_HINT = "try fewer workers";

/** `workers` threads, or this one where that is 0. */
export function openTaskPool(workers: number, options: ReaderOptions): TaskPool {
  return workers === 0 ? new LocalTaskPool(options) : new DecodePool(workers, options);
}

/** A fixed number of threads, started at construction. */
export class DecodePool implements TaskPool {
  readonly #threads: readonly Thread[];
  #nextId = 0;
  /** Why nothing runs any more, and the hint: closed, or a thread that ended by itself, which no open task may have told. */
  #end: readonly [summary: string, hint?: string] | null = null;

  constructor(size: number, options: ReaderOptions) {
    const entry = workerEntry("./loader-worker.js", import.meta.url);
    if (!existsSync(entry))
      throw new DataError(`data workers: no file ${entry.pathname}, expected the built package`, "npm run build");
    this.#threads = Array.from({ length: size }, (_, i) => this.#startThread(entry, options, i));
  }

  run<K extends TaskName>(name: K, job: Tasks[K]["job"]): Promise<Tasks[K]["result"]> {
    if (this.#end !== null) return Promise.reject(new DataError(...this.#end));
    const thread = this.#threads.reduce((least, t) => (t.open.size < least.open.size ? t : least));
    const id = this.#nextId++;
    const [first] = job.sources;
    return new Promise((resolve, reject) => {
      if (thread.open.size === 0) thread.worker.ref();
      thread.open.set(id, { resolve, reject, firstPath: first === undefined ? "nothing" : sourceName(first) });
      thread.worker.postMessage({ id, name, job } satisfies TaskMessage<K>);
    });
  }

  /** Stops the threads; open tasks are rejected. */
  async close(): Promise<void> {
    this.#end ??= ["data workers: closed, expected to be running"];
    await Promise.all(
      this.#threads.map(({ worker }) => {
        // an unreferenced thread would let the process end while its termination is awaited
        worker.ref();
        return worker.terminate();
      }),
    );
  }

  #startThread(entry: URL, options: ReaderOptions, index: number): Thread {
    const worker = new Worker(entry, { workerData: options, execArgv: [] });
    const open: Thread["open"] = new Map();
    worker.on("message", (answer: TaskAnswer) => {
      const task = open.get(answer.id);
      open.delete(answer.id);
      if (open.size === 0 && this.#end === null) worker.unref();
      if ("result" in answer) task?.resolve(answer.result);
      else task?.reject(new DataError(answer.message, answer.hint));
    });
    let reason = "it ended";
    worker.on("error", (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on("exit", () => {
      const message = this.#end !== null ? "closed" : `stopped (${reason})`;
      for (const { reject, firstPath } of open.values()) {
        reject(new DataError(`data worker ${index}: ${message} while reading ${firstPath}`, ENDED_HINT));
      }
      open.clear();
      this.#end ??= [`data worker ${index}: ${message}, expected to be running`, ENDED_HINT];
    });
    worker.unref();
    return { worker, open };
  }
}
