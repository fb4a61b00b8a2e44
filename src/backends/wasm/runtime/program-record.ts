/**
 * A recorded program as words of shared memory, where every thread reads it: written once, by the main thread. viewsOf alone
 * knows the order of its fields. It and readRecord travel to workers as source text: they may use their parameters and
 * globals only.
 */
import type { Run, Stages } from "./stages.js";

/** One call of a stage; kernel null: the main thread runs it. */
export interface RecordedCall {
  readonly kernel: { readonly id: number; readonly pointer: number; readonly bytes: number } | null;
  readonly tasks: number;
  /** Tasks claimed at a time. */
  readonly chunk: number;
  readonly args: readonly number[];
}

/** id, words of the record, calls, stages. */
const HEADER_WORDS = 4;
/** In place of a kernel's id. */
const ON_HOST = -1;

export interface RecordViews {
  readonly id: number;
  // a word per call
  readonly kernels: Int32Array;
  readonly codePointers: Int32Array;
  readonly codeBytes: Int32Array;
  readonly tasks: Int32Array;
  readonly chunks: Int32Array;
  /** Calls + 1: the arguments of call c lie from argStart[c] to argStart[c + 1]. */
  readonly argStart: Int32Array;
  /** Stages + 1: the calls of stage s lie from stageStart[s] to stageStart[s + 1]. */
  readonly stageStart: Int32Array;
  /** Tasks of all calls of a stage. */
  readonly stageTasks: Int32Array;
  /** Tasks claimed, per call. */
  readonly next: Int32Array;
  /** Tasks finished, per stage. */
  readonly done: Int32Array;
  readonly args: Int32Array;
}

/** Words before the arguments: seven fields of a word per call, three of a word per stage, two ends. */
const fixedWords = (calls: number, stages: number): number => HEADER_WORDS + 7 * calls + 3 * stages + 2;

/** The fields of a record whose header is written. */
export function viewsOf(record: Int32Array): RecordViews {
  const [id, , calls, stages] = record as unknown as [number, number, number, number];
  let end = 4;
  const take = (words: number): Int32Array => {
    end += words;
    return record.subarray(end - words, end);
  };
  return {
    id,
    kernels: take(calls),
    codePointers: take(calls),
    codeBytes: take(calls),
    tasks: take(calls),
    chunks: take(calls),
    argStart: take(calls + 1),
    stageStart: take(stages + 1),
    stageTasks: take(stages),
    next: take(calls),
    done: take(stages),
    args: record.subarray(end),
  };
}

/** A program as the thread runs it for which `load` finds kernels; null where it does not find one. */
export function readRecord(
  views: RecordViews,
  load: (kernel: number, pointer: number, bytes: number) => Run | null,
): Stages | null {
  const { kernels, codePointers, codeBytes, argStart, args } = views;
  const calls: (Run | null)[] = [];
  const argsOf: Int32Array[] = [];
  for (let call = 0; call < kernels.length; call++) {
    const kernel = kernels[call]!;
    // addresses are unsigned
    const run = kernel < 0 ? null : load(kernel, codePointers[call]! >>> 0, codeBytes[call]!);
    if (kernel >= 0 && !run) return null;
    calls.push(run);
    argsOf.push(args.subarray(argStart[call]!, argStart[call + 1]!));
  }
  const { tasks, chunks, stageStart, stageTasks, next, done } = views;
  return { calls, argsOf, tasks, chunks, stageStart, stageTasks, next, done };
}

/** The record of a program, its counters at 0. */
export function makeRecord(id: number, stages: readonly (readonly RecordedCall[])[]): Int32Array {
  const calls = stages.flat();
  const argCount = calls.reduce((sum, { args }) => sum + args.length, 0);
  const words = fixedWords(calls.length, stages.length) + argCount;
  const record = new Int32Array(words);
  record.set([id, words, calls.length, stages.length]);
  const views = viewsOf(record);
  let arg = 0;
  calls.forEach(({ kernel, tasks, chunk, args }, call) => {
    views.kernels[call] = kernel?.id ?? ON_HOST;
    views.codePointers[call] = kernel?.pointer ?? 0;
    views.codeBytes[call] = kernel?.bytes ?? 0;
    views.tasks[call] = tasks;
    views.chunks[call] = chunk;
    views.argStart[call] = arg;
    views.args.set(args, arg);
    arg += args.length;
  });
  views.argStart[calls.length] = arg;
  let start = 0;
  stages.forEach((own, stage) => {
    views.stageStart[stage] = start;
    views.stageTasks[stage] = own.reduce((sum, { tasks }) => sum + tasks, 0);
    start += own.length;
  });
  views.stageStart[stages.length] = start;
  return record;
}
