/**
 * How a recorded program runs: stages of calls, one stage after the other, the calls of a stage side by side. Every thread
 * walks the same list, claims chunks of tasks from a counter per call, and waits at the end of a stage until all its tasks
 * are done, so that no thread has to be told anything between two kernels. runStages travels to workers as source text: it
 * may use its parameters and globals only.
 */

/** The entry of a kernel on one thread: tasks [begin, end) with its arguments. */
export type Run = (begin: number, end: number, ...args: readonly number[]) => void;

/** A program as one thread sees it; typed arrays are views of the shared record (program-record.ts). */
export interface Stages {
  /** Null for what the main thread runs. */
  readonly calls: readonly (Run | null)[];
  readonly argsOf: readonly Int32Array[];
  /** Per call. */
  readonly tasks: Int32Array;
  /** Tasks claimed at a time, per call. */
  readonly chunks: Int32Array;
  /** The first call of each stage, and the end of the last one. */
  readonly stageStart: Int32Array;
  readonly stageTasks: Int32Array;
  /** Tasks claimed, per call. */
  readonly next: Int32Array;
  /** Tasks finished, per stage. */
  readonly done: Int32Array;
}

/** Chunks per thread: small enough to even out a slow core, large enough to keep claiming cheap. */
const CHUNKS_PER_THREAD = 8;

/** Tasks that a thread claims at a time. */
export const chunkOf = (tasks: number, threads: number): number =>
  Math.max(1, Math.floor(tasks / (threads * CHUNKS_PER_THREAD)));

/** Takes part in a program until its last stage is done, or until a thread has failed. `host` is the main thread's alone. */
export function runStages(
  { calls, argsOf, tasks: tasksOf, chunks, stageStart, stageTasks, next, done }: Stages,
  control: Int32Array,
  failedSlot: number,
  spinMs: number,
  host: ((call: number) => void) | null,
): void {
  for (let stage = 0; stage < stageTasks.length; stage++) {
    const wanted = stageTasks[stage]!;
    let finished = 0;
    for (let call = stageStart[stage]!; call < stageStart[stage + 1]!; call++) {
      const run = calls[call];
      const tasks = tasksOf[call]!;
      const chunk = chunks[call]!;
      if (!run) {
        if (host) {
          host(call);
          finished += tasks;
        }
        continue;
      }
      const args = argsOf[call]!;
      while (Atomics.load(next, call) < tasks) {
        const begin = Atomics.add(next, call, chunk);
        if (begin >= tasks) break;
        const end = Math.min(begin + chunk, tasks);
        run(begin, end, ...args);
        finished += end - begin;
      }
    }
    if (finished > 0 && Atomics.add(done, stage, finished) + finished === wanted) {
      Atomics.notify(done, stage);
      continue;
    }
    let until = 0;
    for (let spins = 1; ; spins++) {
      const now = Atomics.load(done, stage);
      if (now === wanted) break;
      if (Atomics.load(control, failedSlot) !== 0) return;
      if (spins % 256 !== 0) continue;
      if (until === 0) until = performance.now() + spinMs;
      // a bounded sleep: a failure elsewhere is noticed all the same
      else if (performance.now() > until) Atomics.wait(done, stage, now, 20);
    }
  }
}
