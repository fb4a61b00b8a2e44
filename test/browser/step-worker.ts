/**
 * A worker of a page that trains as an application would: it makes a backend, then runs steps between which it runs microtasks only.
 * It is told a StepWork first, then how many steps, each time.
 */
import { prepareWork, type StepWork } from "../../bench/work/work.js";
import { setBackend } from "../../src/index.js";

export interface Turn {
  /** Of the backend. */
  readonly threads: number;
  /** Of each step. */
  readonly ms: readonly number[];
}

/** What this file needs of a worker's globals. */
interface WorkerScope {
  onmessage: ((event: { readonly data: StepWork | number }) => void) | null;
  postMessage(message: Turn | { readonly error: string }): void;
}

const scope = globalThis as unknown as WorkerScope;
let step: (() => void) | null = null;
let threads = 0;

async function answer(asked: StepWork | number): Promise<Turn> {
  if (typeof asked !== "number") {
    threads = (await setBackend("wasm", { threads: asked.threads })).threads;
    step = prepareWork(asked);
    return { threads, ms: [] };
  }
  const ms: number[] = [];
  for (let i = 0; i < asked; i++) {
    const start = performance.now();
    step?.();
    ms.push(performance.now() - start);
    await null;
  }
  return { threads, ms };
}

scope.onmessage = ({ data }) => {
  answer(data).then(
    (turn) => scope.postMessage(turn),
    (error: unknown) => scope.postMessage({ error: String(error) }),
  );
};
