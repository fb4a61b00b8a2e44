/**
 * The values of a trace, numbered in the order in which its steps touch them: two traces of one structure number alike.
 * An argument counts as its own run of elements, not as the storage that it is a view of.
 */
import type { DType } from "../tensor/dtype.js";
import type { Storage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Constants, Step } from "./step.js";

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
  readonly #constants: Constants;
  /** On storages that have a number. */
  readonly #mark = {};
  readonly #runs = new Map<Storage, Run[]>();
  /** Of the operand that resolve() saw last, counted from its value's first element. */
  offset = 0;

  constructor(constants: Constants, args: readonly Tensor[]) {
    this.#constants = constants;
    for (const x of args) this.#addRun(x);
    for (const [storage, runs] of this.#runs) {
      storage.trace = this.#mark;
      storage.traceId = IN_RUNS;
      const merged = mergeOverlapping(runs);
      this.#runs.set(storage, merged);
    }
  }

  /** An operand that reaches across the runs of a storage, through a tensor that is no argument, makes it one value. */
  joinRuns(steps: readonly Step[]): void {
    for (const { inputs, outputs } of steps)
      for (const operands of [inputs, outputs])
        for (const x of operands) {
          const storage = x.home;
          if (storage.trace !== this.#mark || storage.traceId !== IN_RUNS || this.#runOf(x)) continue;
          storage.trace = null;
          storage.traceId = -1;
        }
  }

  #addRun({ home, offset, size }: Tensor): void {
    const runs = this.#runs.get(home) ?? [];
    runs.push({ from: offset, to: offset + size, id: -1 });
    this.#runs.set(home, runs);
  }

  #runOf(x: Tensor): Run | undefined {
    const end = x.offset + x.size;
    return this.#runs.get(x.home)!.find(({ from, to }) => from <= x.offset && end <= to);
  }

  /** Whether a storage has a number, or is an argument's. */
  has(storage: Storage): boolean {
    return storage.trace === this.#mark;
  }

  /** The number of the value that an operand is part of, and in `offset` where; −1 across the runs of arguments. */
  resolve(x: Tensor): number {
    const storage = x.home;
    if (storage.trace === this.#mark) {
      if (storage.traceId >= 0) {
        this.offset = x.offset;
        return storage.traceId;
      }
      const run = this.#runOf(x);
      if (!run) return -1;
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
    return this.#constants.has(storage) ? "constant" : "temporary";
  }

  #add(storage: Storage, kind: ValueKind, length: number, base: number): number {
    this.values.push({ kind, dtype: storage.dtype, length });
    this.bound.push({ storage, base });
    return this.values.length - 1;
  }

  /** The temporaries among storages, by number. */
  temporariesOf(storages: readonly Storage[]): number[] {
    const ids: number[] = [];
    for (const storage of storages)
      if (this.has(storage) && this.values[storage.traceId]?.kind === "temporary") ids.push(storage.traceId);
    return ids;
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
