/**
 * The kernel cache: a kernel's key -> its compiled instance on this thread, and its bytes in shared memory, where a worker
 * that blocks in Atomics.wait can still fetch them (it receives no messages).
 */

import { type Target, WasmModule } from "../../../wasm/index.js";
import type { Kernel } from "../kernels/plan.js";
import type { Arena } from "./arena.js";
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
  /** Of a compiler that is not trusted: its code is compared with a plain compiler's before it is used. A browser has none. */
  readonly trial?: Trial;
}

/** What takes an untrusted compiler's kernels into a cache (trial.ts). */
export interface Trial {
  /** Loads the code of `bytes`, or plain code where that one is known to be wrong. */
  load(modules: ModuleCache, key: string, bytes: Uint8Array, compiler: Compiler): LoadedKernel;
}

/** Runs an untried kernel on the calling thread, by plain code too; `writes` covers all that the kernel writes. */
export type FirstCall = (tasks: number, args: readonly number[], writes: readonly MemoryRange[]) => void;

export const plainCompiler: Compiler = {
  mark: [],
  compile: (bytes) => new WebAssembly.Module(bytes as BufferSource),
};

/** Bytes as they are compiled and shared. */
export const marked = (bytes: Uint8Array, { mark }: Compiler): Uint8Array =>
  mark.length === 0 ? bytes : Uint8Array.from([...bytes, ...mark]);

export interface LoadedKernel {
  readonly key: string;
  readonly id: number;
  /** The emitted entry on this thread; a missing last argument arrives as 0, which is what fences want. */
  readonly run: Run;
  readonly pointer: number;
  readonly bytes: number;
  /** Of code that nobody has compared with the plain one yet: how it is called first. What stays of it get() gives from there on. */
  readonly firstCall: FirstCall | null;
}

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

  get memory(): WebAssembly.Memory {
    return this.#arena.memory;
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
    const module = new WasmModule(this.#target);
    kernel.emit(module);
    const bytes = module.bytes();
    const { trial } = this.#compiler;
    return trial ? trial.load(this, kernel.key, bytes, this.#compiler) : this.load(kernel.key, bytes, this.#compiler);
  }

  /** The entry of a module, marked for its compiler, over the cache's memory. */
  instantiate(bytes: Uint8Array, compiler: Compiler): Run {
    const instance = new WebAssembly.Instance(compiler.compile(bytes), { e: { m: this.memory, w: 0 } });
    return instance.exports.run as Run;
  }

  /** Compiles emitted bytes: the code that get() gives from here on. */
  load(key: string, emitted: Uint8Array, compiler: Compiler, firstCall: FirstCall | null = null): LoadedKernel {
    const bytes = marked(emitted, compiler);
    const loaded: LoadedKernel = {
      key,
      id: this.#nextId++,
      run: this.instantiate(bytes, compiler),
      pointer: this.#publish ? this.#store(bytes) : 0,
      bytes: bytes.length,
      firstCall,
    };
    this.keep(loaded);
    return loaded;
  }

  /** What get() gives from here on for the same key. */
  keep(loaded: LoadedKernel): void {
    this.#loaded.set(loaded.key, loaded);
  }

  #store(bytes: Uint8Array): number {
    if (this.#free.bytes < bytes.length) {
      const block = this.#arena.allocate(Math.max(BLOCK_BYTES, bytes.length));
      this.#free = { pointer: block.pointer, bytes: block.bytes };
    }
    const { pointer } = this.#free;
    new Uint8Array(this.memory.buffer, pointer, bytes.length).set(bytes);
    this.#free = { pointer: pointer + bytes.length, bytes: this.#free.bytes - bytes.length };
    return pointer;
  }
}
