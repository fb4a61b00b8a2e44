/**
 * Elements as kernels that move numbers see them: some bytes, whatever they mean.
 */
import { dtypes } from "../../../../tensor/dtype.js";
import type { FunctionBuilder, IntLike } from "../../../../wasm/index.js";
import type { HeapOperand } from "../plan.js";

export type ElementBytes = 1 | 4 | 8;

export const bytesOf = ({ dtype }: HeapOperand): ElementBytes => dtypes[dtype].bytes;
export const isWord = (x: HeapOperand): boolean => bytesOf(x) === 4;

/** Copies one element; no bit of it changes, not even of a NaN. */
export function moveElement(f: FunctionBuilder, bytes: ElementBytes, to: IntLike, from: IntLike): void {
  if (bytes === 1) f.storeByte(to, 0, f.loadByte(from));
  else if (bytes === 4) f.storeInt(to, 0, f.loadInt(from));
  else f.storePartial(to, 0, f.loadPartial(from, 0, 2, 1), 2);
}

/** Writes an element whose bits are all 0. */
export function clearElement(f: FunctionBuilder, bytes: ElementBytes, to: IntLike): void {
  if (bytes === 1) f.storeByte(to, 0, 0);
  else for (let at = 0; at < bytes; at += 4) f.storeInt(to, at, 0);
}
