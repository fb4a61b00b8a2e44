/**
 * Ops that take indices: which operand holds them and how many there are to choose from. An index outside is an error of
 * values, found when the values are: before the op runs eagerly, within a replay, or on a device with the next read.
 */
import type { TypedArray } from "../tensor/dtype.js";
import type { Shape } from "../tensor/shape.js";
import { IndexError } from "../util/errors.js";

interface IndexRule {
  readonly operand: number;
  /** Indices are 0 … limit − 1. */
  limitOf(shapes: readonly Shape[], attrs: object): number;
}

const axisOf = (attrs: object): number => (attrs as { readonly axis: number }).axis;

export const indexOps = {
  gather: { operand: 1, limitOf: ([table]) => table![0]! },
  scatterAdd: { operand: 1, limitOf: (_, attrs) => (attrs as { readonly rows: number }).rows },
  takeAlongAxis: { operand: 1, limitOf: ([x], attrs) => x![axisOf(attrs)]! },
  takeAlongAxisGrad: { operand: 1, limitOf: (_, attrs) => (attrs as { readonly rows: number }).rows },
  scatter: { operand: 1, limitOf: ([x], attrs) => x![axisOf(attrs)]! },
  oneHot: { operand: 0, limitOf: (_, attrs) => (attrs as { readonly depth: number }).depth },
} as const satisfies Record<string, IndexRule>;

export type IndexOp = keyof typeof indexOps;

/** The error for index `value` at flat position `at`; `note` ends its hint. */
export const indexError = (op: string, value: number, at: number, limit: number, note = ""): IndexError =>
  new IndexError(
    `${op}: index ${value} at position ${at}, expected ${limit === 0 ? "none, as there is nothing to choose from" : `0 to ${limit - 1}`}`,
    `indices, and labels, count from 0; negative ones do not count from the end${note}`,
  );

/** Throws IndexError for the first index outside 0 … limit − 1. */
export function expectIndices(op: IndexOp, values: TypedArray, limit: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= 0 && value < limit)) throw indexError(op, value, i, limit);
  }
}
