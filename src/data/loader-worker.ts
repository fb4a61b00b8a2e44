/**
 * The program of a data worker thread: takes jobs, fills their slice of a shared batch buffer, answers. It keeps nothing
 * between jobs but the reader's file cache. Messages are typed in decode-pool.ts.
 */
import { parentPort, workerData } from "node:worker_threads";
import { DataError } from "../util/errors.js";
import type { JobAnswer, JobMessage } from "./decode-pool.js";
import { type ReaderOptions, SampleReader } from "./sample-reader.js";

const reader = new SampleReader(workerData as ReaderOptions);

function answer({ id, ...job }: JobMessage): JobAnswer {
  try {
    return { id, decodeMs: reader.read(job) };
  } catch (cause) {
    if (cause instanceof DataError) return { id, message: cause.summary, hint: cause.hint };
    const message = cause instanceof Error ? cause.message : String(cause);
    return { id, message: `data worker: ${message}, while reading ${job.paths[0]} and ${job.paths.length - 1} more` };
  }
}

parentPort?.on("message", (message: JobMessage) => parentPort?.postMessage(answer(message)));
