/**
 * Elementwise ops: one row per op, its formula on vectors. pow, sin and cos stay with the reference, as do integers.
 */
import type { OpName } from "../../../ops/spec/index.js";
import type { FunctionBuilder, Vec } from "../../../wasm/index.js";
import { callMap, type MapFormula } from "./blocks/map.js";
import { exp, log, sigmoid, tanh } from "./blocks/vector-math.js";
import { maskKernels, withLogic } from "./masks.js";
import type { HeapOperand, Plan, WasmKernels } from "./plan.js";

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
  // a NaN passes its gradient on
  reluGrad: (_, dy, y) => dy.andNot(y.lessEqual(0)),
} as const satisfies { readonly [K in OpName]?: BinaryFormula };

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

const binaryKernels = table(binary, 4);

export const elementwise: WasmKernels = {
  ...table(lightUnary, 4),
  ...table(heavyUnary, 2, HEAVY_TASK_ELEMENTS),
  ...binaryKernels,
  mul: withLogic("mul", binaryKernels.mul),
  maximum: withLogic("maximum", binaryKernels.maximum),
  minimum: withLogic("minimum", binaryKernels.minimum),
  ...maskKernels,
};
