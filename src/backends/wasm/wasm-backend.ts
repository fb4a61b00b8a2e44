/**
 * The default backend: tensors in one WebAssembly memory, ops lowered to emitted kernels and run at once, on all threads.
 * What has no kernel, or whose kernel declines a case, runs on the reference kernels over the same memory, and is counted.
 */
import type { Runner } from "../../ops/apply.js";
import { expectIndices } from "../../ops/indices.js";
import type { Executable, Program } from "../../ops/program.js";
import type { Resolved } from "../../ops/scalar.js";
import { type Attrs, type OpName, type UpdateAttrs, type UpdateName, updateWrites } from "../../ops/spec/index.js";
import { type DType, dtypes, type TypedArray } from "../../tensor/dtype.js";
import type { Allocation } from "../../tensor/storage.js";
import type { Tensor } from "../../tensor/tensor.js";
import { BackendError } from "../../util/errors.js";
import { coreCount } from "../../util/platform.js";
import type { Target } from "../../wasm/index.js";
import type { Coverage, Fallback, WasmFigures, WasmStats } from "../contract.js";
import type { ArrayView } from "../kernel-table.js";
import { referenceKernels } from "../reference/index.js";
import { referenceUpdates } from "../reference/updates.js";
import { capabilities, targetOf } from "./capabilities.js";
import { Fallbacks } from "./fallbacks.js";
import { wasmKernels, wasmUpdates } from "./kernels/index.js";
import type { HeapOperand, Kernel, Plan } from "./kernels/plan.js";
import { Arena, type Block } from "./runtime/arena.js";
import type { ExecutableHost } from "./runtime/executable.js";
import { type MemoryRange, rangeOf } from "./runtime/memory-range.js";
import { type Compiler, ModuleCache, plainCompiler } from "./runtime/modules.js";
import { KernelError, ThreadPool } from "./runtime/threads.js";
import type { WorkerFunctions } from "./runtime/worker.js";
import { wasmSpeeds } from "./speeds.js";

/** What turbo.ts exports, which is loaded where it is asked for. */
export interface Turbo {
  readonly turboCompiler: Compiler;
  turboTarget(): Target;
  /** Says why not by console.warn, once, unless `quiet`. */
  turboWorks(how?: { readonly quiet?: boolean }): boolean;
}

export interface WasmOptions {
  /** Threads, the caller's included. Default: the cores of this machine; 1 where memory cannot be shared. */
  readonly threads?: number;
  /** Paired vectors under V8's revectorizer; where that does not work, a warning and plain kernels. */
  readonly turbo?: Turbo | undefined;
  /** No warning where turbo does not work. Default false. */
  readonly quietTurbo?: boolean;
  /** Upper limit of the memory, at most 4 GiB. */
  readonly memoryBytes?: number;
  /** Overrides what was found about the machine; for tests and measurements. */
  readonly target?: Partial<Target>;
  /** Fills memory with NaN whenever it is handed out, so that an unwritten element shows; for tests. Default false. */
  readonly poison?: boolean;
}

interface WasmAllocation extends Allocation {
  readonly block: Block;
}

/** What an instruction or a call asks for. */
type Work = { readonly kind: "op"; readonly op: OpName } | { readonly kind: "update"; readonly op: UpdateName };
type AnyLowering = (
  operands: readonly HeapOperand[],
  attrs: unknown,
  outputs: readonly HeapOperand[],
  plan: Plan,
) => boolean;
type AnyUpdateLowering = (operands: readonly HeapOperand[], attrs: unknown, plan: Plan) => boolean;
type AnyArrayKernel = (inputs: readonly ArrayView[], attrs: unknown, outputs: readonly ArrayView[]) => void;
type AnyArrayUpdate = (operands: readonly ArrayView[], attrs: unknown) => void;

/** Lowers an op or an update, or declines it: where an op's input is empty, what there is to write follows from no kernel's loop. */
function lower(
  { kind, op }: Work,
  inputs: readonly HeapOperand[],
  attrs: unknown,
  outputs: readonly HeapOperand[],
  plan: Plan,
): boolean {
  if (kind === "update") {
    const lowering = wasmUpdates[op] as unknown as AnyUpdateLowering | undefined;
    return lowering?.(inputs, attrs, plan) ?? false;
  }
  const lowering = wasmKernels[op] as unknown as AnyLowering | undefined;
  if (!lowering || (op !== "concat" && inputs.some(({ size }) => size === 0))) return false;
  return lowering(inputs, attrs, outputs, plan);
}

/** What runs recorded programs: on the thread that asks, and what its workers need for that. */
export interface ProgramRunner {
  make(program: Program, host: ExecutableHost): Executable;
  readonly workerFunctions: WorkerFunctions;
}

