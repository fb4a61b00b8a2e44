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

/** Elements of a storage that arguments cover. */
interface Run {
  readonly from: number;
  to: number;
  id: number;
}

/** Mark of a storage whose runs are numbered apart. */
const IN_RUNS = -2;

export class Numbering {
  /** How many values there are. */
  count = 0;
  // columns by number: an object for each of thousands of values would cost the collector more than the comparison
  readonly #kinds: ValueKind[] = [];
  readonly #dtypes: DType[] = [];
  readonly #lengths: number[] = [];
  /** Null for temporaries, but for those that outlive the call: what a trace drops is to be collected. */
  readonly #storages: (Storage | null)[] = [];
  /** First elements. */
  readonly #bases: number[] = [];
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
    this.#kinds.push(kind);
    this.#dtypes.push(storage.dtype);
    this.#lengths.push(length);
    this.#storages.push(kind === "temporary" ? null : storage);
    this.#bases.push(base);
    return this.count++;
  }

  #value(id: number): NumberedValue {
    return { kind: this.#kinds[id]!, dtype: this.#dtypes[id]!, length: this.#lengths[id]! };
  }

  values(): NumberedValue[] {
    return this.#kinds.map((_, id) => this.#value(id));
  }

  isValue(id: number, { kind, dtype, length }: NumberedValue): boolean {
    return this.#kinds[id] === kind && this.#dtypes[id] === dtype && this.#lengths[id] === length;
  }

  /** Where the elements of a value are in this call; null for a temporary that does not outlive it. */
  storageOf(id: number): Storage | null {
    return this.#storages[id]!;
  }

  /** The value's first element within its storage. */
  baseOf(id: number): number {
    return this.#bases[id]!;
  }

  /** The temporaries among storages, by number; they are known by storageOf() from now on. */
  temporariesOf(storages: readonly Storage[]): number[] {
    const ids: number[] = [];
    for (const storage of storages) {
      const id = storage.traceId;
      if (!this.has(storage) || this.#kinds[id] !== "temporary") continue;
      this.#storages[id] = storage;
      ids.push(id);
    }
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
