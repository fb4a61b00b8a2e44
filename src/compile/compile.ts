/**
 * compile(fn): each call traces fn, arithmetic left out, and compares the trace with those of earlier calls. A trace seen
 * for the first time runs op by op. Seen again it becomes a program, which is replayed: planned memory, fused kernels, no
 * JavaScript between two ops.
 */
import { expectPrecision } from "../ops/precision.js";
import { type Precision, type ProfileRow, precisions } from "../ops/program.js";
import { scope, tensorsIn } from "../tensor/scope.js";
import { reclaimIfDue, type Storage, storageTracer, withoutReclaim } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { UsageError } from "../util/errors.js";
import { interpret } from "./interpret.js";
import type { Numbering } from "./numbering.js";
import { Recording } from "./recording.js";
import { describe, match, runnerOf, type Structure } from "./structure.js";
import { CompileError, Trace } from "./trace.js";

/** What calls have come to so far. */
export interface CompileStats {
  /** Calls that ran step by step: the first of each structure. */
  readonly interpreted: number;
  /** Programs made. */
  readonly recorded: number;
  /** Calls that ran as a program. */
  readonly replayed: number;
}

/** A compiled function: called like the function itself. */
export interface Compiled<Args extends readonly unknown[], R> {
  (...args: Args): R;
  /**
   * Calls the function with these arguments until its program is loaded, then runs that `runs` times more, timing each
   * instruction. Everything the function does to tensors is done each time. Null where the backend loads no programs.
   */
  profile(args: Args, runs?: number): readonly ProfileRow[] | null;
  /** Bytes of planned memory over all programs. */
  readonly temporaryBytes: number;
  readonly stats: CompileStats;
  /** Frees every program. */
  dispose(): void;
}

/** How many programs compile() keeps, and how they store numbers. */
export interface CompileOptions {
  /** Programs that are kept; the least recently used one is freed before another structure runs. Default 8. */
  readonly recordings?: number;
  /**
   * "float16", on a device with shader-f16: what torch.autocast has in its lower precision is stored so, from the first call on, while sums,
   * statistics, losses, weights and what leaves the function stay float32 (docs/on-a-gpu.md). Of a function inside another compiled one
   * the outer one's counts. Default "float32".
   */
  readonly precision?: Precision;
}

/** Structures that were seen once: the oldest are forgotten. */
const MAX_SEEN = 32;

interface Entry {
  readonly structure: Structure;
  /** Of the call before, for externals; the program's own use no counts of references. */
  readonly storages: (Storage | null)[];
  /** Externals that were other storages at another call. */
  readonly copied: Set<number>;
  recording: Recording | null;
  /** What the call after one of these had. */
  follower: Entry | null;
}

const totals = { interpreted: 0, recorded: 0, replayed: 0 };

/** The calls of all compiled functions so far. */
export const compileTotals = (): CompileStats => ({ ...totals });

class Compiler<Args extends readonly unknown[], R> {
  readonly stats = { interpreted: 0, recorded: 0, replayed: 0 };
  readonly #fn: (...args: Args) => R;
  readonly #limit: number;
  readonly #precision: Precision;
  /** The one used last comes first. */
  #entries: Entry[] = [];
  /** The one that the next call most likely has: what came after the last one before. */
  #expected: Entry | null = null;

  constructor(fn: (...args: Args) => R, limit: number, precision: Precision) {
    this.#fn = fn;
    this.#limit = limit;
    this.#precision = precision;
  }

  call(args: Args): R {
    // inside another compiled function this one is part of it
    if (storageTracer()) return scope(() => this.#fn(...args));
    reclaimIfDue();
    return withoutReclaim(() => this.#call(args));
  }

  #call(args: Args): R {
    const trace = this.#trace(args);
    const outcome = trace.run(() => this.#fn(...args));
    try {
      if ("error" in outcome) interpret(trace);
      else this.#execute(trace);
    } catch (error) {
      if ("result" in outcome) trace.dropResult(outcome.result);
      throw error;
    } finally {
      trace.finish();
    }
    if ("error" in outcome) throw outcome.error;
    return outcome.result;
  }

  #trace(args: Args): Trace {
    const tensors = tensorsIn(args).filter((x): x is Tensor => x instanceof Tensor && !x.isFreed);
    return new Trace(tensors, this.#expected?.structure ?? null);
  }

  /** The entry that a call has, and its numbering. */
  #find(trace: Trace): { readonly entry: Entry; readonly numbering: Numbering } | null {
    const expected = trace.expectedNumbering;
    if (expected) return { entry: this.#expected!, numbering: expected };
    for (const entry of this.#entries) {
      const numbering = match(entry.structure, trace);
      if (numbering) return { entry, numbering };
    }
    return null;
  }

  #execute(trace: Trace): void {
    const known = this.#find(trace);
    if (known) {
      this.#moveToFront(known.entry);
      this.#recordingOf(known.entry, known.numbering, trace).run(known.numbering, trace);
      this.#count("replayed");
      return;
    }
    const runner = runnerOf(trace.steps);
    if (runner) expectPrecision(this.#precision, "compile", runner);
    if (!runner?.load) {
      if (trace.steps.length > 0) this.#count("interpreted");
      interpret(trace);
      return;
    }
    this.#makeRoom();
    const { structure, numbering } = describe(trace);
    const storages = structure.values.map((_, id) => numbering.storageOf(id));
    const entry = { structure, storages, copied: new Set<number>(), recording: null, follower: null };
    this.#moveToFront(entry);
    // op by op there are no float16 numbers: a run that is resumed would have others at its first step
    if (this.#precision !== "float32") {
      this.#recordingOf(entry, numbering, trace).run(numbering, trace);
      this.#count("replayed");
      return;
    }
    this.#count("interpreted");
    interpret(trace);
  }

  #count(what: keyof CompileStats): void {
    this.stats[what]++;
    totals[what]++;
  }

  #moveToFront(entry: Entry): void {
    const before = this.#entries[0];
    if (before) before.follower = entry;
    this.#expected = entry.follower ?? entry;
    if (before !== entry) this.#entries = [entry, ...this.#entries.filter((other) => other !== entry)];
  }

