/**
 * Ops of single elements as named functions: unary, binary, comparisons, cast, where, clamp.
 */

import { type DType, isFloat } from "../../tensor/dtype.js";
import { Tensor } from "../../tensor/tensor.js";
import { DTypeError } from "../../util/errors.js";
import { apply } from "../apply.js";
import { areFloatsAlike, floatOps, type Operand, withPromoted } from "../promotion.js";
import type { CoreOp, NoAttrs, OpSpecs } from "../spec/index.js";

export type { Operand } from "../promotion.js";

type OpsWith<Inputs extends readonly string[]> = {
  [K in CoreOp]: OpSpecs[K]["inputs"] extends Inputs ? (Inputs extends OpSpecs[K]["inputs"] ? K : never) : never;
}[CoreOp];
type BinaryName = OpsWith<["a", "b"]>;

/** Operands broadcast, and promote to one dtype as PyTorch's do (promotion.ts). */
function binary(op: Exclude<BinaryName, "matmul">) {
  return (a: Operand, b: Operand): Tensor =>
    areFloatsAlike(a, b)
      ? apply(op, [a as Tensor, b as Tensor], {})[0]
      : withPromoted(op, [a, b], (tensors) => apply(op, tensors, {})[0]);
}

/** One operand, no attributes. */
type UnaryName = {
  [K in OpsWith<["x"]>]: OpSpecs[K]["attrs"] extends NoAttrs ? K : never;
}[OpsWith<["x"]>];
/** exp, log and their like give float32 for integers. */
const unary = (op: UnaryName) => {
  const isFloatOp = floatOps.has(op);
  return (x: Tensor): Tensor =>
    isFloatOp && !isFloat(x.dtype)
      ? withPromoted(op, [x], (tensors) => apply(op, tensors, {})[0])
      : apply(op, [x], {})[0];
};

/** −x, element by element. */
export const neg = unary("neg");
/** |x|, element by element; the gradient at 0 is 0. */
export const abs = unary("abs");
/** −1, 0 or 1 by the sign of x, element by element; its gradient is 0. */
export const sign = unary("sign");
/** The largest whole number not above x, element by element; its gradient is 0. */
export const floor = unary("floor");
/** The smallest whole number not below x, element by element; its gradient is 0. */
export const ceil = unary("ceil");
/** The nearest whole number, ties to the even one (torch.round); its gradient is 0. */
export const round = unary("round");
/** e to the power of x, element by element. */
export const exp = unary("exp");
/** The natural logarithm, element by element: −∞ at 0, NaN below. */
export const log = unary("log");
/** The square root, element by element: NaN below 0. */
export const sqrt = unary("sqrt");
/** 1 / √x, element by element. */
export const rsqrt = unary("rsqrt");
const squareOf = unary("square");
/** x², element by element; of bool as int64, as in PyTorch. */
export function square(x: Tensor): Tensor {
  if (x.dtype !== "bool") return squareOf(x);
  const counts = cast(x, "int64");
  const y = squareOf(counts);
  counts.dispose();
  return y;
}
/** 1 / x, element by element. */
export const reciprocal = unary("reciprocal");
/** The sine of x in radians, element by element. */
export const sin = unary("sin");
/** The cosine of x in radians, element by element. */
export const cos = unary("cos");
/** The hyperbolic tangent, element by element. */
export const tanh = unary("tanh");
/** 1 / (1 + exp(−x)), element by element. */
export const sigmoid = unary("sigmoid");
/**
 * max(x, 0), element by element; the gradient at 0 is 0.
 *
 * @example
 * ```ts
 * console.log(relu(tensor([-1, 0, 2])).toArray()); // [0, 0, 2]
 * ```
 */
export const relu = unary("relu");

const isBool = (x: Operand): boolean => (x instanceof Tensor ? x.dtype === "bool" : typeof x === "boolean");

const addOf = binary("add");
/**
 * a + b; the two broadcast and promote to one dtype. Of two of bool it is true where either is.
 *
 * @example
 * ```ts
 * console.log(add(tensor([[1], [2]]), tensor([10, 20])).toArray()); // [[11, 21], [12, 22]]
 * ```
 */
