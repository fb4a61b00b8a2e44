/**
 * Every op's output dtype. The rule is "all inputs alike, output the same"; the table lists the ops that differ, and
 * chapter-dtypes.ts those of chapters.
 */
import { type DType, expectHeld, isFloat } from "../tensor/dtype.js";
import { DTypeError } from "../util/errors.js";
import type { Attrs, ChapterOp, OpName } from "./spec/index.js";

export type DTypeRule<K extends OpName> = (dtypes: readonly DType[], attrs: Attrs<K>) => DType;

/** Throws for indices that are no int32. */
export function expectInt32(dtype: DType | undefined, where: string): void {
  if (dtype !== "int32")
    throw new DTypeError(`${where}: indices are ${dtype}, expected int32`, 'cast them: x.cast("int32")');
}

/** The one dtype of all. */
export function alike(op: OpName, dtypes: readonly DType[]): DType {
  const first = dtypes[0]!;
  for (const other of dtypes)
    if (other !== first)
      throw new DTypeError(
        `${op}: operands are ${first} and ${other}, expected one dtype`,
        `cast one: x.cast("${first}")`,
      );
  return first;
}

/** Integers would be cut: the op is refused, as PyTorch refuses it. */
export const floatsOnly =
  (op: OpName) =>
  (dtypes: readonly DType[]): DType => {
    const dtype = alike(op, dtypes);
    if (!isFloat(dtype))
      throw new DTypeError(
        `${op}: operands are ${dtype}, expected float32 or float64`,
        'cast them first: x.cast("float32")',
      );
    return dtype;
  };

/** Ops that bool has as well; what counts, or takes a fraction, wants a cast first, as in PyTorch. */
const ofBools: ReadonlySet<OpName> = new Set<OpName>([
  "sign",
  // and, or, and
  "mul",
  "maximum",
  "minimum",
  "where",
  "max",
  "min",
  "broadcastTo",
  "reshape",
  "transpose",
  "slice",
  "stridedSlice",
  "pad",
  "concat",
  "stridedSlice",
  "stridedSliceGrad",
  "scatter",
]);

/** Throws for bool, where it is not among the dtypes of op. */
export function expectNumbers(op: OpName, dtype: DType): void {
  if (dtype !== "bool" || ofBools.has(op)) return;
  throw new DTypeError(`${op}: operands are bool, expected numbers`, 'cast them first: x.cast("int32")');
}

const compared =
  (op: OpName) =>
  (dtypes: readonly DType[]): DType => {
    alike(op, dtypes);
    return "bool";
  };

const exceptions: { readonly [K in OpName]?: DTypeRule<K> } = {
  exp: floatsOnly("exp"),
  log: floatsOnly("log"),
  sqrt: floatsOnly("sqrt"),
  rsqrt: floatsOnly("rsqrt"),
  reciprocal: floatsOnly("reciprocal"),
  sin: floatsOnly("sin"),
  cos: floatsOnly("cos"),
  tanh: floatsOnly("tanh"),
  sigmoid: floatsOnly("sigmoid"),
  div: floatsOnly("div"),
  mean: floatsOnly("mean"),
  softmax: floatsOnly("softmax"),
  logSoftmax: floatsOnly("logSoftmax"),
  equal: compared("equal"),
  notEqual: compared("notEqual"),
  less: compared("less"),
  lessEqual: compared("lessEqual"),
  greater: compared("greater"),
  greaterEqual: compared("greaterEqual"),
  // a mask that is no bool has the dtype of what it chooses from
  where: ([mask, ...branches]) => alike("where", mask === "bool" ? branches : [mask!, ...branches]),
  // the sum of bytes is rarely a byte
  sum: ([x]) => (isFloat(x!) ? x! : "int64"),
  pad: ([x], { value }) => {
    expectHeld(value, x!, "pad: value");
    return x!;
  },
  cast: (_, { dtype }) => dtype,
  // fractions
  rand: (_, { dtype }) => floatsOnly("rand")([dtype]),
  randn: (_, { dtype }) => floatsOnly("randn")([dtype]),
  bernoulli: (_, { dtype }) => dtype,
  argmax: ([x]) => {
    expectNumbers("argmax", x!);
    return "int32";
  },
  oneHot: ([indices], { dtype }) => {
    expectInt32(indices, "oneHot");
    return dtype;
  },
};

/** Gives the ops of a chapter the rules in which they differ. */
export function installDTypes(rules: { readonly [K in ChapterOp]?: DTypeRule<K> }): void {
  Object.assign(exceptions, rules);
}

/** The dtype of op's outputs. Throws DTypeError where inputs do not agree. */
export function inferDType<K extends OpName>(op: K, dtypes: readonly DType[], attrs: Attrs<K>): DType {
  const rule = exceptions[op] as DTypeRule<K> | undefined;
  if (rule) return rule(dtypes, attrs);
  const dtype = alike(op, dtypes);
  expectNumbers(op, dtype);
  return dtype;
}
