/**
 * The update "sgd": one pass over parameter, velocity and gradient.
 */
import { floatBits, type Vec } from "../../../wasm/index.js";
import { callMap, type MapFormula } from "./blocks/map.js";
import type { WasmUpdates } from "./plan.js";

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

export const sgdUpdates: WasmUpdates = {
  sgd: ([p, v, grad], attrs, plan) => {
    if (p.dtype !== "float32") return false;
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
};
