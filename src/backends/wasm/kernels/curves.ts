/**
 * Functions of one number and activations: a formula each, and how attributes reach it. What is rare in models (trigonometry, the
 * hyperbolic functions) stays with the reference, as do integers and float64.
 */
import { activationNames, activations, type Form, formOf, numbersOf } from "../../../ops/curves.js";
import type { ActivationName, CurveAttrs, CurveOps, FunctionName } from "../../../ops/spec/curves.js";
import { type FunctionBuilder, floatBits, type Vec } from "../../../wasm/index.js";
import { callMap, type MapFormula } from "./blocks/map.js";
import { type Curve, curves, erf } from "./blocks/vector-curves.js";
import { exp2, expm1, log1p, log2, log10 } from "./blocks/vector-math.js";
import type { HeapOperand, Lowering, Plan, WasmKernels } from "./plan.js";

/** Elements per task where a formula computes rather than waits for memory: about 20 µs. */
const HEAVY_TASK_ELEMENTS = 16384;

const functions = { erf, exp2, expm1, log1p, log2, log10 } as const satisfies {
  readonly [K in FunctionName]?: (f: FunctionBuilder, x: Vec) => Vec;
};
/** What computes: fewer vectors at a time, since there are many temporaries. */
const heavy: ReadonlySet<Form> = new Set<Form>(["gelu", "geluTanh", "silu", "softplus", "elu", "mish"]);

const mapOf = (name: string, isHeavy: boolean, span: Pick<MapFormula["span"], "floats" | "formula">): MapFormula => ({
  name,
  span: { ...span, outputs: 1, vectors: isHeavy ? 2 : 4 },
  ...(isHeavy && { taskElements: HEAVY_TASK_ELEMENTS }),
});

type Formulas = { readonly [F in Form]: MapFormula };
const formulasOf = (suffix: string, formula: (curve: Curve) => MapFormula["span"]["formula"]): Formulas =>
  Object.fromEntries(
    Object.entries(curves).map(([form, curve]) => {
      const { numbers } = activations[form === "geluTanh" ? "gelu" : (form as ActivationName)];
      return [
        form,
        mapOf(`${form}${suffix}`, heavy.has(form as Form), { floats: numbers.length, formula: formula(curve) }),
      ];
    }),
  ) as unknown as Formulas;

const values = formulasOf("", (curve) => (f, [x], numbers) => [curve.value(f, x!, numbers)]);
const gradients = formulasOf("Grad", (curve) => (f, [dy, x], numbers) => [curve.gradient(f, dy!, x!, numbers)]);

const map = (
  plan: Plan,
  formula: MapFormula,
  inputs: readonly HeapOperand[],
  outputs: readonly HeapOperand[],
  numbers: readonly number[] = [],
): boolean =>
  inputs.every(({ dtype }) => dtype === "float32") && callMap(plan, formula, inputs, outputs, numbers.map(floatBits));

type AnyLowering = (
  inputs: readonly HeapOperand[],
  attrs: unknown,
  outputs: readonly HeapOperand[],
  plan: Plan,
) => boolean;

const lowering =
  (name: ActivationName, formulas: Formulas): AnyLowering =>
  (inputs, attrs, outputs, plan) => {
    const own = attrs as CurveAttrs["elu"];
    return map(plan, formulas[formOf(name, own)], inputs, outputs, numbersOf(name as "elu", own));
  };

const functionRows = Object.entries<(f: FunctionBuilder, x: Vec) => Vec>(functions).map(([name, formula]) => {
  const own = mapOf(name, true, { floats: 0, formula: (f, [x]) => [formula(f, x!)] });
  return [name, ((inputs, _, outputs, plan) => map(plan, own, inputs, outputs)) satisfies AnyLowering];
});

export const curveKernels: WasmKernels = Object.fromEntries([
  ...functionRows,
  ...activationNames.flatMap((name) => [
    [name, lowering(name, values)],
    [`${name}Grad`, lowering(name, gradients)],
  ]),
]) as { readonly [K in keyof CurveOps]?: Lowering<K> };
