/**
 * What every op costs at least: arithmetic of its definition, and bytes of its operands read and written once. Numbers of
 * the padding take part in no product, and what strides leave out is not read. A kernel that finds sums of products with
 * fewer of them than the definition has (moments of depthwise patches share rows) can be faster than the flops let expect.
 *
 * Elementwise ops count one per element, functions such as exp included; reductions one per number that goes in.
 */
import { type DType, dtypes } from "../../tensor/dtype.js";
import { type Shape, sizeOf } from "../../tensor/shape.js";
import type { Instruction, Program, ValueView } from "../program.js";
import { resolveScalars } from "../scalar.js";
import type { Attrs, OpName, UpdateName } from "../spec/index.js";
import { type UpdateArithmetic, updateCosts } from "../update-cost.js";
import { curveCosts } from "./curves.js";
import { divisionCosts } from "./divisions.js";
import { elementwiseCosts } from "./elementwise.js";
import { epilogueCosts } from "./epilogue.js";
import { foldsCosts } from "./folds.js";
import { indexingCosts } from "./indexing.js";
import { movementCosts } from "./movement.js";
import { normPassCosts } from "./norm-passes.js";
import { normalisationCosts } from "./normalisation.js";
import { orderCosts } from "./orders.js";
import { poolingCosts } from "./pooling.js";
import { productsCosts } from "./products.js";
import { randomCosts } from "./random.js";
import { reductionsCosts } from "./reductions.js";
import { resizeCosts } from "./resize.js";
import type { Arithmetic, CostRule } from "./rule.js";

export interface Cost {
  /** Of sums of products, lone products beside them included; all other arithmetic is in `flops` alone. */
  readonly multiplyAdds: number;
  /** Operations on numbers; a multiply-add counts two. */
  readonly flops: number;
  readonly bytes: number;
}

export const costs: { readonly [K in OpName]: CostRule<K> } = {
  ...elementwiseCosts,
  ...divisionCosts,
  ...epilogueCosts,
  ...curveCosts,
  ...reductionsCosts,
  ...orderCosts,
  ...movementCosts,
  ...indexingCosts,
  ...productsCosts,
  ...poolingCosts,
  ...normalisationCosts,
  ...normPassCosts,
  ...foldsCosts,
  ...resizeCosts,
  ...randomCosts,
};

/** A tensor as far as its cost goes. */
export interface Sized {
  readonly shape: Shape;
  readonly dtype: DType;
}

const bytesOf = ({ shape, dtype }: Sized, elements = sizeOf(shape)): number => elements * dtypes[dtype].bytes;

function total(
  { multiplyAdds = 0, others = 0, reads = [] }: Arithmetic,
  inputs: readonly Sized[],
  outputs: readonly Sized[],
): Cost {
  const read = inputs.reduce((sum, input, i) => sum + bytesOf(input, reads[i]), 0);
  const written = outputs.reduce((sum, output) => sum + bytesOf(output), 0);
  return { multiplyAdds, flops: 2 * multiplyAdds + others, bytes: read + written };
}

/** Costs of an op on operands of these shapes and dtypes; the shapes fit the op. */
export function costOfOp<K extends OpName>(
  op: K,
  inputs: readonly Sized[],
  attrs: Attrs<K>,
  outputs: readonly Sized[],
): Cost {
  type Rule = (inputs: readonly Shape[], attrs: Attrs<K>, outputs: readonly Shape[]) => Arithmetic;
  const shapesOf = (operands: readonly Sized[]): Shape[] => operands.map(({ shape }) => shape);
  return total((costs[op] as unknown as Rule)(shapesOf(inputs), attrs, shapesOf(outputs)), inputs, outputs);
}

/** Costs of an update of operands alike, of which `outputs` are written. */
export function costOfUpdate(
  op: UpdateName,
  operands: readonly Sized[],
  attrs: object,
  outputs: readonly Sized[],
): Cost {
  const { operations, reads } = (updateCosts[op] as (attrs: object) => UpdateArithmetic)(resolveScalars(attrs));
  const size = sizeOf(operands[0]!.shape);
  return total({ others: operations * size, reads: reads.map((isRead) => (isRead ? size : 0)) }, operands, outputs);
}

/** Costs of one instruction of a program. */
export function costOf(program: Program, instruction: Instruction): Cost {
  const { inputs, outputs } = instruction;
  const sized = ({ value, shape }: ValueView): Sized => ({ shape, dtype: program.values[value]!.dtype });
  const [from, to] = [inputs.map(sized), outputs.map(sized)];
  if (instruction.kind === "check") return total({}, from, to);
  if (instruction.kind === "update") return costOfUpdate(instruction.op, from, instruction.attrs, to);
  return costOfOp(instruction.op, from, instruction.attrs as Attrs<OpName>, to);
}
