/**
 * The one file that knows Node from a browser. Node's modules are reached at run time through process.getBuiltinModule, so
 * that a bundle for the browser contains no node: import.
 */
import type * as NodeCrypto from "node:crypto";
import type * as NodeInspector from "node:inspector";
import type * as NodeOs from "node:os";
import type * as NodeV8 from "node:v8";
import type * as NodeWorkers from "node:worker_threads";

interface Builtins {
  "node:crypto": typeof NodeCrypto;
  "node:inspector": typeof NodeInspector;
  "node:os": typeof NodeOs;
  "node:v8": typeof NodeV8;
  "node:worker_threads": typeof NodeWorkers;
}

/** True in Node (and what imitates it fully), false in browsers. */
export const isNode: boolean = typeof process !== "undefined" && typeof process.getBuiltinModule === "function";

/** One of Node's own modules; undefined outside Node. */
export function builtin<K extends keyof Builtins>(name: K): Builtins[K] | undefined {
  return isNode ? (process.getBuiltinModule(name) as unknown as Builtins[K]) : undefined;
}

/** A variable of the environment; undefined in browsers. */
export const environmentVariable = (name: string): string | undefined => (isNode ? process.env[name] : undefined);

/** Sets a variable of the environment, for threads and processes that are started later; in browsers nothing. */
export function setEnvironmentVariable(name: string, value: string): void {
  if (!isNode) return;
  if (value === "") delete process.env[name];
  else process.env[name] = value;
}

/** V8's version as major + minor / 100, so that versions compare as numbers: 11.03 for 11.3. Undefined in browsers. */
export function v8Version(): number | undefined {
  const match = isNode ? /^(\d+)\.(\d+)/.exec(process.versions.v8 ?? "") : null;
  return match ? Number(match[1]) + Number(match[2]) / 100 : undefined;
}

/** How many threads can run at once. */
export function coreCount(): number {
  const os = builtin("node:os");
  return Math.max(1, os ? os.availableParallelism() : (globalThis.navigator?.hardwareConcurrency ?? 1));
}

/** A thread that was started from source text. */
export interface WorkerHandle {
  terminate(): Promise<void>;
}

/**
 * Starts a thread that calls `main(data, functions)`. All functions must be self-contained: their source text is what
 * travels. The thread does not keep the process alive. `onError` hears what the thread did not catch.
 */
export function spawnWorker<T, F extends { readonly [K in keyof F]: (...args: never[]) => unknown }>(
  main: (data: T, functions: F) => void,
  functions: F,
  data: T,
  onError: (error: Error) => void,
): WorkerHandle {
  const texts = Object.entries(functions).map(([name, text]) => `${JSON.stringify(name)}: ${text}`);
  const shared = `{ ${texts.join(", ")} }`;
  const threads = builtin("node:worker_threads");
  if (threads) {
    const source = `(${main})(require("node:worker_threads").workerData, ${shared})`;
    // execArgv of the parent may hold flags that a worker refuses
    const worker = new threads.Worker(source, { eval: true, execArgv: [], workerData: data });
    worker.on("error", onError);
    worker.unref();
    const terminate = async (): Promise<void> => {
      // an unreferenced worker would let the process end while its termination is awaited
      worker.ref();
      await worker.terminate();
    };
    return { terminate };
  }
  const url = URL.createObjectURL(
    new Blob([`onmessage = ({ data }) => (${main})(data, ${shared})`], { type: "text/javascript" }),
  );
  const worker = new Worker(url);
  worker.onerror = (event) => onError(new Error(event.message));
  worker.postMessage(data);
  return { terminate: async () => worker.terminate() };
}

/** Resolves after about so many ms, in which the event loop turns. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** Resolves after the event loop has turned: timers, messages, signals and finalizers have run. */
export function turnOfEventLoop(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => void setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
