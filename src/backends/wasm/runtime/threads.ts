/**
 * The pool: one worker per extra core over the shared memory, and the fork and join of one job. Workers join a job if they
 * are awake in time and claim chunks of tasks from a counter; the main thread takes part and never waits for a worker that
 * has not joined, so a worker that starts late or lost its core costs speed only.
 */
import { TensoroneError } from "../../../util/errors.js";
import { pause, spawnWorker, type WorkerHandle } from "../../../util/platform.js";
import type { LoadedKernel } from "./modules.js";
import { chunkOf, type Stages } from "./stages.js";
import {
  CONTROL_BYTES,
  failureText,
  MAX_ARGS,
  PROGRAM,
  slots,
  type WorkerFunctions,
  workerData,
  workerMain,
} from "./worker.js";

/** How long a worker spins for the next job before it sleeps: waking a sleeping core costs about 90 µs. */
const SPIN_MS = 0.2;

/** Between two looks at workers that start. */
const MAX_PAUSE_MS = 16;

/** A kernel trapped, or a worker thread died. */
export class KernelError extends TensoroneError {}

/** Atomics.wait is forbidden in a browser's main thread. */
function canBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}

export class ThreadPool {
  readonly threads: number;
  readonly #functions: WorkerFunctions;
  readonly #control = new SharedArrayBuffer(CONTROL_BYTES);
  readonly #slots = new Int32Array(this.#control);
  readonly #workers: WorkerHandle[];
  readonly #canBlock = canBlock();
  #epoch = 0;
  #dead: Error | null = null;

  /** `threads` counts the caller's own. `memory` must be shared. Programs run where `functions` are programFunctions. */
  constructor(threads: number, memory: WebAssembly.Memory, functions: WorkerFunctions = {}) {
    this.threads = threads;
    this.#functions = functions;
    this.#workers = Array.from({ length: threads - 1 }, (_, i) =>
      spawnWorker(workerMain, functions, workerData(memory, this.#control, i + 1, SPIN_MS), (error) => {
        this.#dead = error;
      }),
    );
  }

  get runsPrograms(): boolean {
    return this.#functions.runStages !== undefined;
  }

  /**
   * How many workers have started, once all have or one has died, at the latest after `limitMs`. In a browser they start only while the
   * thread that made them is idle, as it is while this waits.
   */
  async started(limitMs: number): Promise<number> {
    const until = performance.now() + limitMs;
    for (let wait = 1; ; wait = Math.min(2 * wait, MAX_PAUSE_MS)) {
      const count = Atomics.load(this.#slots, slots.started);
      if (count >= this.threads - 1 || this.#dead !== null || performance.now() > until) return count;
      await pause(wait);
    }
  }

  /** Runs all tasks of one call and returns when they are done. Throws KernelError when the kernel trapped on any thread. */
  fork({ id, run, pointer, bytes, key }: LoadedKernel, tasks: number, args: readonly number[]): void {
    if (args.length > MAX_ARGS) throw new KernelError(`${key}: ${args.length} arguments, expected at most ${MAX_ARGS}`);
    const c = this.#slots;
    const chunk = chunkOf(tasks, this.threads);
    c[slots.tasks] = tasks;
    c[slots.chunk] = chunk;
    c[slots.kernel] = id;
    c[slots.kernelPointer] = pointer;
    c[slots.kernelBytes] = bytes;
    c[slots.argCount] = args.length;
    for (let i = 0; i < args.length; i++) c[slots.args + i] = args[i]!;
    Atomics.store(c, slots.next, 0);
    this.#share(`${key}: the kernel`, () => {
      try {
        for (;;) {
          const begin = Atomics.add(c, slots.next, chunk);
          if (begin >= tasks) break;
          run(begin, Math.min(begin + chunk, tasks), ...args);
        }
      } catch (error) {
        throw new KernelError(`${key}: the kernel failed: ${error instanceof Error ? error.message : error}`);
      }
    });
  }

  /** Runs all stages of a program whose record lies at `pointer`; `host` runs the calls that are no kernels. */
  runProgram(pointer: number, stages: Stages, host: (call: number) => void): void {
    const c = this.#slots;
    c[slots.kernel] = PROGRAM;
    c[slots.program] = pointer;
    const spinMs = this.#canBlock ? SPIN_MS : Number.POSITIVE_INFINITY;
    this.#share("program: a kernel", () => this.#functions.runStages!(stages, c, slots.failed, spinMs, host));
  }

  /** Publishes the job that the slots describe, wakes who sleeps, does this thread's part and waits for the others'. */
  #share(what: string, part: () => void): void {
    if (this.#dead) throw new KernelError(`threads: a worker thread ended: ${this.#dead.message}`);
    const c = this.#slots;
    c[slots.failed] = 0;
    // 0 means closed, so the count skips it when it wraps
    this.#epoch = (this.#epoch + 1) | 0 || 1;
    Atomics.store(c, slots.open, this.#epoch);
    Atomics.store(c, slots.epoch, this.#epoch);
    if (Atomics.load(c, slots.sleeping) > 0) Atomics.notify(c, slots.epoch);
    try {
      part();
    } catch (error) {
      // sets the others free, who may wait for this thread's tasks
      Atomics.store(c, slots.failed, 1);
      throw error;
    } finally {
      this.#join();
    }
    if (Atomics.load(c, slots.failed) !== 0)
      throw new KernelError(`${what} failed in a worker thread: ${failureText(this.#control)}`);
  }

  /** Closes the job and waits until no worker is inside it. */
  #join(): void {
    const c = this.#slots;
    Atomics.store(c, slots.open, 0);
    const until = performance.now() + SPIN_MS;
    for (;;) {
      for (let i = 0; i < 64; i++) if (Atomics.load(c, slots.active) === 0) return;
      if (this.#canBlock && performance.now() > until) {
        const active = Atomics.load(c, slots.active);
        if (active !== 0) Atomics.wait(c, slots.active, active);
      }
    }
  }

  /** Ends the workers. */
  async dispose(): Promise<void> {
    const c = this.#slots;
    Atomics.store(c, slots.stop, 1);
    Atomics.add(c, slots.epoch, 1);
    Atomics.notify(c, slots.epoch);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
