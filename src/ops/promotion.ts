/**
 * PyTorch's type promotion over the dtypes of the engine (torch.result_type), as data, and the one place where operands of
 * several dtypes become operands of one: casts are put in here, so that kernels and gradients see equal dtypes.
 *
 * Three priorities: tensors with axes, then tensors without, then JavaScript's own values. An operand of lower priority
 * widens the result only where its category (bool, then integer, then float) is higher.
 */
import { type DType, expectHeld, filledArray, isFloat } from "../tensor/dtype.js";
import { Storage, type StorageBackend } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { DTypeError, ShapeError } from "../util/errors.js";
import { apply } from "./apply.js";
import type { ChapterOp, OpName } from "./spec/index.js";

/**
 * A tensor, or a plain value: a boolean counts as bool, an integer or bigint as int64, any other number as float32, and all
 * yield to tensors of their category.
 */
export type Operand = Tensor | Plain;
type Plain = number | boolean | bigint;

/** Whether two operands are float tensors of one dtype, which need no promotion: the common case, kept short. */
export const areFloatsAlike = (a: Operand, b: Operand): boolean =>
  a instanceof Tensor && b instanceof Tensor && a.dtype === b.dtype && isFloat(a.dtype);

/** Floats take all in. */
const inOrder = { float32: "float32", float64: "float64" } as const;
/** The dtype of two operands of one priority. */
const promoted: { readonly [A in DType]: { readonly [B in DType]: DType } } = {
  bool: { ...inOrder, bool: "bool", uint8: "uint8", int32: "int32", int64: "int64" },
  uint8: { ...inOrder, bool: "uint8", uint8: "uint8", int32: "int32", int64: "int64" },
  int32: { ...inOrder, bool: "int32", uint8: "int32", int32: "int32", int64: "int64" },
  int64: { ...inOrder, bool: "int64", uint8: "int64", int32: "int64", int64: "int64" },
  float32: { ...inOrder, bool: "float32", uint8: "float32", int32: "float32", int64: "float32" },
  float64: {
    bool: "float64",
    uint8: "float64",
    int32: "float64",
    int64: "float64",
    float32: "float64",
    float64: "float64",
  },
};

/** Ops whose values are fractions whatever they are made of: integer operands become float32 first, as in PyTorch. */
export const floatOps = new Set<OpName>([
  "exp",
  "log",
  "sqrt",
  "rsqrt",
  "reciprocal",
  "sin",
  "cos",
  "tanh",
  "sigmoid",
  "div",
]);

/** Adds the ops of a chapter to those whose values are fractions. */
export function installFloatOps(names: readonly ChapterOp[]): void {
  for (const name of names) floatOps.add(name);
}

/** The dtype that integer operands of a float op, and fractional numbers beside integer tensors, become. */
const DEFAULT_FLOAT = "float32";

const join = (a: DType | null, b: DType): DType => (a === null ? b : promoted[a][b]);

/** bool, then integers, then floats. */
const categoryOf = (dtype: DType): number => (dtype === "bool" ? 0 : isFloat(dtype) ? 2 : 1);

/** `low` widens `high` only from one category to the next. */
function widen(high: DType | null, low: DType | null): DType | null {
  if (high === null || low === null) return high ?? low;
  return categoryOf(low) > categoryOf(high) ? low : high;
}

function dtypeOfPlain(value: Plain): DType {
  if (typeof value === "boolean") return "bool";
  return typeof value === "bigint" || Number.isInteger(value) ? "int64" : DEFAULT_FLOAT;
}

/** The dtype that operands have in common (torch.result_type); there is at least one. */
export function resultDType(operands: readonly Operand[]): DType {
  let dimensioned: DType | null = null;
  let scalar: DType | null = null;
  let number: DType | null = null;
  for (const x of operands)
    if (!(x instanceof Tensor)) number = join(number, dtypeOfPlain(x));
    else if (x.rank > 0) dimensioned = join(dimensioned, x.dtype);
    else scalar = join(scalar, x.dtype);
  return widen(dimensioned, widen(scalar, number))!;
}

/** A plain value as a 0-dim tensor on a backend; the caller disposes of it. Throws DTypeError where `dtype` does not hold it. */
function scalarLike(plain: Plain, dtype: DType, backend: StorageBackend, where: string): Tensor {
  const value = typeof plain === "bigint" ? plain : Number(plain);
  expectHeld(value, dtype, where);
  return new Tensor(new Storage(backend, dtype, 1), []).write(filledArray(dtype, 1, value));
}

function expectOperand(x: unknown, where: string): void {
  if (["number", "boolean", "bigint"].includes(typeof x) || x instanceof Tensor) return;
  const what = Array.isArray(x) ? "an array" : x === null ? "null" : `a value of type ${typeof x}`;
  throw new DTypeError(`${where}: an operand is ${what}, expected a tensor or a number`, "make it one: tensor(values)");
}

const castTo = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : apply("cast", [x], { dtype })[0]);

/**
 * Calls `body` with the operands of `op` as tensors of the dtype they have in common, or of the one in which `op` computes on
 * it, and drops the tensors made for that afterwards: what autograd needs of them it has saved by then. `like` names the
 * backend where all operands are numbers. Throws DTypeError for a number that an integer dtype does not hold.
 */
export function withPromoted<R>(
  op: OpName,
  operands: readonly Operand[],
  body: (tensors: readonly Tensor[]) => R,
  like?: Tensor,
): R {
  for (const x of operands) expectOperand(x, op);
  const home = like ?? operands.find((x) => x instanceof Tensor);
  if (home === undefined) throw new ShapeError(`${op}: both operands are numbers, expected at least one tensor`);
  const { backend } = home.storage;
  const common = resultDType(operands);
  const dtype = floatOps.has(op) && !isFloat(common) ? DEFAULT_FLOAT : common;
  const tensors: Tensor[] = [];
  try {
    for (const x of operands) tensors.push(x instanceof Tensor ? castTo(x, dtype) : scalarLike(x, dtype, backend, op));
    return body(tensors);
  } finally {
    for (let i = 0; i < tensors.length; i++) if (tensors[i] !== operands[i]) tensors[i]!.dispose();
  }
}
