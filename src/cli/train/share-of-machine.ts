/**
 * How many threads a process may use where others of the same run live on its machine.
 */
import { threadsPerRank } from "../../distributed/launch.js";

export interface ThreadChoice {
  readonly threads: number | undefined;
  readonly workers: number | undefined;
}

/** Pictures are decoded by a quarter of the cores; a core of two does both. */
const CORES_PER_WORKER = 4;

/** What was asked for, or a fair share of the cores. Alone, the backend chooses for itself. */
export function shareOfMachine({ threads, workers }: ThreadChoice, localSize: number) {
  const cores = threadsPerRank(localSize);
  return {
    threads: threads ?? (localSize > 1 ? cores : undefined),
    workers: workers ?? Math.max(1, Math.floor(cores / CORES_PER_WORKER)),
  };
}
