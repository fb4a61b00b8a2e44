/** A random case: operands, the public call on them, and the same call as an expression of PyTorch's. */
import type { Tensor } from "../../src/index.js";
import type { Draw } from "./draw.js";

/** Floats become float64 and float32, with a gradient unless they are `fixed`; integers are indices or labels. */
export interface Operand {
  readonly shape: readonly number[];
  readonly kind: "float" | "fixed" | "integer" | "bool";
  readonly values: Float64Array;
}

export interface Call {
  readonly operands: readonly Operand[];
  readonly ours: (...operands: Tensor[]) => Tensor | readonly Tensor[];
  /** Python; the operands are called a, b, c, …. The names at hand are those of run-cases.py. */
  readonly torch: string;
}

export type Row = (draw: Draw) => Call;

export interface Case extends Call {
  /** NAME:SEED:NUMBER, from which `caseOf` makes it again. */
  readonly id: string;
  readonly name: string;
}

/** Flat results in order; of a case that was refused, the error. */
export type Answer =
  | { readonly outputs: readonly Values[]; readonly gradients: readonly Values[] }
  | { readonly error: string };

export interface Values {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}
