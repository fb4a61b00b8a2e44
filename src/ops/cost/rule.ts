/**
 * What a rule of cost is, and the rules that many ops share.
 */
import { type Shape, sizeOf } from "../../tensor/shape.js";
import type { Attrs, OpName, PerInput, PerOutput } from "../spec/index.js";

/** Of one op. */
export interface Arithmetic {
  readonly multiplyAdds?: number;
  /** Operations besides the multiply-adds. */
  readonly others?: number;
  /** Elements read of each input, in order; all of those that are not named. */
  readonly reads?: readonly (number | undefined)[];
}

export type CostRule<K extends OpName> = (
  inputs: PerInput<K, Shape>,
  attrs: Attrs<K>,
  outputs: PerOutput<K, Shape>,
) => Arithmetic;

/** Moves numbers about. */
export const nothing = (): Arithmetic => ({});

export const perOutput =
  (operations: number) =>
  (_: unknown, __: unknown, [y]: readonly [Shape, ...Shape[]]): Arithmetic => ({ others: operations * sizeOf(y) });

export const perInput =
  (operations: number) =>
  ([x]: readonly [Shape, ...Shape[]]): Arithmetic => ({ others: operations * sizeOf(x) });

export const elementwise = perOutput(1);

export const reduction = perInput(1);