  #recordingOf(entry: Entry, numbering: Numbering, trace: Trace): Recording {
    const { structure, storages, copied } = entry;
    // at every replay, over thousands of values: no arrays
    for (let id = 0; id < storages.length; id++) {
      const storage = numbering.storageOf(id);
      if (storages[id] === storage || structure.values[id]!.kind !== "external") continue;
      storages[id] = storage;
      if (copied.has(id)) continue;
      copied.add(id);
      entry.recording?.dispose();
    }
    if (!entry.recording || entry.recording.isStale) {
      entry.recording = new Recording(structure, numbering, trace, copied, this.#precision);
      this.#count("recorded");
    }
    return entry.recording;
  }

  /** Before a structure runs that is new: it may need the memory that another's program holds. */
  #makeRoom(): void {
    const recorded = this.#entries.filter(({ recording }) => recording);
    for (const entry of recorded.slice(this.#limit - 1)) this.#forget(entry);
    const seen = this.#entries.filter(({ recording }) => !recording);
    for (const entry of seen.slice(MAX_SEEN - 1)) this.#forget(entry);
  }

  #forget(entry: Entry): void {
    entry.recording?.dispose();
    this.#entries = this.#entries.filter((other) => other !== entry);
    for (const other of this.#entries) if (other.follower === entry) other.follower = null;
    if (this.#expected === entry) this.#expected = this.#entries[0] ?? null;
  }

  profile(args: Args, runs: number): readonly ProfileRow[] | null {
    // a structure's first call is run step by step, its second as a program; steps after the first may differ from it
    for (let i = 0, before = this.stats.replayed; i < 4 && this.stats.replayed === before; i++) this.call(args);
    return withoutReclaim(() => this.#profile(args, runs));
  }

  #profile(args: Args, runs: number): readonly ProfileRow[] | null {
    const trace = this.#trace(args);
    const outcome = trace.run(() => this.#fn(...args));
    try {
      if ("error" in outcome) throw outcome.error;
      const known = this.#find(trace);
      if (!known) {
        this.#execute(trace);
        return null;
      }
      const recording = this.#recordingOf(known.entry, known.numbering, trace);
      recording.run(known.numbering, trace);
      return recording.profile(known.numbering, runs);
    } finally {
      trace.finish();
    }
  }

  get temporaryBytes(): number {
    return this.#entries.reduce(
      (sum, { recording }) => sum + (recording?.isStale === false ? recording.executable.temporaryBytes : 0),
      0,
    );
  }

  dispose(): void {
    for (const entry of [...this.#entries]) this.#forget(entry);
  }
}

/**
 * A function that does what `fn` does, faster from its third call of one kind on. Its JavaScript runs at every call, without
 * arithmetic; what it asks of tensors is compared with earlier calls and replayed as one program. So everything that `fn`
 * depends on counts as in a plain call: modes, flags, captured tensors and numbers, random numbers, errors. Arguments and
 * results are any values; tensors may be in arrays and plain objects.
 *
 * Tensors made inside are freed when the call returns, but for what is returned, kept (`keep()`), or held by a graph that
 * leads to these. Throws CompileError, with nothing changed, for an asynchronous function and for reading values that the
 * function itself computes (`item()`, `data()`, `view()`): they are not there before it returns.
 *
 * @example
 * ```ts
 * const model = models.createModel("mobileone_s0", { numClasses: 10 });
 * const optimizer = new optim.SGD(model.namedParameters(), { lr: 0.1 });
 * const step = compile((images, labels) => {
 *   const loss = nn.crossEntropy(model.forward(images), labels);
 *   loss.backward(); optimizer.step(); optimizer.zeroGrad();
 *   return loss;
 * });
 * const loss = step(rand([2, 32, 32, 3]), tensor(Int32Array.of(3, 7))).item();
 * ```
 */
export function compile<Args extends readonly Tensor[], R>(
  fn: (...args: Args) => R,
  options?: CompileOptions,
): Compiled<Args, R>;
export function compile<Args extends readonly unknown[], R>(
  fn: (...args: Args) => R,
  options?: CompileOptions,
): Compiled<Args, R>;
export function compile<Args extends readonly unknown[], R>(
  fn: (...args: Args) => R,
  { recordings = 8, precision = "float32" }: CompileOptions = {},
): Compiled<Args, R> {
  if (!(Number.isInteger(recordings) && recordings >= 1))
    throw new UsageError(`compile: recordings is ${recordings}, expected a whole number of at least 1`);
  if (!precisions.includes(precision))
    throw new UsageError(`compile: precision is "${precision}", expected ${precisions.join(" or ")}`);
  if (/^Async|Generator/.test(Object.prototype.toString.call(fn).slice("[object ".length)))
    throw new CompileError(
      "compile: the function is asynchronous or a generator, expected a synchronous function",
      "await what it needs before the call and pass it as an argument; read results after the call",
    );
  const compiler = new Compiler(fn, recordings, precision);
  return Object.defineProperties((...args: Args): R => compiler.call(args), {
    profile: { value: (args: Args, runs = 5) => compiler.profile(args, runs) },
    temporaryBytes: { get: () => compiler.temporaryBytes },
    stats: { get: () => ({ ...compiler.stats }) },
    dispose: { value: () => compiler.dispose() },
  }) as Compiled<Args, R>;
}
