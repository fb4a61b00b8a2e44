/**
 * Elementwise ops that read or write bool, whose bytes are masks in vectors: comparisons, where, casts, and, or. Cases with
 * float64 or uint8 stay with the reference.
 */
import type { OpName } from "../../../ops/spec/index.js";
import { type DType, dtypes } from "../../../tensor/dtype.js";
import type { Vec } from "../../../wasm/index.js";
import { callCopy } from "./blocks/copy.js";
import { callMap, type MapFormula } from "./blocks/map.js";
import type { Width } from "./blocks/span.js";
import type { HeapOperand, Lowering, Plan, WasmKernels } from "./plan.js";

/** A formula on inputs and one output of these widths. */
const mapping = (
  name: string,
  inputs: readonly Width[],
  output: Width,
  formula: (...inputs: Vec[]) => Vec,
): MapFormula => ({
  name,
  span: {
    outputs: 1,
    floats: 0,
    // vectors that are stored beside masks that are read may not be packed
    vectors: output === 1 ? 4 : 1,
    widths: { inputs, outputs: [output] },
    formula: (_, values) => [formula(...values)],
  },
});

type Compare = (a: Vec, b: Vec) => Vec;

const comparisons = {
  equal: { floats: (a, b) => a.equal(b), integers: (a, b) => a.equalInt(b) },
  notEqual: { floats: (a, b) => a.notEqual(b), integers: (a, b) => a.notEqualInt(b) },
  less: { floats: (a, b) => a.less(b), integers: (a, b) => a.lessInt(b) },
  lessEqual: { floats: (a, b) => a.lessEqual(b), integers: (a, b) => a.lessEqualInt(b) },
  greater: { floats: (a, b) => a.greater(b), integers: (a, b) => b.lessInt(a) },
  greaterEqual: { floats: (a, b) => a.greaterEqual(b), integers: (a, b) => b.lessEqualInt(a) },
} as const satisfies { readonly [K in OpName]?: { readonly floats: Compare; readonly integers: Compare } };

type Formulas = { readonly [D in DType]?: MapFormula };
type BinaryLowering = (
  inputs: readonly [HeapOperand, HeapOperand],
  attrs: unknown,
  outputs: readonly [HeapOperand],
  plan: Plan,
) => boolean;

/** A kernel by the dtype of both operands. */
const byDType =
  (formulas: Formulas): BinaryLowering =>
  (inputs, _, outputs, plan) => {
    const formula = formulas[inputs[0].dtype];
    return formula !== undefined && callMap(plan, formula, inputs, outputs);
  };

const comparisonKernels = Object.fromEntries(
  Object.entries(comparisons).map(([name, { floats, integers }]) => [
    name,
    byDType({
      float32: mapping(name, [4, 4], 1, floats),
      int32: mapping(`${name} int32`, [4, 4], 1, integers),
      // a mask is 0 or −1: true is the smaller
      bool: mapping(`${name} bool`, [1, 1], 1, (a, b) => integers(b, a)),
    }),
  ]),
) as { readonly [K in keyof typeof comparisons]: BinaryLowering };

/** Ops that are logic among masks, to be asked before the kernels for floats. */
const logic = {
  mul: mapping("and", [1, 1], 1, (a, b) => a.and(b)),
  maximum: mapping("or", [1, 1], 1, (a, b) => a.or(b)),
  minimum: mapping("and", [1, 1], 1, (a, b) => a.and(b)),
} as const satisfies { readonly [K in OpName]?: MapFormula };

/** The kernel of a logical op where operands are bool, else `otherwise`. */
export const withLogic = (op: keyof typeof logic, otherwise: BinaryLowering): BinaryLowering => {
  const ofMasks = byDType({ bool: logic[op] });
  return (inputs, attrs, outputs, plan) =>
    ofMasks(inputs, attrs, outputs, plan) || (inputs[0].dtype !== "bool" && otherwise(inputs, attrs, outputs, plan));
};

const chooseByFloat: MapFormula = {
  name: "where",
  span: { outputs: 1, floats: 0, vectors: 2, formula: (_, [mask, a, b]) => [mask!.notEqual(0).select(a!, b!)] },
};
const select = (mask: Vec, a: Vec, b: Vec): Vec => mask.select(a, b);
const chooseWord = mapping("where bool", [1, 4, 4], 4, select);
const chooseMask = mapping("where of bool", [1, 1, 1], 1, select);

const where: Lowering<"where"> = (inputs, _, outputs, plan) => {
  const [{ dtype: mask }, { dtype }] = inputs;
  if (mask === "float32") return callMap(plan, chooseByFloat, inputs, outputs);
  if (mask !== "bool") return false;
  if (dtype === "bool") return callMap(plan, chooseMask, inputs, outputs);
  return dtypes[dtype].bytes === 4 && callMap(plan, chooseWord, inputs, outputs);
};

const toFloat: MapFormula = {
  name: "int32 to float32",
  span: { outputs: 1, floats: 0, vectors: 4, formula: (_, [x]) => [x!.toFloat()] },
};
/** From and to; float32 to int32 and what involves uint8 stay with the reference, which wraps as JavaScript does. */
const casts: { readonly [From in DType]?: { readonly [To in DType]?: MapFormula } } = {
  int32: { float32: toFloat, bool: mapping("int32 to bool", [4], 1, (x) => x.notEqualInt(0)) },
  float32: { bool: mapping("float32 to bool", [4], 1, (x) => x.notEqual(0)) },
  bool: {
    float32: mapping("bool to float32", [1], 4, (x) => x.and(x.constantLike(1))),
    int32: mapping("bool to int32", [1], 4, (x) => x.and(x.constantLike(1, "i32"))),
  },
};

const cast: Lowering<"cast"> = ([x], _, [y], plan) => {
  const formula = casts[x.dtype]?.[y.dtype];
  if (formula) return callMap(plan, formula, [x], [y]);
  // the bytes of bool are those of its numbers
  const isCopy = x.dtype === y.dtype || (x.dtype === "bool" && y.dtype === "uint8");
  if (isCopy) callCopy(plan, x.pointer, y.pointer, x.size * dtypes[x.dtype].bytes);
  return isCopy;
};

export const maskKernels = { ...comparisonKernels, where, cast } satisfies WasmKernels;