let programs: ProgramRunner | null = null;

/** Says how programs run; once for all backends. */
export function installPrograms(runner: ProgramRunner): void {
  programs = runner;
}

/** Workers of a busy machine take a second at most. */
const START_LIMIT_MS = 10_000;

const blockOf = (allocation: Allocation): Block => (allocation as WasmAllocation).block;

export class WasmBackend implements Runner, WasmFigures {
  readonly name = "wasm";
  readonly fusesBatchNorm = true;
  readonly dtypes = ["float32", "float64", "int64", "int32", "uint8", "bool"] as const;
  readonly speeds = wasmSpeeds;
  readonly target: Target;
  /** Asked for, and working here. */
  readonly turbo: boolean;
  readonly #arena: Arena;
  readonly #modules: ModuleCache;
  #pool: ThreadPool | null;
  readonly #plan: Plan;
  readonly #fallbacks = new Fallbacks();
  #scratch: Block[] = [];
  /** What the op or update that runs now writes, beside its scratch; null between two. */
  #writes: readonly MemoryRange[] | null = null;

  /** Throws BackendError for a number of threads that is not a positive integer. */
  constructor({ threads, turbo, quietTurbo = false, memoryBytes, target, poison = false }: WasmOptions = {}) {
    if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1))
      throw new BackendError(`wasm: threads is ${threads}, expected a positive integer`);
    const paired = turbo?.turboWorks({ quiet: quietTurbo }) ? turbo : null;
    this.turbo = paired !== null;
    this.target = { ...(paired ? paired.turboTarget() : targetOf(capabilities())), ...target };
    const { shared } = this.target;
    const width = shared ? (threads ?? coreCount()) : 1;
    if (threads !== undefined && threads > width)
      console.warn(
        `wasm: ${threads} threads run as 1, as memory cannot be shared here; a page needs the headers` +
          " Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp",
      );
    this.#arena = new Arena(shared, memoryBytes, poison);
    const compiler = paired ? paired.turboCompiler : plainCompiler;
    this.#modules = new ModuleCache(this.target, this.#arena, width > 1, compiler);
    this.#pool = width > 1 ? this.#startPool(width) : null;
    this.#plan = {
      target: this.target,
      call: (kernel, tasks, args) => this.call(kernel, tasks, args),
      scratch: (bytes) => this.#takeScratch(bytes),
      scratchPerWorker: (bytes) => this.#takeScratch(bytes * this.threads),
    };
  }

  /** The caller's included. */
  get threads(): number {
    return this.#pool?.threads ?? 1;
  }

  /** Resolves when all threads have started. Where some do not within `limitMs`, it warns and goes on with one. */
  async start(limitMs = START_LIMIT_MS): Promise<this> {
    const pool = this.#pool;
    if (pool === null) return this;
    const started = 1 + (await pool.started(limitMs));
    if (started === pool.threads) return this;
    console.warn(
      `wasm: ${started} of ${pool.threads} threads started within ${limitMs / 1000} s; going on with one (a page must allow worker-src blob:)`,
    );
    this.#pool = null;
    await pool.dispose();
    return this;
  }

  get stats(): WasmStats {
    return {
      ...this.#arena.stats,
      threads: this.threads,
      turbo: this.turbo,
      kernels: this.#modules.size,
      fallbacks: this.#fallbacks.runs,
    };
  }

  /** Where each op and update runs: "wasm" (single cases may still be declined, see stats.fallbacks) or "reference". */
  coverage(): Coverage {
    const names = [...Object.keys(referenceKernels), ...Object.keys(referenceUpdates)];
    return Object.fromEntries(
      names.map((name) => [name, name in wasmKernels || name in wasmUpdates ? "wasm" : "reference"]),
    );
  }

  fallbacks(): readonly Fallback[] {
    return this.#fallbacks.rows;
  }

  allocate(dtype: DType, length: number): WasmAllocation {
    const bytes = length * dtypes[dtype].bytes;
    return { bytes, block: this.#arena.allocate(bytes) };
  }

  free(allocation: Allocation): void {
    this.#arena.free(blockOf(allocation));
  }

  write(allocation: Allocation, dtype: DType, offset: number, values: TypedArray): void {
    this.#array(dtype, blockOf(allocation).pointer + offset * dtypes[dtype].bytes, values.length).set(values);
  }

  readSync(allocation: Allocation, dtype: DType, offset: number, length: number): TypedArray {
    return this.view(allocation, dtype, offset, length).slice();
  }

  view(allocation: Allocation, dtype: DType, offset: number, length: number): TypedArray {
    return this.#array(dtype, blockOf(allocation).pointer + offset * dtypes[dtype].bytes, length);
  }

  async read(allocation: Allocation, dtype: DType, offset: number, length: number): Promise<TypedArray> {
    return this.readSync(allocation, dtype, offset, length);
  }

  run<K extends OpName>(op: K, inputs: readonly Tensor[], attrs: Attrs<K>, outputs: readonly Tensor[]): void {
    this.#runNow({ kind: "op", op }, inputs, attrs, outputs);
  }

  update<K extends UpdateName>(op: K, operands: readonly Tensor[], attrs: Resolved<UpdateAttrs<K>>): void {
    this.#runNow({ kind: "update", op }, operands, attrs, []);
  }

  #runNow(work: Work, inputs: readonly Tensor[], attrs: unknown, outputs: readonly Tensor[]): void {
    const ins = inputs.map(operandOf);
    const outs = outputs.map(operandOf);
    this.#writes = (work.kind === "op" ? outs : ins.slice(0, updateWrites[work.op])).map(rangeOf);
    if (!this.#withScratch(() => lower(work, ins, attrs, outs, this.#plan))) this.#fallBack(work, ins, attrs, outs);
  }

  /** Runs an op or an update by the reference kernels on the same memory. */
  #fallBack({ kind, op }: Work, inputs: readonly HeapOperand[], attrs: unknown, outputs: readonly HeapOperand[]): void {
    this.#fallbacks.note(op, inputs, outputs);
    const arrays = inputs.map(this.#viewOf);
    if (kind === "op") (referenceKernels[op] as unknown as AnyArrayKernel)(arrays, attrs, outputs.map(this.#viewOf));
    else (referenceUpdates[op] as unknown as AnyArrayUpdate)(arrays, attrs);
  }

  /** Runs one call now, on all threads where it has several tasks. Throws KernelError when it traps. */
  call(kernel: Kernel, tasks: number, args: readonly number[]): void {
    if (tasks === 0) return;
    const loaded = this.#modules.get(kernel);
    const { firstCall } = loaded;
    if (this.#pool && tasks > 1 && !(firstCall && this.#writes)) this.#pool.fork(loaded, tasks, args);
    else
      try {
        if (firstCall && this.#writes) firstCall(tasks, args, [...this.#writes, ...this.#scratch]);
        else loaded.run(0, tasks, ...args);
      } catch (error) {
        throw new KernelError(`${kernel.key}: the kernel failed: ${error instanceof Error ? error.message : error}`);
      }
  }

  /** Makes a recorded program ready to replay; see backends/programs.ts. */
  load(program: Program): Executable {
    if (programs === null) throw new BackendError("wasm: no programs are loaded yet", "they come with compile()");
    if (this.#pool?.runsPrograms === false) {
      // its threads started before compile() was there
      void this.#pool.dispose();
      this.#pool = this.#startPool(this.threads);
    }
    return programs.make(program, {
      target: this.target,
      threads: this.threads,
      arena: this.#arena,
      modules: this.#modules,
      pool: this.#pool,
      pointerOf: (allocation) => blockOf(allocation).pointer,
      check: (op, indices, limit) => expectIndices(op, this.#viewOf(indices).data, limit),
      lower,
      fallBack: (...call) => this.#fallBack(...call),
    });
  }

  #startPool(threads: number): ThreadPool {
    return new ThreadPool(threads, this.#arena.memory, programs?.workerFunctions);
  }

  async dispose(): Promise<void> {
    await this.#pool?.dispose();
  }

  #withScratch(body: () => boolean): boolean {
    try {
      return body();
    } finally {
      for (const block of this.#scratch) this.#arena.free(block);
      this.#scratch = [];
      this.#writes = null;
    }
  }

  #takeScratch(bytes: number): number {
    const block = this.#arena.allocate(bytes);
    this.#scratch.push(block);
    return block.pointer;
  }

  #array(dtype: DType, pointer: number, length: number): TypedArray {
    return new dtypes[dtype].array(this.#arena.memory.buffer, pointer, length) as TypedArray;
  }

  readonly #viewOf = ({ pointer, size, dtype, shape }: HeapOperand): ArrayView => ({
    data: this.#array(dtype, pointer, size),
    shape,
    dtype,
  });
}

function operandOf(x: Tensor): HeapOperand {
  const pointer = blockOf(x.storage.allocation).pointer + x.offset * dtypes[x.dtype].bytes;
  return { pointer, shape: x.shape, size: x.size, dtype: x.dtype };
}

/** Starts a wasm backend; usable at once, workers join when they are up. */
export const createWasmBackend = (options: WasmOptions = {}): WasmBackend => new WasmBackend(options);
