/** Runs of memory, in bytes. */
import { dtypes } from "../../../tensor/dtype.js";
import type { HeapOperand } from "../kernels/plan.js";

export interface MemoryRange {
  readonly pointer: number;
  readonly bytes: number;
}

/** The memory of an operand. */
export const rangeOf = ({ pointer, size, dtype }: HeapOperand): MemoryRange => ({
  pointer,
  bytes: size * dtypes[dtype].bytes,
});
