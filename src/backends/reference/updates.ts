/**
 * The definition of every update: what writes over its operands.
 */
import type { ArrayUpdates } from "../kernel-table.js";

/** From the nearer end, as torch.lerp: a weight of 0 gives a finite a itself, a weight of 1 a finite b. */
const lerpOf = (a: number, b: number, weight: number): number =>
  Math.abs(weight) < 0.5 ? a + weight * (b - a) : b - (b - a) * (1 - weight);

export const referenceUpdates: ArrayUpdates = {
  accumulate([a, b]) {
    for (let i = 0; i < a.data.length; i++) a.data[i]! += b.data[i]!;
  },
  fill([a], { value }) {
    a.data.fill(value);
  },
  assign([a, b]) {
    a.data.set(b.data);
  },
  lerp([a, b], { weight }) {
    for (let i = 0; i < a.data.length; i++) a.data[i] = lerpOf(a.data[i]!, b.data[i]!, weight);
  },
  sgd([p, v, grad], { lr, momentum, weightDecay, dampening, nesterov, isFirst }) {
    for (let i = 0; i < p.data.length; i++) {
      // a decay or momentum of 0 takes no part, also where p or v is infinite
      const g = weightDecay === 0 ? grad.data[i]! : grad.data[i]! + weightDecay * p.data[i]!;
      const velocity = isFirst || momentum === 0 ? g : momentum * v.data[i]! + (1 - dampening) * g;
      v.data[i] = velocity;
      p.data[i] = p.data[i]! - lr * (nesterov ? g + momentum * velocity : velocity);
    }
  },
};
