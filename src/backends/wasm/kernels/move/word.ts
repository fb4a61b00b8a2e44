/**
 * What the kernels that move numbers are made for: elements of 4 bytes, whatever they mean.
 */
import { dtypes } from "../../../../tensor/dtype.js";
import type { HeapOperand } from "../plan.js";

export const isWord = ({ dtype }: HeapOperand): boolean => dtypes[dtype].bytes === 4;
