/**
 * Updates: one pass over memory each. Rates change every step, so they are arguments of the kernels, never part of them.
 */
import { dtypes } from "../../../tensor/dtype.js";
import { floatBits, type Vec } from "../../../wasm/index.js";
import { callAdam } from "./adam.js";
import { callCopy, callFill } from "./blocks/copy.js";
import { callMap, type MapFormula } from "./blocks/map.js";
import type { HeapOperand, WasmUpdates } from "./plan.js";

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

/**
 * torch.optim.SGD; where the velocity is new the inputs are p, grad, else p, v, grad. `decayed` masks p before it is
 * multiplied by the weight decay: a decay of 0 masks all of it, and as −0 gives the product −0, which changes no gradient.
 */
const sgd = (nesterov: boolean, isNew: boolean, maximize: boolean): MapFormula => ({
  name: `sgd${nesterov ? " nesterov" : ""}${isNew ? " new" : ""}${maximize ? " maximize" : ""}`,
  span: {
    outputs: 2,
    floats: 5,
    vectors: 2,
    formula: (f, inputs, [lr, momentum, weightDecay, decayed, keep]) => {
      const [p, grad] = [inputs[0]!, inputs.at(-1)!];
      const slope = maximize ? grad.neg() : grad;
      const g = f.vec(f.madd(weightDecay!, p.and(decayed!), slope));
      const velocity: Vec = isNew ? g : f.vec(f.madd(momentum!, inputs[1]!, g.mul(keep!)));
      const step = nesterov ? f.madd(momentum!, velocity, g) : velocity;
      return [f.nmadd(lr!, step, p), velocity];
    },
  },
});
const ALL_BITS = -1;

const areFloats = (operands: readonly HeapOperand[]): boolean => operands.every(({ dtype }) => dtype === "float32");

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
  // seen from the nearer end, as torch.lerp: a weight of 1 gives b itself
  lerp: ([a, b], { weight }, plan) =>
    areFloats([a]) &&
    (Math.abs(weight) < 0.5
      ? callMap(plan, lerp, [a, b], [a], [floatBits(weight)])
      : callMap(plan, lerp, [b, a], [a], [floatBits(1 - weight)])),
  sgd: ([p, v, grad], attrs, plan) => {
    if (!areFloats([p])) return false;
    const { lr, momentum, weightDecay, dampening, nesterov, isFirst, maximize } = attrs;
    const isNew = isFirst || momentum === 0;
    const hasDecay = weightDecay !== 0;
    const floats = [
      floatBits(lr),
      floatBits(momentum),
      floatBits(hasDecay ? weightDecay : -0),
      hasDecay ? ALL_BITS : 0,
      floatBits(1 - dampening),
    ];
    return callMap(plan, sgd(nesterov, isNew, maximize), isNew ? [p, grad] : [p, v, grad], [p, v], floats);
  },
  adam: (operands, attrs, plan) => callAdam(plan, operands, false, attrs),
  amsgrad: (operands, attrs, plan) => callAdam(plan, operands, true, attrs),
};