export const add = (a: Operand, b: Operand): Tensor => (isBool(a) && isBool(b) ? maximum(a, b) : addOf(a, b));
const subOf = binary("sub");
/** a − b; the two broadcast and promote to one dtype. Throws DTypeError for bool, as PyTorch does. */
export function sub(a: Operand, b: Operand): Tensor {
  if (isBool(a) || isBool(b))
    throw new DTypeError(
      "sub: an operand is bool, expected numbers",
      'notEqual(a, b) says where two differ; or cast first: x.cast("int32")',
    );
  return subOf(a, b);
}
/** a · b, element by element; the two broadcast and promote to one dtype. Of two of bool it is true where both are. */
export const mul = binary("mul");
/** True division: integers give float32. */
export const div = binary("div");
const powOf = binary("pow");
/** a to the power of b. Integers wrap; those of a negative power are 0, but for 1 and −1. Throws DTypeError for a negative number as the power of integers. */
export function pow(a: Operand, b: Operand): Tensor {
  if (typeof b === "number" && b < 0 && a instanceof Tensor && !isFloat(a.dtype) && Number.isInteger(b))
    throw new DTypeError(
      `pow: ${a.dtype} to the power of ${b}, expected a power of at least 0 for integers`,
      'cast first: x.cast("float32")',
    );
  return powOf(a, b);
}
/** The larger of a and b, element by element; NaN where either is. */
export const maximum = binary("maximum");
/** The smaller of a and b, element by element; NaN where either is. */
export const minimum = binary("minimum");
/** bool: whether a = b, element by element; the two broadcast and are compared in the dtype that they promote to. */
export const equal = binary("equal");
/** bool: whether a ≠ b, element by element; the two broadcast and are compared in the dtype that they promote to. */
export const notEqual = binary("notEqual");
/** bool: whether a < b, element by element; the two broadcast and are compared in the dtype that they promote to. */
export const less = binary("less");
/** bool: whether a ≤ b, element by element; the two broadcast and are compared in the dtype that they promote to. */
export const lessEqual = binary("lessEqual");
/** bool: whether a > b, element by element; the two broadcast and are compared in the dtype that they promote to. */
export const greater = binary("greater");
/** bool: whether a ≥ b, element by element; the two broadcast and are compared in the dtype that they promote to. */
export const greaterEqual = binary("greaterEqual");

/**
 * x with another element type; the same tensor where it already has it. Numbers are cut towards zero on the way to integers;
 * what int32 and int64 do not hold (NaN, ±∞, far numbers) becomes −2³¹ and −2⁶³, uint8 keeps the low byte and gives 0 for NaN and ±∞: PyTorch's
 * numbers on x86. To bool all but 0 is true.
 *
 * @example
 * ```ts
 * console.log(cast(tensor([1.9, -1.9]), "int32").toArray()); // [1, -1]
 * ```
 */
export const cast = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : apply("cast", [x], { dtype })[0]);

/**
 * a where mask is true, else b; the three broadcast. In a mask of another dtype all but 0 is true; a and b promote to one, and two numbers
 * are int64 where both are integers, else float32. Throws DTypeError for a number that an integer result does not hold.
 *
 * @example
 * ```ts
 * const x = tensor([-1, 2]);
 * console.log(where(x.greater(0), x, 0).toArray()); // [0, 2]
 * ```
 */
export const where = (mask: Tensor, a: Operand, b: Operand): Tensor =>
  withPromoted(
    "where",
    [a, b],
    ([yes, no]) => {
      if (mask.dtype === "bool" || (mask.dtype === yes!.dtype && isFloat(mask.dtype)))
        return apply("where", [mask, yes!, no!], {})[0];
      const isSet = notEqual(mask, 0);
      const y = apply("where", [isSet, yes!, no!], {})[0];
      isSet.dispose();
      return y;
    },
    mask,
  );

/**
 * Values limited to [low, high], any shape; NaN stays, and high wins where low is above it. The gradient is PyTorch's: dy
 * where low <= x <= high, both bounds included, else 0.
 *
 * @example
 * ```ts
 * console.log(clamp(tensor([-2, 0.5, 3]), 0, 1).toArray()); // [0, 0.5, 1]
 * ```
 */
export function clamp(x: Tensor, low: number, high: number): Tensor {
  // detached: the gradient passes where x itself is taken, and nowhere else
  const limited = minimum(maximum(x.detach(), low), high);
  return isFloat(x.dtype) ? where(mul(greaterEqual(x, low), lessEqual(x, high)), x, limited) : limited;
}

/** x without its fraction: the whole number next to x towards 0; its gradient is 0. */
export const trunc = (x: Tensor): Tensor => where(less(x, 0), ceil(x), floor(x));

/** start + weight · (end − start); the three broadcast. Exact at a weight of 0 and of 1, as torch.lerp. */
export function lerp(start: Tensor, end: Tensor, weight: Operand): Tensor {
  const step = sub(end, start);
  const fromStart = (w: Operand) => add(start, mul(step, w));
  const fromEnd = (w: Operand) => sub(end, mul(step, sub(1, w)));
  if (typeof weight === "number") return weight < 0.5 ? fromStart(weight) : sub(end, mul(step, 1 - weight));
  return where(less(weight, 0.5), fromStart(weight), fromEnd(weight));
}
