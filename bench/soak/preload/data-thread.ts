/** Ends a data thread SOAK_AFTER_MS after it started, as a fault of its own would: every process has two, and loses one. */
import { syncBuiltinESMExports } from "node:module";
import threads, { isMainThread, type WorkerOptions } from "node:worker_threads";

const afterMs = Number(process.env.SOAK_AFTER_MS ?? 0);
let isHit = false;

if (isMainThread) {
  const Real = threads.Worker;
  threads.Worker = class extends Real {
    constructor(file: string | URL, options?: WorkerOptions) {
      super(file, options);
      if (isHit || !String(file).includes("loader-worker")) return;
      isHit = true;
      setTimeout(() => void this.terminate(), afterMs).unref();
    }
  };
  syncBuiltinESMExports();
}
