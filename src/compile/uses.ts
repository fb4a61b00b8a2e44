/** Who makes and who reads the values of a recorded program. */
import type { Instruction, Value, ValueView } from "../ops/program.js";
import type { Conv2dAttrs } from "../ops/spec/index.js";
import { sizeOf } from "../tensor/shape.js";

/** Who makes and who reads each value. */
export interface Uses {
  readonly makers: ReadonlyMap<number, number>;
  readonly readers: ReadonlyMap<number, readonly number[]>;
  /** Returned by the function. */
  readonly kept: ReadonlySet<number>;
}

export function usesOf(instructions: readonly Instruction[], outputs: readonly ValueView[]): Uses {
  const makers = new Map<number, number>();
  const readers = new Map<number, number[]>();
  instructions.forEach((instruction, at) => {
    for (const { value } of instruction.inputs) {
      const own = readers.get(value);
      if (own) own.push(at);
      else readers.set(value, [at]);
    }
    if (instruction.kind === "op") for (const { value } of instruction.outputs) makers.set(value, at);
  });
  return { makers, readers, kept: new Set(outputs.map(({ value }) => value)) };
}

export const isWhole = ({ value, offset, shape }: ValueView, values: readonly Value[]): boolean =>
  offset === 0 && sizeOf(shape) === values[value]!.length;

/** Values that updates write strictly between two places. */
export const writesBetween = (instructions: readonly Instruction[], from: number, to: number): number[] =>
  instructions
    .slice(from + 1, to)
    .flatMap(({ kind, outputs }) => (kind === "update" ? outputs.map(({ value }) => value) : []));

/** A temporary value of `count` vectors, added to `values`. */
export function newVectors(values: Value[], count: number, channels: number): ValueView {
  const value = values.push({ dtype: "float32", length: count * channels, kind: "temporary", storage: null }) - 1;
  return { value, offset: 0, shape: [count, channels] };
}

/** Whether a convolution, or a gradient of one, is a product of matrices. */
export function isPointwise({ stride, padding, paddingEnd, groups }: Conv2dAttrs, w: ValueView): boolean {
  const isOne = [w.shape[0], w.shape[1], ...stride, groups].every((v) => v === 1);
  return isOne && [...padding, ...(paddingEnd ?? [])].every((v) => v === 0);
}
