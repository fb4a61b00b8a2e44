/**
 * The operators that reductions fold with.
 */
import type { Float, Vec } from "../../../../wasm/index.js";

export interface Reducer {
  readonly name: string;
  readonly identity: number;
  readonly vectors: (total: Vec, x: Vec) => Vec;
  readonly doubles: (total: Float<"f64">, x: Float<"f64">) => Float<"f64">;
  /** Rounds: float32 folds are kept short and go into float64 totals. */
  readonly isRounding: boolean;
}

export const sumReducer: Reducer = {
  name: "sum",
  identity: 0,
  vectors: (total, x) => total.add(x),
  doubles: (total, x) => total.add(x),
  isRounding: true,
};
export const maxReducer: Reducer = {
  name: "max",
  identity: Number.NEGATIVE_INFINITY,
  vectors: (total, x) => total.max(x),
  doubles: (total, x) => total.max(x),
  isRounding: false,
};
export const minReducer: Reducer = {
  name: "min",
  identity: Number.POSITIVE_INFINITY,
  vectors: (total, x) => total.min(x),
  doubles: (total, x) => total.min(x),
  isRounding: false,
};
