/**
 * The updates "adam" and "amsgrad": one pass over parameter, means and gradient. What a step changes is an argument; the
 * attributes that make another formula are the kernel's own.
 */
import type { Resolved } from "../../../ops/scalar.js";
import type { AdamAttrs } from "../../../ops/spec/index.js";
import { type FunctionBuilder, floatBits, type Vec } from "../../../wasm/index.js";
import { callMap, type MapFormula } from "./blocks/map.js";
import type { HeapOperand, Plan, WasmUpdates } from "./plan.js";

/** A word of ones keeps a vector, a word of zeros makes it +0. */
const ALL_BITS = -1;

interface Variant {
  readonly amsgrad: boolean;
  readonly decoupled: boolean;
  readonly maximize: boolean;
}

/**
 * What the decay does to p and to the gradient; coupled, `decayed` masks p before it is multiplied, since a decay of 0 takes
 * no part even where p is infinite.
 */
function decay(f: FunctionBuilder, p: Vec, slope: Vec, decoupled: boolean, [amount, decayed]: readonly Vec[]) {
  if (decoupled) return { start: f.vec(p.mul(amount!)), g: slope };
  return { start: p, g: f.vec(f.madd(amount!, p.and(decayed!), slope)) };
}

const adam = ({ amsgrad, decoupled, maximize }: Variant): MapFormula => ({
  name: `adam${amsgrad ? " amsgrad" : ""}${decoupled ? " decoupled" : ""}${maximize ? " maximize" : ""}`,
  span: {
    outputs: amsgrad ? 4 : 3,
    floats: 9,
    vectors: 2,
    formula: (f, inputs, [step, beta1, rest1, beta2, rest2, inverseRoot, eps, ...decays]) => {
      const [p, m, v] = inputs as [Vec, Vec, Vec];
      const grad = inputs.at(-1)!;
      const { start, g } = decay(f, p, maximize ? f.vec(grad.neg()) : grad, decoupled, decays);
      const mean = f.vec(f.madd(beta1!, m, g.mul(rest1!)));
      const square = f.vec(f.madd(beta2!, v, g.mul(rest2!).mul(g)));
      const largest = amsgrad ? f.vec(inputs[3]!.max(square)) : square;
      const denominator = f.madd(largest.sqrt(), inverseRoot!, eps!);
      const moved = f.nmadd(step!, mean.div(denominator), start);
      return amsgrad ? [moved, mean, square, largest] : [moved, mean, square];
    },
  },
});

/** Operands are p, m, v, for amsgrad the largest v, and the gradient. */
function callAdam(
  plan: Plan,
  operands: readonly HeapOperand[],
  amsgrad: boolean,
  { lr, weightDecay, decoupled, beta1, beta2, eps, correction1, correction2, maximize }: Resolved<AdamAttrs>,
): boolean {
  if (operands[0]!.dtype !== "float32") return false;
  const hasDecay = weightDecay !== 0;
  // −0 times the +0 that the mask leaves is −0, which changes no gradient
  const amount = decoupled ? 1 - lr * weightDecay : hasDecay ? weightDecay : -0;
  const numbers = [lr / correction1, beta1, 1 - beta1, beta2, 1 - beta2, 1 / Math.sqrt(correction2), eps, amount];
  const floats = [...numbers.map(floatBits), hasDecay ? ALL_BITS : 0];
  return callMap(plan, adam({ amsgrad, decoupled, maximize }), operands, operands.slice(0, -1), floats);
}

export const adamUpdates: WasmUpdates = {
  adam: (operands, attrs, plan) => callAdam(plan, operands, false, attrs),
  amsgrad: (operands, attrs, plan) => callAdam(plan, operands, true, attrs),
};
