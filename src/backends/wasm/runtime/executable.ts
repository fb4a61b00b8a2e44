/**
 * A recorded program on this backend: operands placed in one block of the arena, ops lowered once to calls, calls grouped
 * into stages, all of it written into shared memory where every thread reads it. Running it is one job of the pool.
 */
import type { IndexOp } from "../../../ops/indices.js";
import {
  CheckFailure,
  type Executable,
  type Executed,
  type Group,
  type InstructionTime,
  type Program,
  type ValueView,
} from "../../../ops/program.js";
import { hasScalar, resolveScalars, type Scalar, scalarsOf } from "../../../ops/scalar.js";
import { dtypes } from "../../../tensor/dtype.js";
import { sizeOf } from "../../../tensor/shape.js";
import type { Allocation, Storage } from "../../../tensor/storage.js";
import { alignUp } from "../../../util/align-up.js";
import type { Target } from "../../../wasm/index.js";
import type { HeapOperand, Kernel, Plan } from "../kernels/plan.js";
import { ALIGNMENT, type Arena, type Block } from "./arena.js";
import { type MemoryRange, rangeOf } from "./memory-range.js";
import type { LoadedKernel, ModuleCache } from "./modules.js";
import { makeRecord, readRecord, viewsOf } from "./program-record.js";
import { chunkOf, type Run, runStages, type Stages } from "./stages.js";
import type { ThreadPool } from "./threads.js";

let nextId = 0;

/** What an executable needs of its backend. */
export interface ExecutableHost {
  readonly target: Target;
  readonly threads: number;
  readonly arena: Arena;
  readonly modules: ModuleCache;
  readonly pool: ThreadPool | null;
  pointerOf(allocation: Allocation): number;
  /** Throws IndexError for an index outside. */
  check(op: IndexOp, indices: HeapOperand, limit: number): void;
  /** Lowers one instruction into `plan`; false where it has no kernel. */
  lower(
    instruction: Executed,
    inputs: readonly HeapOperand[],
    attrs: object,
    outputs: readonly HeapOperand[],
    plan: Plan,
  ): boolean;
  /** Runs one instruction by the reference kernels on the same memory. */
  fallBack(instruction: Executed, inputs: readonly HeapOperand[], attrs: object, outputs: readonly HeapOperand[]): void;
}

/** A call before it is written down; kernel null: the host falls back. */
interface PlannedCall {
  readonly instruction: number;
  readonly kernel: Kernel | null;
  readonly tasks: number;
  readonly args: readonly number[];
  /** What its instruction may write, scratch included; for a first call. */
  readonly writes: readonly MemoryRange[];
}

/** An instruction whose arguments follow from Scalars. */
interface Dynamic {
  readonly instruction: number;
  readonly calls: readonly number[];
  readonly scalars: readonly Scalar[];
  /** As they were when the arguments were made. */
  readonly values: number[];
}

/** Brings `values` up to date; whether any has changed. */
function takeValues(scalars: readonly Scalar[], values: number[]): boolean {
  let hasChanged = false;
  for (let i = 0; i < scalars.length; i++) {
    const { value } = scalars[i]!;
    if (Object.is(value, values[i])) continue;
    values[i] = value;
    hasChanged = true;
  }
  return hasChanged;
}

export class WasmExecutable implements Executable {
  readonly temporaryBytes: number;
  readonly #program: Program;
  readonly #host: ExecutableHost;
  readonly #temporaries: Block;
  readonly #scratch: Block;
  readonly #record: Block;
  #stages: Stages;
  readonly #stagesPlanned: readonly (readonly PlannedCall[])[];
  readonly #planned: readonly PlannedCall[];
  /** Instructions whose arguments hold Scalars, with the words of their calls' arguments. */
  readonly #dynamic: readonly Dynamic[];
  /** Whether code of a kernel is to be compared with the plain one (trial.ts) in the next run. */
  #isUntried = false;

