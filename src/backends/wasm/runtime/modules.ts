/**
 * The kernel cache: a kernel's key -> its compiled instance on this thread, and its bytes in shared memory, where a worker
 * that blocks in Atomics.wait can still fetch them (it receives no messages).
 */

import { type Target, WasmModule } from "../../../wasm/index.js";
import type { Kernel } from "../kernels/plan.js";
import type { Arena } from "./arena.js";
import type { compareCodes } from "./compare-codes.js";
import type { MemoryRange } from "./memory-range.js";
import type { Run } from "./stages.js";

/**
 * Least size of a block that kernels' bytes are packed into: three times what training S4 needs. A second block would be
 * allocated between the tensors of a first step and split the contiguous memory that its recording allocates next.
 */
const BLOCK_BYTES = 1 << 20;

/** How the bytes of a module become code. */
export interface Compiler {
  /** Bytes added to every module (custom sections): V8 shares machine code by bytes, whatever its flags were. */
  readonly mark: readonly number[];
  compile(bytes: Uint8Array): WebAssembly.Module;
  /** Of a compiler that is not trusted: its code is compared with a plain compiler's before it is used. */
  readonly trial?: Trial;
}

/** Handed over with the compiler, so that a browser, which has none on trial, does not load it. */
export interface Trial {
  readonly verdicts: Verdicts;
  readonly plain: Compiler;
  readonly compare: typeof compareCodes;
}

/** What is known of a compiler's code, by the bytes that it compiles, without the mark. */
export interface Verdicts {
  /** Whether the code gives the plain code's bits; null where nobody has compared them yet. */
  find(bytes: Uint8Array): boolean | null;
  keep(bytes: Uint8Array, isSame: boolean): void;
}

export const plainCompiler: Compiler = {
  mark: [],
  compile: (bytes) => new WebAssembly.Module(bytes as BufferSource),
};

const marked = (bytes: Uint8Array, { mark }: Compiler): Uint8Array =>
  mark.length === 0 ? bytes : Uint8Array.from([...bytes, ...mark]);

export interface LoadedKernel {
  readonly key: string;
  readonly id: number;
  /** The emitted entry on this thread; a missing last argument arrives as 0, which is what fences want. */
  readonly run: Run;
  readonly pointer: number;
  readonly bytes: number;
  /** Code that nobody has compared with the plain one yet: its first call is for firstCall(). */
  readonly isUntried: boolean;
}

const ENTRY = "run";

const tellPlain = (key: string, why: string): void =>
  console.warn(`wasm: the turbo code of "${key}" ${why}; this kernel stays plain`);

export class ModuleCache {
  readonly #target: Target;
  readonly #arena: Arena;
  readonly #publish: boolean;
  readonly #compiler: Compiler;
  readonly #loaded = new Map<string, LoadedKernel>();
  #free = { pointer: 0, bytes: 0 };
  /** Code that is replaced keeps its number: threads know code by it. */
  #nextId = 0;

  /** `publish` puts bytes into the arena; needless without workers. */
  constructor(target: Target, arena: Arena, publish: boolean, compiler = plainCompiler) {
    this.#target = target;
    this.#arena = arena;
    this.#publish = publish;
    this.#compiler = compiler;
  }

  get size(): number {
    return this.#loaded.size;
  }

  get keys(): string[] {
    return [...this.#loaded.keys()];
  }

  /** Emits, compiles and instantiates a kernel, or finds it. */
  get(kernel: Kernel): LoadedKernel {
    const known = this.#loaded.get(kernel.key);
    if (known) return known;
    const bytes = this.#emit(kernel);
    const { trial } = this.#compiler;
    const isSame = trial ? trial.verdicts.find(bytes) : true;
    if (isSame === false) {
      tellPlain(kernel.key, "differed from its plain code when it was compared");
      return this.#load(kernel.key, bytes, plainCompiler, false);
    }
    return this.#load(kernel.key, bytes, this.#compiler, isSame === null);
  }

  /**
   * Runs an untried kernel on this thread: plain code first, then the compiler's own, on the same memory. Where they leave other bits in
   * `writes`, the plain ones stay, and so does the plain code. Returns what runs from here on.
   */
  firstCall(kernel: Kernel, tasks: number, args: readonly number[], writes: readonly MemoryRange[]): LoadedKernel {
    const loaded = this.get(kernel);
    const { trial } = this.#compiler;
    if (!trial) throw new TypeError(`${kernel.key}: a first call, expected code of a compiler on trial`);
    const bytes = this.#emit(kernel);
    const plain = this.#instantiate(marked(bytes, trial.plain), trial.plain);
    const difference = trial.compare(this.#arena.memory, [plain, loaded.run], tasks, args, writes);
    trial.verdicts.keep(bytes, difference === null);
    if (difference === null) {
      const tried = { ...loaded, isUntried: false };
      this.#loaded.set(kernel.key, tried);
      return tried;
    }
    tellPlain(kernel.key, `differs from its plain code, ${difference}`);
    return this.#load(kernel.key, bytes, plainCompiler, false);
  }

  #emit(kernel: Kernel): Uint8Array {
    const module = new WasmModule(this.#target);
    kernel.emit(module);
    return module.bytes();
  }

  #instantiate(bytes: Uint8Array, compiler: Compiler): Run {
    const instance = new WebAssembly.Instance(compiler.compile(bytes), { e: { m: this.#arena.memory, w: 0 } });
    return instance.exports[ENTRY] as Run;
  }

  #load(key: string, emitted: Uint8Array, compiler: Compiler, isUntried: boolean): LoadedKernel {
    const bytes = marked(emitted, compiler);
    const loaded: LoadedKernel = {
      key,
      id: this.#nextId++,
      run: this.#instantiate(bytes, compiler),
      pointer: this.#publish ? this.#store(bytes) : 0,
      bytes: bytes.length,
      isUntried,
    };
    this.#loaded.set(key, loaded);
    return loaded;
  }

  #store(bytes: Uint8Array): number {
    if (this.#free.bytes < bytes.length) {
      const block = this.#arena.allocate(Math.max(BLOCK_BYTES, bytes.length));
      this.#free = { pointer: block.pointer, bytes: block.bytes };
    }
    const { pointer } = this.#free;
    new Uint8Array(this.#arena.memory.buffer, pointer, bytes.length).set(bytes);
    this.#free = { pointer: pointer + bytes.length, bytes: this.#free.bytes - bytes.length };
    return pointer;
  }
}
