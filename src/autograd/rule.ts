/**
 * What the rules of gradients/ are: types alone.
 */
import type { Attrs, OpName, PerInput, PerOutput } from "../ops/spec/index.js";
import type { Tensor } from "../tensor/tensor.js";

/** What a rule reads the numbers of, beyond shapes: which inputs and which outputs. */
export interface Needs {
  readonly inputs: readonly number[] | "all";
  readonly outputs: readonly number[] | "all";
}

/** Makes the gradient of one input; null where that has none. */
export type Gradient = (() => Tensor) | null;

/** From the gradients of the outputs to those of the inputs. */
export type Rule<K extends OpName> = (
  dys: PerOutput<K, Tensor>,
  inputs: PerInput<K, Tensor>,
  attrs: Attrs<K>,
  outputs: PerOutput<K, Tensor>,
) => readonly Gradient[];
