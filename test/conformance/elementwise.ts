/** Every elementwise op without attributes, for the tests that draw from all magnitudes. */
import type { OpName, OpSpecs } from "../../src/ops/spec/index.js";

type WithInputs<Inputs> = { [K in OpName]: OpSpecs[K]["inputs"] extends Inputs ? K : never }[OpName];
type Elementwise =
  | Exclude<WithInputs<["x"]>, "cast" | "softmax" | "logSoftmax" | "cumsum" | "argsort">
  | WithInputs<["a", "b"]>;
/** What an op of one or two operands takes besides elements; it does not compile while an elementwise op is missing. */
type NoAttrsOnly = {
  [K in Elementwise]: OpSpecs[K]["attrs"] extends Readonly<Record<string, never>> ? K : never;
}[Elementwise];

/** How many operands; whether integers have the op. */
export const elementwise: { readonly [K in NoAttrsOnly]: readonly [operands: 1 | 2, takesIntegers: boolean] } = {
  neg: [1, true],
  abs: [1, true],
  sign: [1, true],
  floor: [1, false],
  ceil: [1, false],
  round: [1, false],
  exp: [1, false],
  log: [1, false],
  sqrt: [1, false],
  rsqrt: [1, false],
  square: [1, true],
  reciprocal: [1, false],
  sin: [1, false],
  cos: [1, false],
  tanh: [1, false],
  sigmoid: [1, false],
  relu: [1, true],
  add: [2, true],
  sub: [2, true],
  mul: [2, true],
  div: [2, false],
  pow: [2, false],
  maximum: [2, true],
  minimum: [2, true],
  equal: [2, true],
  notEqual: [2, true],
  less: [2, true],
  lessEqual: [2, true],
  greater: [2, true],
  greaterEqual: [2, true],
};
