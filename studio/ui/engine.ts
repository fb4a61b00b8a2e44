/** Starts the studio's worker. A module of its own, so that tests of the screens can put another worker in its place. */
import type { WorkerLike } from "../client.js";

export const startWorker = (): WorkerLike =>
  new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module", name: "tensorone" });