  constructor(program: Program, host: ExecutableHost) {
    this.#program = program;
    this.#host = host;
    this.temporaryBytes = program.temporaryBytes;
    this.#temporaries = host.arena.allocate(program.temporaryBytes);
    const { groups } = program;
    // scratch is shared between groups and not within one; a first pass finds how much that is
    const needed = Math.max(0, ...groups.map((group) => this.#lowerGroup(group, 0).scratchBytes));
    this.#scratch = host.arena.allocate(needed);
    const stages = groups.flatMap((group) => this.#lowerGroup(group, this.#scratch.pointer).stages);
    this.#stagesPlanned = stages;
    this.#planned = stages.flat();
    const made = this.#makeRecord();
    this.#record = host.arena.allocate(made.words.byteLength);
    this.#stages = this.#write(made);
    const dynamic = new Map<number, number[]>();
    this.#planned.forEach(({ instruction, kernel }, call) => {
      if (kernel && hasScalar(program.instructions[instruction]!.attrs))
        dynamic.set(instruction, [...(dynamic.get(instruction) ?? []), call]);
    });
    this.#dynamic = [...dynamic].map(([instruction, calls]) => {
      const scalars = scalarsOf(program.instructions[instruction]!.attrs);
      return { instruction, calls, scalars, values: scalars.map(({ value }) => value) };
    });
  }

  #operand({ value, offset, shape }: ValueView): HeapOperand {
    const { storage, dtype } = this.#program.values[value]!;
    const base = storage
      ? this.#host.pointerOf(storage.allocation)
      : this.#temporaries.pointer + this.#program.placement[value]!;
    return { pointer: base + offset * dtypes[dtype].bytes, shape, size: sizeOf(shape), dtype };
  }

  /** The calls of one instruction, in order; a single host call where there is no kernel. */
  #lower(index: number, scratch: (bytes: number) => number): PlannedCall[] {
    const instruction = this.#program.instructions[index]!;
    const onHost = [{ instruction: index, kernel: null, tasks: 1, args: [], writes: [] }];
    if (instruction.kind === "check") return onHost;
    const calls: PlannedCall[] = [];
    const inputs = instruction.inputs.map((v) => this.#operand(v));
    const outputs = instruction.outputs.map((v) => this.#operand(v));
    const writes = outputs.map(rangeOf);
    const take = (bytes: number): number => {
      const pointer = scratch(bytes);
      writes.push({ pointer, bytes });
      return pointer;
    };
    const plan: Plan = {
      target: this.#host.target,
      call: (kernel, tasks, args) =>
        void (tasks > 0 && calls.push({ instruction: index, kernel, tasks, args, writes })),
      scratch: take,
      scratchPerWorker: (bytes) => take(bytes * this.#host.threads),
    };
    if (this.#host.lower(instruction, inputs, resolveScalars(instruction.attrs), outputs, plan)) return calls;
    return onHost;
  }

  /** Stages of a group: the first calls of all its instructions, then the second ones, and so on. */
  #lowerGroup({ from, to }: Group, scratchPointer: number): { stages: PlannedCall[][]; scratchBytes: number } {
    let scratchBytes = 0;
    const scratch = (bytes: number): number => {
      const at = scratchPointer + scratchBytes;
      scratchBytes += alignUp(bytes, ALIGNMENT);
      return at;
    };
    const stages: PlannedCall[][] = [];
    for (let i = from; i < to; i++)
      this.#lower(i, scratch).forEach((call, k) => {
        if (!stages[k]) stages[k] = [];
        stages[k].push(call);
      });
    return { stages, scratchBytes };
  }

  /** The program in words, with the code that its kernels have now; as many words each time. */
  #makeRecord(): { readonly words: Int32Array; readonly runs: ReadonlyMap<number, Run> } {
    const { modules, threads } = this.#host;
    const runs = new Map<number, Run>();
    const load = (kernel: Kernel): LoadedKernel => {
      const loaded = modules.get(kernel);
      this.#isUntried ||= loaded.firstCall !== null;
      runs.set(loaded.id, loaded.run);
      return loaded;
    };
    const calls = this.#stagesPlanned.map((own) =>
      own.map(({ kernel, tasks, args }) => ({
        kernel: kernel && load(kernel),
        tasks,
        chunk: chunkOf(tasks, threads),
        args,
      })),
    );
    return { words: makeRecord(nextId++, calls), runs };
  }

  /** Writes the program into shared memory and gives this thread's view of it. */
  #write({ words, runs }: { readonly words: Int32Array; readonly runs: ReadonlyMap<number, Run> }): Stages {
    const record = new Int32Array(this.#host.arena.memory.buffer, this.#record.pointer, words.length);
    record.set(words);
    return readRecord(viewsOf(record), (id) => runs.get(id) ?? null)!;
  }

  #fallBack(call: number): void {
    const instruction = this.#program.instructions[this.#planned[call]!.instruction]!;
    const inputs = instruction.inputs.map((v) => this.#operand(v));
    if (instruction.kind === "check") {
      const { limit, step } = instruction.attrs;
      try {
        this.#host.check(instruction.op, inputs[0]!, limit);
      } catch (error) {
        throw new CheckFailure(step, error as Error);
      }
      return;
    }
    const outputs = instruction.outputs.map((v) => this.#operand(v));
    this.#host.fallBack(instruction, inputs, resolveScalars(instruction.attrs), outputs);
  }

  #bytesAt(pointer: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#host.arena.memory.buffer, pointer, bytes);
  }

  #prepare(inputs: readonly Storage[], offsets: readonly number[]): void {
    for (const block of [this.#temporaries, this.#scratch]) this.#host.arena.poison(block);
    this.#program.inputs.forEach((view, i) => {
      const { pointer, size, dtype } = this.#operand(view);
      const { bytes } = dtypes[dtype];
      const from = this.#host.pointerOf(inputs[i]!.allocation) + offsets[i]! * bytes;
      this.#bytesAt(pointer, size * bytes).set(this.#bytesAt(from, size * bytes));
    });
    for (const { instruction, calls, scalars, values } of this.#dynamic) {
      if (!takeValues(scalars, values)) continue;
      // lowering again is how a new scalar becomes arguments; scratch keeps its place, as it did not depend on scalars
      const again = this.#lower(instruction, () => this.#scratch.pointer);
      calls.forEach((call, k) => {
        this.#stages.argsOf[call]!.set(again[k]!.args);
      });
    }
    this.#stages.next.fill(0);
    this.#stages.done.fill(0);
  }

  run(inputs: readonly Storage[], offsets: readonly number[]): void {
    this.#prepare(inputs, offsets);
    if (this.#isUntried) this.#runFirst();
    else this.#runStages(this.#stages, this.#record.pointer);
  }

  /** Call by call, as untried code must; then the record names the code that stays. */
  #runFirst(): void {
    this.#planned.forEach((_, call) => {
      this.#runOneCall(call);
    });
    this.#isUntried = false;
    // those of Scalars are newer than the plan's
    const args = this.#stages.argsOf.map((own) => own.slice());
    this.#stages = this.#write(this.#makeRecord());
    args.forEach((own, call) => {
      this.#stages.argsOf[call]!.set(own);
    });
  }

  #runStages(stages: Stages, pointer: number): void {
    const host = (call: number): void => this.#fallBack(call);
    if (this.#host.pool) this.#host.pool.runProgram(pointer, stages, host);
    else runStages(stages, new Int32Array(1), 0, Number.POSITIVE_INFINITY, host);
  }

  copyOutput(i: number, to: Storage, offset = 0): void {
    const { pointer, size, dtype } = this.#operand(this.#program.outputs[i]!);
    const { bytes } = dtypes[dtype];
    const target = this.#host.pointerOf(to.allocation) + offset * bytes;
    this.#bytesAt(target, size * bytes).set(this.#bytesAt(pointer, size * bytes));
  }

  profile(inputs: readonly Storage[], offsets: readonly number[], runs: number): readonly InstructionTime[] {
    const { instructions } = this.#program;
    const times = instructions.map(() => new Array<number>(runs).fill(0));
    for (let r = 0; r < runs; r++) {
      this.#prepare(inputs, offsets);
      this.#planned.forEach(({ instruction }, call) => {
        const start = performance.now();
        this.#runOneCall(call);
        times[instruction]![r]! += performance.now() - start;
      });
    }
    return instructions.map((instruction, i) => {
      const sorted = times[i]!.sort((x, y) => x - y);
      const shapes = [...instruction.inputs, ...instruction.outputs].map(({ shape }) => shape);
      return { op: instruction.op, shapes, ms: sorted[sorted.length >> 1] ?? 0 };
    });
  }

  /** One call as eager mode would run it: alone, on all threads. */
  #runOneCall(call: number): void {
    const { kernel, tasks, writes } = this.#planned[call]!;
    if (!kernel) {
      this.#fallBack(call);
      return;
    }
    const { modules, pool } = this.#host;
    const args = [...this.#stages.argsOf[call]!];
    const loaded = modules.get(kernel);
    if (loaded.firstCall) loaded.firstCall(tasks, args, writes);
    else if (pool && tasks > 1) pool.fork(loaded, tasks, args);
    else loaded.run(0, tasks, ...args);
  }

  dispose(): void {
    for (const block of [this.#temporaries, this.#scratch, this.#record]) this.#host.arena.free(block);
  }
}
