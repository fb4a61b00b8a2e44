/**
 * A recorded program on paper: how long its stages last with more threads than this machine has, by list scheduling of
 * measured tasks. Threads walk a stage as the pool's do (src/backends/wasm/runtime/stages.ts): whoever is free first claims
 * the next chunk, and all wait at the end of the stage. No bandwidth term, no cost of claiming or waking, no clock that
 * falls with the number of busy cores: an upper bound that blames what is cut too coarsely.
 */

/** One call of a stage: the times of its tasks one after the other on one thread. */
export interface TimedCall {
  /** The kernel's name, or "host" for what the main thread runs alone. */
  readonly name: string;
  readonly onHost: boolean;
  readonly taskMs: readonly number[];
}

export type TimedStage = readonly TimedCall[];

export type ChunkOf = (tasks: number, threads: number) => number;

export interface Loss {
  readonly name: string;
  /** Thread time in which nothing runs in stages of this name, as a share of all thread time. */
  readonly share: number;
  readonly stages: number;
}

export interface Prediction {
  readonly threads: number;
  readonly stepMs: number;
  /** Time of all tasks on one thread ÷ (threads · stepMs). */
  readonly efficiency: number;
  /** Largest first. */
  readonly losses: readonly Loss[];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const stageWorkMs = (stage: TimedStage): number => sum(stage.map(({ taskMs }) => sum(taskMs)));

/** The dearest call names the stage. */
const stageName = (stage: TimedStage): string =>
  stage.reduce((dearest, call) => (sum(call.taskMs) > sum(dearest.taskMs) ? call : dearest)).name;

/** How long one stage lasts on `threads` threads, in ms. */
export function stageMs(stage: TimedStage, threads: number, chunkOf: ChunkOf): number {
  // thread 0 is the main thread
  const free = new Float64Array(threads);
  const call = new Int32Array(threads);
  const next = stage.map(() => 0);
  for (;;) {
    let thread = -1;
    for (let t = 0; t < threads; t++)
      if (call[t]! < stage.length && (thread < 0 || free[t]! < free[thread]!)) thread = t;
    if (thread < 0) return Math.max(...free);
    const index = call[thread]!;
    const { onHost, taskMs } = stage[index]!;
    if (onHost) {
      if (thread === 0) free[0]! += sum(taskMs);
      call[thread]!++;
      continue;
    }
    const begin = next[index]!;
    if (begin >= taskMs.length) {
      call[thread]!++;
      continue;
    }
    const end = Math.min(taskMs.length, begin + chunkOf(taskMs.length, threads));
    next[index] = end;
    free[thread]! += sum(taskMs.slice(begin, end));
  }
}

/** The whole program on `threads` threads. */
export function predict(stages: readonly TimedStage[], threads: number, chunkOf: ChunkOf): Prediction {
  const found = stages
    .filter((stage) => stage.length > 0)
    .map((stage) => ({ name: stageName(stage), workMs: stageWorkMs(stage), ms: stageMs(stage, threads, chunkOf) }));
  const stepMs = sum(found.map(({ ms }) => ms));
  const threadMs = threads * stepMs;
  const byName = new Map<string, { idleMs: number; stages: number }>();
  for (const { name, workMs, ms } of found) {
    const { idleMs, stages: count } = byName.get(name) ?? { idleMs: 0, stages: 0 };
    byName.set(name, { idleMs: idleMs + threads * ms - workMs, stages: count + 1 });
  }
  return {
    threads,
    stepMs,
    efficiency: sum(found.map(({ workMs }) => workMs)) / threadMs,
    losses: [...byName]
      .map(([name, { idleMs, stages: count }]) => ({ name, share: idleMs / threadMs, stages: count }))
      .sort((a, b) => b.share - a.share),
  };
}
