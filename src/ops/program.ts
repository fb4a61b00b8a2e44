/**
 * One recorded call of a function, as data: which values there are, and the ops and updates on them in order. Views are
 * seen through: an operand is a run of a value with a shape. compile/ makes programs, a backend may execute them.
 */
import type { DType } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import type { Storage } from "../tensor/storage.js";
import type { IndexOp } from "./indices.js";
import type { OpName, UpdateName } from "./spec/index.js";

export interface Value {
  readonly dtype: DType;
  /** Elements. */
  readonly length: number;
  /**
   * "input": copied in at each call. "external": numbers from outside (parameters, constants), used where they lie.
   * "temporary": made by an instruction; a backend places it.
   */
  readonly kind: "input" | "external" | "temporary";
  /** Of an external value. */
  readonly storage: Storage | null;
}

/** A contiguous run of a value, seen with a shape. */
export interface ValueView {
  /** Index into Program.values. */
  readonly value: number;
  /** First element. */
  readonly offset: number;
  readonly shape: Shape;
}

export type Instruction =
  | {
      readonly kind: "op";
      readonly op: OpName;
      readonly inputs: readonly ValueView[];
      readonly attrs: object;
      readonly outputs: readonly ValueView[];
    }
  | {
      readonly kind: "update";
      readonly op: UpdateName;
      /** Read; the first updateWrites[op] are written as well. */
      readonly inputs: readonly ValueView[];
      /** May hold Scalars. */
      readonly attrs: object;
      /** The operands that are written. */
      readonly outputs: readonly ValueView[];
    }
  | {
      /** Ends the run with an IndexError where an index is outside 0 … limit − 1. A device may report it later. */
      readonly kind: "check";
      readonly op: IndexOp;
      readonly inputs: readonly [indices: ValueView];
      readonly attrs: { readonly limit: number; readonly step: number };
      readonly outputs: readonly [];
    };

/** An instruction that computes. */
export type Executed = Exclude<Instruction, { readonly kind: "check" }>;

/** What run() throws for a check: the error, and the step of the function that it stands for. */
export class CheckFailure extends Error {
  constructor(
    readonly step: number,
    readonly error: Error,
  ) {
    super(error.message);
  }
}

/** Neighbouring instructions, none of which touches what another one writes: they may run side by side. */
export interface Group {
  readonly from: number;
  /** One past the last. */
  readonly to: number;
}

/** How programs store what lies between weights and loss: see CompileOptions of compile. */
export const precisions = ["float32", "float16"] as const;
export type Precision = (typeof precisions)[number];

export interface Program {
  /** Absent: float32. */
  readonly precision?: Precision;
  readonly values: readonly Value[];
  readonly instructions: readonly Instruction[];
  /** Whole input values, in the order in which run() takes them. */
  readonly inputs: readonly ValueView[];
  /** Whole values that are copied out after a run: what outlives the call, and inputs that were written over. */
  readonly outputs: readonly ValueView[];
  /** All instructions, in order. Values share a place only if no group needs both. */
  readonly groups: readonly Group[];
  /** Where each input and temporary lies in one run of temporaryBytes; -1 for external values. */
  readonly placement: readonly number[];
  readonly temporaryBytes: number;
}

/** What one instruction took. */
export interface InstructionTime {
  readonly op: string;
  readonly shapes: readonly Shape[];
  /** Median over the profiled runs. */
  readonly ms: number;
}

/** One row of a profile. */
export interface ProfileRow extends InstructionTime {
  readonly bytes: number;
  readonly flops: number;
}

/** A program made ready by a backend: memory planned, kernels chosen. */
export interface Executable {
  /** Bytes of all temporaries together, after sharing by lifetime. */
  readonly temporaryBytes: number;
  /** Runs once. Input values are copied in; copyOutput() is valid until the next run. Throws CheckFailure. */
  run(inputs: readonly Storage[], offsets: readonly number[]): void;
  /** Copies output i to a storage, from element `offset` on. */
  copyOutput(i: number, to: Storage, offset?: number): void;
  /** Runs instruction by instruction and times each, in the program's order. */
  profile(inputs: readonly Storage[], offsets: readonly number[], runs: number): readonly InstructionTime[];
  dispose(): void;
}
