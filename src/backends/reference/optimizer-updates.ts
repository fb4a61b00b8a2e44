/**
 * The definition of the optimisers' updates.
 */
import type { Resolved } from "../../ops/scalar.js";
import type { AdamAttrs } from "../../ops/spec/index.js";
import type { ArrayUpdates, ArrayView } from "../kernel-table.js";

/** `top` is null but for amsgrad. */
function adam(
  p: ArrayView,
  m: ArrayView,
  v: ArrayView,
  top: ArrayView | null,
  grad: ArrayView,
  a: Resolved<AdamAttrs>,
) {
  const { lr, weightDecay, decoupled, beta1, beta2, eps, correction1, correction2, maximize } = a;
  const [step, root] = [lr / correction1, Math.sqrt(correction2)];
  const [keep, rest1, rest2] = [1 - lr * weightDecay, 1 - beta1, 1 - beta2];
  for (let i = 0; i < p.data.length; i++) {
    const slope = maximize ? -grad.data[i]! : grad.data[i]!;
    const weight = p.data[i]!;
    const start = decoupled ? weight * keep : weight;
    // a decay of 0 takes no part, also where p is infinite
    const g = decoupled || weightDecay === 0 ? slope : slope + weightDecay * weight;
    const mean = beta1 * m.data[i]! + rest1 * g;
    const square = beta2 * v.data[i]! + rest2 * g * g;
    const largest = top ? Math.max(top.data[i]!, square) : square;
    m.data[i] = mean;
    v.data[i] = square;
    if (top) top.data[i] = largest;
    p.data[i] = start - step * (mean / (Math.sqrt(largest) / root + eps));
  }
}

export const sgdUpdates: Pick<ArrayUpdates, "sgd"> = {
  sgd([p, v, grad], { lr, momentum, weightDecay, dampening, nesterov, isFirst, maximize }) {
    for (let i = 0; i < p.data.length; i++) {
      // a decay or momentum of 0 takes no part, also where p or v is infinite
      const slope = maximize ? -grad.data[i]! : grad.data[i]!;
      const g = weightDecay === 0 ? slope : slope + weightDecay * p.data[i]!;
      const velocity = isFirst || momentum === 0 ? g : momentum * v.data[i]! + (1 - dampening) * g;
      v.data[i] = velocity;
      p.data[i] = p.data[i]! - lr * (nesterov ? g + momentum * velocity : velocity);
    }
  },
};

export const adamUpdates: Pick<ArrayUpdates, "adam" | "amsgrad"> = {
  adam: ([p, m, v, grad], attrs) => adam(p, m, v, null, grad, attrs),
  amsgrad: ([p, m, v, top, grad], attrs) => adam(p, m, v, top, grad, attrs),
};
