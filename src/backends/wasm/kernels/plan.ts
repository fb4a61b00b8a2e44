/**
 * What kernels are written against: a Lowering turns one op into Calls of emitted functions, a Plan takes those calls. The
 * eager plan (wasm-backend) runs each at once; a recorded one can replay them. No machinery lives here.
 */

import type { Resolved } from "../../../ops/scalar.js";
import type {
  Attrs,
  OpName,
  PerInput,
  PerOperand,
  PerOutput,
  UpdateAttrs,
  UpdateName,
} from "../../../ops/spec/index.js";
import type { DType } from "../../../tensor/dtype.js";
import type { Shape } from "../../../tensor/shape.js";
import type { Target, WasmModule } from "../../../wasm/index.js";

/** Emitted code, named: equal keys mean equal code for one target, so the key holds every number that shapes it. */
export interface Kernel {
  readonly key: string;
  /** Writes the functions of the module; must define its entry with module.run(). */
  emit(module: WasmModule): void;
}

/** A contiguous tensor in the arena; `pointer` in bytes, aligned to its elements only (views may start anywhere). */
export interface HeapOperand {
  readonly pointer: number;
  readonly shape: Shape;
  /** Elements. */
  readonly size: number;
  readonly dtype: DType;
}

/**
 * One piece of machine work: run(taskBegin, taskEnd, ...args) over the tasks 0 … tasks − 1, in any order and any split over
 * threads. The number of tasks depends on shapes only, and a task's result on nothing but its index, so that every number
 * of threads gives the same bits. Calls take effect one after the other.
 */
export interface Call {
  readonly kernel: Kernel;
  readonly tasks: number;
  /** i32 arguments: pointers, counts, floatBits(). */
  readonly args: readonly number[];
}

export interface Plan {
  readonly target: Target;
  call(kernel: Kernel, tasks: number, args: readonly number[]): void;
  /** A pointer to `bytes` of memory with undefined contents, released when the op is over. */
  scratch(bytes: number): number;
  /** Scratch of `bytes` (a multiple of 64) for each thread; a kernel finds its own at pointer + f.worker · bytes. */
  scratchPerWorker(bytes: number): number;
}

/**
 * Turns one op into calls. Returns false, before any call, to decline a case: the reference kernel then runs on the same
 * memory. Shapes and dtypes were checked by apply(); a lowering checks that they are those its kernels are made for. Inputs are
 * not empty but those of concat, outputs have at least one element in all, and undefined contents.
 */
export type Lowering<K extends OpName> = (
  inputs: PerInput<K, HeapOperand>,
  attrs: Attrs<K>,
  outputs: PerOutput<K, HeapOperand>,
  plan: Plan,
) => boolean;

/** The same for updates; all operands have one shape and dtype, the first ones are written over (updateWrites). */
export type UpdateLowering<K extends UpdateName> = (
  operands: PerOperand<K, HeapOperand>,
  attrs: Resolved<UpdateAttrs<K>>,
  plan: Plan,
) => boolean;

export type WasmKernels = { readonly [K in OpName]?: Lowering<K> };
export type WasmUpdates = { readonly [K in UpdateName]?: UpdateLowering<K> };
