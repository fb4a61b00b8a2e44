/**
 * The kernel cache: a kernel's key -> its compiled instance on this thread, and its bytes in shared memory, where a worker
 * that blocks in Atomics.wait can still fetch them (it receives no messages).
 */

import { type Target, WasmModule } from "../../../wasm/index.js";
import type { Kernel } from "../kernels/plan.js";
import type { Arena } from "./arena.js";
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
}

export const plainCompiler: Compiler = {
  mark: [],
  compile: (bytes) => new WebAssembly.Module(bytes as BufferSource),
};

export interface LoadedKernel {
  readonly key: string;
  readonly id: number;
  /** The emitted entry on this thread; a missing last argument arrives as 0, which is what fences want. */
  readonly run: Run;
  readonly pointer: number;
  readonly bytes: number;
}

export class ModuleCache {
  readonly #target: Target;
  readonly #arena: Arena;
  readonly #publish: boolean;
  readonly #compiler: Compiler;
  readonly #loaded = new Map<string, LoadedKernel>();
  #free = { pointer: 0, bytes: 0 };

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
    const module = new WasmModule(this.#target);
    kernel.emit(module);
    const { mark } = this.#compiler;
    const bytes = mark.length === 0 ? module.bytes() : Uint8Array.from([...module.bytes(), ...mark]);
    const instance = new WebAssembly.Instance(this.#compiler.compile(bytes), { e: { m: this.#arena.memory, w: 0 } });
    const loaded: LoadedKernel = {
      key: kernel.key,
      id: this.#loaded.size,
      run: instance.exports.run as LoadedKernel["run"],
      pointer: this.#publish ? this.#store(bytes) : 0,
      bytes: bytes.length,
    };
    this.#loaded.set(kernel.key, loaded);
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
