/**
 * compile(fn): the first call with arguments of new shapes runs as usual, the second is recorded, later ones replay the
 * recording: planned memory, kernels chosen, no JavaScript between them. (The first is left alone because first steps
 * differ: momentum starts, averages are copied.) On a backend that cannot replay, fn just runs.
 */
import type { Runner } from "../ops/apply.js";
import type { Executable, ProfileRow } from "../ops/program.js";
import { allocate, defaultStorage } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import type { Shape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { UsageError } from "../util/errors.js";
import { trace } from "./trace.js";

/** Numbers, booleans and text are part of the signature: another value records again. */
export type Argument = Tensor | number | boolean | string;
export type Result = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>> | undefined;

export interface Compiled<Args extends readonly Argument[], R extends Result> {
  (...args: Args): R;
  /** Replays with these arguments, timing each instruction; null while nothing is recorded for their shapes. */
  profile(args: Args, runs?: number): readonly ProfileRow[] | null;
  /** Bytes of planned memory over all recordings. */
  readonly temporaryBytes: number;
  /** Frees every recording. */
  dispose(): void;
}

export interface CompileOptions {
  /**
   * Signatures that are kept; the one not used for longest gives way before a further one runs, and records again should
   * it come back. Default 8.
   */
  readonly recordings?: number;
}

interface Recorded<R> {
  readonly executable: Executable;
  readonly externals: readonly Storage[];
  readonly outputs: readonly { readonly shape: Shape; readonly dtype: Tensor["dtype"] }[];
  /** Puts fresh tensors where the results were. */
  rebuild(tensors: readonly Tensor[]): R;
}

type Entry<R> = "ran once" | Recorded<R>;

const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;

function tensorsOf(result: Result): readonly Tensor[] {
  if (result === undefined) return [];
  if (isTensor(result)) return [result];
  return Array.isArray(result) ? (result as readonly Tensor[]) : Object.values(result as Record<string, Tensor>);
}

function rebuilder<R extends Result>(result: R): (tensors: readonly Tensor[]) => R {
  if (result === undefined) return () => result;
  if (isTensor(result)) return (tensors) => tensors[0] as Tensor & R;
  if (Array.isArray(result)) return (tensors) => [...tensors] as unknown as R;
  const names = Object.keys(result);
  return (tensors) => Object.fromEntries(names.map((name, i) => [name, tensors[i]!])) as unknown as R;
}

/**
 * A function with the behaviour of `fn` that records its ops once per signature (shapes and dtypes of tensor arguments,
 * values of the others) and replays them. Everything `fn` does to tensors is repeated: backward, optimiser, running
 * statistics; a learning rate set on the optimiser's groups is read at each call. What `fn` decides in JavaScript is
 * decided once per signature: compile training and evaluation apart. Throws CompileError, while recording, for reading
 * values inside, for results that outlive the call without being returned, and for a result with a graph.
 */
export function compile<Args extends readonly Argument[], R extends Result>(
  fn: (...args: Args) => R,
  { recordings = 8 }: CompileOptions = {},
): Compiled<Args, R> {
  if (!(Number.isInteger(recordings) && recordings >= 1))
    throw new UsageError(`compile: recordings is ${recordings}, expected a whole number of at least 1`);
  /** The one used last comes last. */
  const entries = new Map<string, Entry<R>>();

  const forget = (key: string, entry: Entry<R>): void => {
    entries.delete(key);
    if (entry === "ran once") return;
    entry.executable.dispose();
    for (const storage of entry.externals) storage.release();
  };

  const record = (args: Args, inputs: readonly Tensor[], runner: Runner): Recorded<R> & { readonly result: R } => {
    const { program, result, externals } = trace(inputs, () => fn(...args), tensorsOf);
    const outputs = tensorsOf(result).map(({ shape, dtype }) => ({ shape, dtype }));
    return { executable: runner.load!(program), externals, outputs, rebuild: rebuilder(result), result };
  };

  const compiled = (...args: Args): R => {
    const inputs = args.filter(isTensor);
    const runner = (inputs[0]?.storage.backend ?? defaultStorage()) as Runner;
    if (!runner.load) return fn(...args);
    const key = signatureOf(args, runner);
    const entry = entries.get(key);
    if (entry === undefined) {
      const [oldest] = entries;
      if (oldest !== undefined && entries.size >= recordings) forget(...oldest);
      entries.set(key, "ran once");
      return scope(() => fn(...args));
    }
    if (entry === "ran once") {
      const { result, ...recorded } = record(args, inputs, runner);
      entries.set(key, recorded);
      return result;
    }
    entries.delete(key);
    entries.set(key, entry);
    return replay(entry, inputs, runner);
  };

  return Object.defineProperties(compiled, {
    profile: {
      value(args: Args, runs = 5) {
        const inputs = args.filter(isTensor);
        const runner = (inputs[0]?.storage.backend ?? defaultStorage()) as Runner;
        const entry = entries.get(signatureOf(args, runner));
        if (entry === undefined || entry === "ran once") return null;
        return entry.executable.profile(...storagesOf(inputs), runs);
      },
    },
    temporaryBytes: {
      get: () =>
        [...entries.values()].reduce((sum, e) => sum + (e === "ran once" ? 0 : e.executable.temporaryBytes), 0),
    },
    dispose: {
      value() {
        for (const [key, entry] of [...entries]) forget(key, entry);
      },
    },
  }) as Compiled<Args, R>;
}

function signatureOf(args: readonly Argument[], runner: Runner): string {
  // two arguments that are one tensor would stay one in the recording
  const first = (x: Tensor): number => args.findIndex((a) => isTensor(a) && a.storage === x.storage);
  const show = (a: Argument) => (isTensor(a) ? `${a.dtype}[${a.shape}]@${first(a)}` : JSON.stringify(a));
  return `${runner.name} ${args.map(show).join(" ")}`;
}

const storagesOf = (inputs: readonly Tensor[]): [Storage[], number[]] => [
  inputs.map((x) => x.storage),
  inputs.map((x) => x.offset),
];

function replay<R>({ executable, outputs, rebuild }: Recorded<R>, inputs: readonly Tensor[], runner: Runner): R {
  executable.run(...storagesOf(inputs));
  return rebuild(
    outputs.map(({ shape, dtype }, i) => {
      const y = allocate(shape, dtype, runner);
      executable.copyOutput(i, y.storage);
      return y;
    }),
  );
}
