/**
 * Elementwise ops: one row per op, its formula on vectors. pow, sin and cos stay with the reference, as do integers.
 */
import type { OpName } from "../../../ops/spec/index.js";
import { dtypes } from "../../../tensor/dtype.js";
import type { FunctionBuilder, Vec } from "../../../wasm/index.js";
import { callCopy } from "./blocks/copy.js";
import { callMap, type MapFormula } from "./blocks/map.js";
import { exp, log, sigmoid, tanh } from "./blocks/vector-math.js";
import type { HeapOperand, Lowering, Plan, WasmKernels } from "./plan.js";

type UnaryFormula = (f: FunctionBuilder, x: Vec) => Vec;
type BinaryFormula = (f: FunctionBuilder, a: Vec, b: Vec) => Vec;

/** Elements per task where a formula computes rather than waits for memory: about 20 µs. */
const HEAVY_TASK_ELEMENTS = 16384;

const ones = (f: FunctionBuilder, like: Vec): Vec => f.splat(1, like.parts.length);
/** 1 where the mask is set. */
const flag = (f: FunctionBuilder, mask: Vec): Vec => mask.and(ones(f, mask));

const lightUnary = {
  neg: (_, x) => x.neg(),
  abs: (_, x) => x.abs(),
  // +0 for both zeros; NaN stays
  sign: (f, x) => x.notEqual(x).select(x, flag(f, x.greater(0)).sub(flag(f, x.less(0)))),
  floor: (_, x) => x.floor(),
  ceil: (_, x) => x.ceil(),
  round: (_, x) => x.nearest(),
  sqrt: (_, x) => x.sqrt(),
  rsqrt: (f, x) => ones(f, x).div(x.sqrt()),
  square: (_, x) => x.mul(x),
  reciprocal: (f, x) => ones(f, x).div(x),
  relu: (_, x) => x.pmax(0),
} as const satisfies { readonly [K in OpName]?: UnaryFormula };

const heavyUnary = { exp, log, sigmoid, tanh } as const satisfies { readonly [K in OpName]?: UnaryFormula };

const binary = {
  add: (_, a, b) => a.add(b),
  sub: (_, a, b) => a.sub(b),
  mul: (_, a, b) => a.mul(b),
  div: (_, a, b) => a.div(b),
  maximum: (_, a, b) => a.max(b),
  minimum: (_, a, b) => a.min(b),
  equal: (f, a, b) => flag(f, a.equal(b)),
  notEqual: (f, a, b) => flag(f, a.notEqual(b)),
  less: (f, a, b) => flag(f, a.less(b)),
  lessEqual: (f, a, b) => flag(f, a.lessEqual(b)),
  greater: (f, a, b) => flag(f, a.greater(b)),
  greaterEqual: (f, a, b) => flag(f, a.greaterEqual(b)),
  // a NaN passes its gradient on
  reluGrad: (_, dy, y) => dy.andNot(y.lessEqual(0)),
} as const satisfies { readonly [K in OpName]?: BinaryFormula };

const where: MapFormula = {
  name: "where",
  span: { outputs: 1, floats: 0, vectors: 2, formula: (_, [mask, a, b]) => [mask!.notEqual(0).select(a!, b!)] },
};

const toFloat: MapFormula = {
  name: "int32 to float32",
  span: { outputs: 1, floats: 0, vectors: 4, formula: (_, [x]) => [x!.toFloat()] },
};

type AnyLowering = (
  inputs: readonly HeapOperand[],
  attrs: unknown,
  outputs: readonly HeapOperand[],
  plan: Plan,
) => boolean;

/** Applies a formula to float32 operands. */
const lowering =
  (formula: MapFormula): AnyLowering =>
  (inputs, _, outputs, plan) =>
    inputs.every(({ dtype }) => dtype === "float32") && callMap(plan, formula, inputs, outputs);

function table<K extends string>(
  formulas: { readonly [N in K]: (f: FunctionBuilder, ...xs: Vec[]) => Vec },
  vectors: number,
  taskElements?: number,
): { readonly [N in K]: AnyLowering } {
  const rows = Object.entries<(f: FunctionBuilder, ...xs: Vec[]) => Vec>(formulas).map(([name, formula]) => [
    name,
    lowering({
      name,
      span: { outputs: 1, floats: 0, vectors, formula: (f, inputs) => [formula(f, ...inputs)] },
      ...(taskElements !== undefined && { taskElements }),
    }),
  ]);
  return Object.fromEntries(rows) as { readonly [N in K]: AnyLowering };
}

/** float32 to int32 and what involves uint8 stay with the reference, which wraps as JavaScript does. */
const cast: Lowering<"cast"> = ([x], _, [y], plan) => {
  if (x.dtype === "int32" && y.dtype === "float32") return callMap(plan, toFloat, [x], [y]);
  if (x.dtype !== y.dtype) return false;
  callCopy(plan, x.pointer, y.pointer, x.size * dtypes[x.dtype].bytes);
  return true;
};

export const elementwise: WasmKernels = {
  ...table(lightUnary, 4),
  ...table(heavyUnary, 2, HEAVY_TASK_ELEMENTS),
  ...table(binary, 4),
  where: lowering(where),
  cast,
};
