/**
 * What a worker thread does, and the layout of the control block through which the main thread (threads.ts) talks to it.
 * workerMain travels as source text: it may use its parameter and globals only, nothing imported.
 */

import type { readRecord, viewsOf } from "./program-record.js";
import type { Run, runStages } from "./stages.js";

/** Slots of the control block, in int32. */
export const slots = {
  /** Counts jobs; workers wait for it to change. */
  epoch: 0,
  /** Epoch of the job that may be joined, 0 when closed. */
  open: 1,
  /** Workers inside the open job. */
  active: 2,
  /** Workers in Atomics.wait. */
  sleeping: 3,
  /** Next unclaimed task. */
  next: 4,
  tasks: 5,
  chunk: 6,
  /** Id, address and size of the job's kernel. */
  kernel: 7,
  kernelPointer: 8,
  kernelBytes: 9,
  /** 1 once a worker failed; its message is in the text area. */
  failed: 10,
  /** 1 asks workers to end. */
  stop: 11,
  argCount: 12,
  /** Address of a program's record in memory, where the job's kernel is PROGRAM. */
  program: 13,
  /** Workers that have started. */
  started: 14,
  args: 16,
} as const;
/** In slots.kernel: the job is a whole program (stages.ts), not one kernel. */
export const PROGRAM = -1;
export const MAX_ARGS = 48;
const TEXT_BYTES = 512;
const TEXT_OFFSET = 4 * (slots.args + MAX_ARGS);
export const CONTROL_BYTES = TEXT_OFFSET + TEXT_BYTES;

export interface WorkerData {
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  readonly worker: number;
  readonly spinMs: number;
  readonly slots: typeof slots;
  readonly textOffset: number;
  readonly programKernel: number;
}

type Load = (kernel: number, pointer: number, bytes: number) => Run | null;

/** See program-worker.ts. */
export interface ProgramFunctions {
  readonly runStages: typeof runStages;
  readonly viewsOf: typeof viewsOf;
  readonly readRecord: typeof readRecord;
  /** What takes part in the program whose record lies at an address, on the thread for which `load` finds kernels. */
  programJoiner(data: WorkerData, functions: ProgramFunctions, load: Load): (pointer: number) => void;
}

/** What workerMain calls, which travels with it: nothing where no program ever runs (program-worker.ts). */
export type WorkerFunctions = Partial<ProgramFunctions>;

export const workerData = (
  memory: WebAssembly.Memory,
  control: SharedArrayBuffer,
  worker: number,
  spinMs: number,
): WorkerData => ({
  memory,
  control,
  worker,
  spinMs,
  slots,
  textOffset: TEXT_OFFSET,
  programKernel: PROGRAM,
});

/** The message a failed worker left. */
export function failureText(control: SharedArrayBuffer): string {
  const text = new Uint8Array(control, TEXT_OFFSET, TEXT_BYTES).slice();
  const end = text.indexOf(0);
  return new TextDecoder().decode(text.subarray(0, end < 0 ? text.length : end));
}

/** Waits for jobs, joins those that are open, claims chunks of their tasks, until told to stop. */
export function workerMain(data: WorkerData, functions: WorkerFunctions): void {
  const { memory, control, worker, spinMs, slots, textOffset, programKernel } = data;
  const c = new Int32Array(control);
  const kernels = new Map<number, Run>();
  let seen = 0;

  const load: Load = (id, pointer, bytes) => {
    const known = kernels.get(id);
    if (known) return known;
    // this thread may not have noticed yet that the memory grew; it sits this job out
    if (memory.buffer.byteLength < pointer + bytes) return null;
    const source = new Uint8Array(memory.buffer, pointer, bytes).slice();
    const instance = new WebAssembly.Instance(new WebAssembly.Module(source), { e: { m: memory, w: worker } });
    const run = instance.exports.run as Run;
    kernels.set(id, run);
    return run;
  };

  const joinProgram = functions.programJoiner?.(data, functions as ProgramFunctions, load);

  const work = (): void => {
    if (c[slots.kernel]! === programKernel) {
      joinProgram?.(c[slots.program]! >>> 0);
      return;
    }
    const run = load(c[slots.kernel]!, c[slots.kernelPointer]! >>> 0, c[slots.kernelBytes]!);
    if (!run) return;
    const args = Array.from(c.subarray(slots.args, slots.args + c[slots.argCount]!));
    const tasks = c[slots.tasks]!;
    const chunk = c[slots.chunk]!;
    for (;;) {
      const begin = Atomics.add(c, slots.next, chunk);
      if (begin >= tasks) return;
      run(begin, Math.min(begin + chunk, tasks), ...args);
    }
  };

  Atomics.add(c, slots.started, 1);
  for (;;) {
    const until = performance.now() + spinMs;
    while (Atomics.load(c, slots.epoch) === seen && performance.now() < until)
      for (let i = 0; i < 64 && Atomics.load(c, slots.epoch) === seen; i++);
    if (Atomics.load(c, slots.epoch) === seen) {
      Atomics.add(c, slots.sleeping, 1);
      Atomics.wait(c, slots.epoch, seen);
      Atomics.sub(c, slots.sleeping, 1);
    }
    seen = Atomics.load(c, slots.epoch);
    if (Atomics.load(c, slots.stop) !== 0) return;
    Atomics.add(c, slots.active, 1);
    // the main thread closes a job before it waits for active = 0, so inside this branch the job's record cannot change
    if (Atomics.load(c, slots.open) === seen)
      try {
        work();
      } catch (error) {
        const text = new TextEncoder().encode(String(error)).subarray(0, 500);
        new Uint8Array(control).set(text, textOffset);
        Atomics.store(c, slots.failed, 1);
        Atomics.store(c, slots.next, 0x7fffffff - (1 << 30));
      }
    if (Atomics.sub(c, slots.active, 1) === 1) Atomics.notify(c, slots.active);
  }
}
