/**
 * The program of a data worker thread: takes tasks, does them in order, answers. Batches are filled in shared memory; other
 * results travel. Messages are typed in decode-pool.ts.
 */
import { parentPort, workerData } from "node:worker_threads";
import { DataError } from "../../util/errors.js";
import { sourceName } from "../sets/picture-source.js";
import type { TaskAnswer, TaskMessage } from "./decode-pool.js";
import type { ReaderOptions } from "./sample-reader.js";
import { LocalTaskPool } from "./tasks.js";

const bench = new LocalTaskPool(workerData as ReaderOptions);

async function answer({ id, name, job }: TaskMessage): Promise<TaskAnswer> {
  try {
    return { id, result: await bench.run(name, job) };
  } catch (cause) {
    if (cause instanceof DataError) return { id, message: cause.summary, hint: cause.hint };
    const message = cause instanceof Error ? cause.message : String(cause);
    const [first] = job.sources;
    const others = job.sources.length - 1;
    return { id, message: `data worker: ${message}, while reading ${first && sourceName(first)} and ${others} more` };
  }
}

parentPort?.on("message", async (message: TaskMessage) => parentPort?.postMessage(await answer(message)));
