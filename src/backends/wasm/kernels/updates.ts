/**
 * Updates: one pass over memory each. Rates change every step, so they are arguments of the kernels, never part of them.
 */
import type { SgdAttrs } from "../../../ops/spec.js";
import { dtypes } from "../../../tensor/dtype.js";
import { floatBits, type Vec } from "../assembler/index.js";
import type { Operand, WasmUpdates } from "../plan.js";
import { callCopy, callFill } from "./copy.js";
import { callMap, type MapFormula } from "./map.js";

const accumulate: MapFormula = {
  name: "accumulate",
  span: { outputs: 1, floats: 0, vectors: 4, formula: (_, [a, b]) => [a!.add(b!)] },
};
/** Counters, such as the number of batches a batch norm has seen. */
const accumulateInt: MapFormula = {
  name: "accumulate int32",
  span: { outputs: 1, floats: 0, vectors: 4, formula: (_, [a, b]) => [a!.addInt(b!)] },
};

const lerp: MapFormula = {
  name: "lerp",
  span: { outputs: 1, floats: 1, vectors: 4, formula: (f, [a, b], [weight]) => [f.madd(weight!, b!.sub(a!), a!)] },
};

/** torch.optim.SGD; without a first step's velocity the inputs are p, v, grad, else p, grad. */
const sgd = (nesterov: boolean, isFirst: boolean): MapFormula => ({
  name: `sgd${nesterov ? " nesterov" : ""}${isFirst ? " first" : ""}`,
  span: {
    outputs: 2,
    floats: 4,
    vectors: 2,
    formula: (f, inputs, [lr, momentum, weightDecay, keep]) => {
      const [p, grad] = [inputs[0]!, inputs.at(-1)!];
      const g = f.vec(f.madd(weightDecay!, p, grad));
      const velocity: Vec = isFirst ? g : f.vec(f.madd(momentum!, inputs[1]!, g.mul(keep!)));
      const step = nesterov ? f.madd(momentum!, velocity, g) : velocity;
      return [f.nmadd(lr!, step, p), velocity];
    },
  },
});
const sgdFormulas = [sgd(false, false), sgd(true, false), sgd(false, true), sgd(true, true)] as const;
const sgdFormula = ({ nesterov, isFirst }: Pick<SgdAttrs, "nesterov" | "isFirst">): MapFormula =>
  sgdFormulas[Number(nesterov) + 2 * Number(isFirst)]!;

const areFloats = (operands: readonly Operand[]): boolean => operands.every(({ dtype }) => dtype === "float32");

export const updates: WasmUpdates = {
  accumulate: ([a, b], _, plan) =>
    (areFloats([a]) || a.dtype === "int32") &&
    callMap(plan, a.dtype === "int32" ? accumulateInt : accumulate, [a, b], [a]),
  fill: ([a], { value }, plan) => {
    if (a.dtype !== "float32" && a.dtype !== "int32") return false;
    callFill(plan, a, value);
    return true;
  },
  assign: ([a, b], _, plan) => {
    callCopy(plan, b.pointer, a.pointer, a.size * dtypes[a.dtype].bytes);
    return true;
  },
  lerp: ([a, b], { weight }, plan) => areFloats([a]) && callMap(plan, lerp, [a, b], [a], [floatBits(weight)]),
  sgd: ([p, v, grad], attrs, plan) => {
    if (!areFloats([p])) return false;
    const { lr, momentum, weightDecay, dampening, isFirst } = attrs;
    const inputs = isFirst ? [p, grad] : [p, v, grad];
    const floats = [lr, momentum, weightDecay, 1 - dampening].map(floatBits);
    return callMap(plan, sgdFormula(attrs), inputs, [p, v], floats);
  },
};
