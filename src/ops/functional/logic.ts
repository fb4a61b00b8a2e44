/**
 * Logic and questions to numbers, as functions that give bool. An operand of another dtype is true where it is not 0, NaN included, as in
 * PyTorch.
 */
import type { Tensor } from "../../tensor/tensor.js";
import { type AsMethods, installMethods } from "../method.js";
import { abs, cast, equal, less, maximum, mul, notEqual } from "./elementwise.js";

/** Calls `body` with bool tensors, and drops those made for that. */
function withBools(operands: readonly Tensor[], body: (bools: readonly Tensor[]) => Tensor): Tensor {
  const bools = operands.map((x) => cast(x, "bool"));
  try {
    return body(bools);
  } finally {
    bools.forEach((x, i) => {
      if (x !== operands[i]) x.dispose();
    });
  }
}

/**
 * bool: whether both are true, element by element; the two broadcast.
 *
 * @example
 * ```ts
 * const x = tensor([-1, 0.5, 2]);
 * console.log(logicalAnd(x.greater(0), x.less(1)).toArray()); // [false, true, false]
 * ```
 */
export const logicalAnd = (a: Tensor, b: Tensor): Tensor => withBools([a, b], ([p, q]) => mul(p!, q!));
/** bool: whether either is true, element by element; the two broadcast. */
export const logicalOr = (a: Tensor, b: Tensor): Tensor => withBools([a, b], ([p, q]) => maximum(p!, q!));
/** bool: whether just one is true, element by element; the two broadcast. */
export const logicalXor = (a: Tensor, b: Tensor): Tensor => withBools([a, b], ([p, q]) => notEqual(p!, q!));
/** bool: whether x is not true, element by element. */
export const logicalNot = (x: Tensor): Tensor => withBools([x], ([p]) => equal(p!, false));

/** bool: whether x is NaN, element by element. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: torch.isnan
export const isNaN = (x: Tensor): Tensor => notEqual(x, x);
/** bool: whether x is ∞ or −∞, element by element. */
export const isInf = (x: Tensor): Tensor => equal(abs(x), Number.POSITIVE_INFINITY);
/** bool: whether x is neither NaN nor ±∞, element by element. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: PyTorch's name
export const isFinite = (x: Tensor): Tensor => less(abs(x), Number.POSITIVE_INFINITY);

const methods = { logicalAnd, logicalOr, logicalXor, logicalNot, isNaN, isInf, isFinite };
installMethods(methods);

declare module "../../tensor/tensor.js" {
  interface Tensor extends AsMethods<Pick<typeof import("./logic.js"), keyof typeof methods>> {}
}
