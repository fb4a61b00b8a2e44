/**
 * What an instruction costs at least: floating-point operations and bytes of its operands read and written once.
 * Multiply-adds count as two.
 */
import { dtypes } from "../tensor/dtype.js";
import { sizeOf } from "../tensor/shape.js";
import type { Instruction, Program, ValueView } from "./program.js";

export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

/** Multiply-adds of the ops that have more than a few per element, from operand shapes. */
const multiplyAdds: { readonly [op: string]: (inputs: readonly ValueView[], outputs: readonly ValueView[]) => number } =
  {
    matmul: ([a, b], [y]) => (sizeOf(y!.shape) * sizeOf(a!.shape) * sizeOf(b!.shape)) ** 0.5 * batchRoot(y!),
    conv2d: ([, w], [y]) => (sizeOf(y!.shape) * sizeOf(w!.shape)) / w!.shape[3]!,
    conv2dBias: ([, w], [y]) => (sizeOf(y!.shape) * sizeOf(w!.shape)) / w!.shape[3]!,
    conv2dInputGrad: ([dy, w]) => (sizeOf(dy!.shape) * sizeOf(w!.shape)) / w!.shape[3]!,
    conv2dWeightGrad: ([, dy], [dw]) => (sizeOf(dy!.shape) * sizeOf(dw!.shape)) / dw!.shape[3]!,
  };

/** m·n·k·√(batch)·… : √(mn·mk·kn) is m·n·k for one matrix; a batch of B gives B^1.5 of it, so √B is taken back. */
const batchRoot = ({ shape }: ValueView): number => sizeOf(shape.slice(0, -2)) ** -0.5;

/** Flops (0 for what only moves numbers about) and bytes of one instruction. */
export function costOf(program: Program, { op, inputs, outputs }: Instruction): Cost {
  const bytesOf = ({ value, shape }: ValueView): number => sizeOf(shape) * dtypes[program.values[value]!.dtype].bytes;
  const bytes = [...inputs, ...outputs].reduce((sum, view) => sum + bytesOf(view), 0);
  const macs = multiplyAdds[op]?.(inputs, outputs);
  return { bytes, flops: macs === undefined ? 0 : 2 * macs };
}
