/**
 * What the kernels that move numbers are made for: elements of 4 bytes, whatever they mean.
 */
import { dtypes } from "../../../../tensor/dtype.js";
import type { Operand } from "../plan.js";

export const isWord = ({ dtype }: Operand): boolean => dtypes[dtype].bytes === 4;
