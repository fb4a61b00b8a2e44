/**
 * The values of a trace, numbered in the order in which its steps touch them: two traces of one structure number alike.
 * An argument counts as its own run of elements, not as the storage that it is a view of.
 */
import type { DType } from "../tensor/dtype.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Trace } from "./trace.js";

/**
 * "input": an argument. "external": any other storage from outside. "constant": values that the function gave from the host.
 * "temporary": made by a step.
 */
export type ValueKind = "input" | "external" | "constant" | "temporary";

export interface NumberedValue {
  readonly kind: ValueKind;
  readonly dtype: DType;
  /** Elements. */
  readonly length: number;
}

/** Where the elements of a value are in this call. */
export interface Bound {
  readonly storage: Storage;
  /** The value's first element. */
  readonly base: number;
}

/** Elements of a storage that arguments cover. */
interface Run {
  readonly from: number;
  to: number;
  id: number;
}

/** Mark of a storage whose runs are numbered apart. */
const IN_RUNS = -2;

export class Numbering {
  readonly values: NumberedValue[] = [];
  readonly bound: Bound[] = [];
  readonly #trace: Trace;
  /** On storages that have a number. */
  readonly #mark = {};
  readonly #runs = new Map<Storage, Run[]>();
  /** Of the operand that resolve() saw last, counted from its value's first element. */
  offset = 0;

  constructor(trace: Trace, args: readonly Tensor[]) {
    this.#trace = trace;
    for (const x of args) this.#addRun(x);
    let isPartial = false;
    for (const [storage, runs] of this.#runs) {
      storage.trace = this.#mark;
      storage.traceId = IN_RUNS;
      const merged = mergeOverlapping(runs);
      this.#runs.set(storage, merged);
      isPartial ||= merged.length > 1 || merged[0]!.to - merged[0]!.from < storage.length;
    }
    if (isPartial) this.#joinRuns();
  }

  /** An operand that reaches across the runs of a storage, through a tensor that is no argument, makes it one value. */
  #joinRuns(): void {
    for (const { inputs, outputs } of this.#trace.steps)
      for (const operands of [inputs, outputs])
        for (const x of operands) {
          const storage = x.home;
          if (storage.trace !== this.#mark || storage.traceId !== IN_RUNS || this.#runOf(x)) continue;
          storage.trace = null;
          storage.traceId = -1;
        }
  }

  #addRun({ storage, offset, size }: Tensor): void {
    const runs = this.#runs.get(storage) ?? [];
    runs.push({ from: offset, to: offset + size, id: -1 });
    this.#runs.set(storage, runs);
  }

  #runOf(x: Tensor): Run | undefined {
    const end = x.offset + x.size;
    return this.#runs.get(x.home)!.find(({ from, to }) => from <= x.offset && end <= to);
  }

  /** The number of the value that an operand is part of; sets `offset`. */
  resolve(x: Tensor): number {
    const storage = x.home;
    if (storage.trace === this.#mark) {
      if (storage.traceId >= 0) {
        this.offset = x.offset;
        return storage.traceId;
      }
      const run = this.#runOf(x)!;
      if (run.id < 0) run.id = this.#add(storage, "input", run.to - run.from, run.from);
      this.offset = x.offset - run.from;
      return run.id;
    }
    storage.trace = this.#mark;
    storage.traceId = this.#add(storage, this.#kindOf(storage), storage.length, 0);
    this.offset = x.offset;
    return storage.traceId;
  }

  #kindOf(storage: Storage): ValueKind {
    if (storage.hasMemory) return "external";
    return this.#trace.constants.has(storage) ? "constant" : "temporary";
  }

  #add(storage: Storage, kind: ValueKind, length: number, base: number): number {
    this.values.push({ kind, dtype: storage.dtype, length });
    this.bound.push({ storage, base });
    return this.values.length - 1;
  }

  /** The temporaries that outlive the call, by number. */
  survivors(): number[] {
    return this.#trace
      .survivors()
      .filter(({ trace }) => trace === this.#mark)
      .map(({ traceId }) => traceId)
      .filter((id) => this.values[id]!.kind === "temporary");
  }
}

function mergeOverlapping(runs: readonly Run[]): Run[] {
  const merged: Run[] = [];
  for (const run of [...runs].sort((a, b) => a.from - b.from || a.to - b.to)) {
    const last = merged.at(-1);
    if (last && run.from < last.to) last.to = Math.max(last.to, run.to);
    else merged.push(run);
  }
  return merged;
}
