/**
 * What a worker thread has to know beside workerMain to take part in recorded programs. All of it travels as source text: functions
 * may use their parameters, and globals, only.
 */
import { readRecord, viewsOf } from "./program-record.js";
import { type Run, runStages, type Stages } from "./stages.js";
import type { ProgramFunctions, WorkerData } from "./worker.js";

/** What takes part in the program whose record lies at an address, on the thread for which `load` finds kernels. */
function programJoiner(
  { memory, control, spinMs, slots }: WorkerData,
  functions: ProgramFunctions,
  load: (kernel: number, pointer: number, bytes: number) => Run | null,
): (pointer: number) => void {
  const c = new Int32Array(control);
  const programs = new Map<number, Stages>();

  /** Null while this thread cannot see all of the program. */
  const programAt = (pointer: number): Stages | null => {
    // id and words: the beginning of a record's header
    if (memory.buffer.byteLength < pointer + 8) return null;
    const [id, words] = new Int32Array(memory.buffer, pointer, 2) as unknown as [number, number];
    if (memory.buffer.byteLength < pointer + 4 * words) return null;
    const known = programs.get(id);
    if (known) return known;
    const views = functions.viewsOf(new Int32Array(memory.buffer, pointer, words));
    const stages = functions.readRecord(views, load);
    if (stages) programs.set(id, stages);
    return stages;
  };

  return (pointer) => {
    const stages = programAt(pointer);
    if (stages) functions.runStages(stages, c, slots.failed, spinMs, null);
  };
}

export const programFunctions: ProgramFunctions = { runStages, viewsOf, readRecord, programJoiner };
