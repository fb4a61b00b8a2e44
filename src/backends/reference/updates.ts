/**
 * The definition of every update: what writes over its operands.
 */
import type { ArrayUpdates } from "../kernel-table.js";

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
    for (let i = 0; i < a.data.length; i++) a.data[i] = a.data[i]! + weight * (b.data[i]! - a.data[i]!);
  },
  sgd([p, v, grad], { lr, momentum, weightDecay, dampening, nesterov, isFirst }) {
    for (let i = 0; i < p.data.length; i++) {
      const g = grad.data[i]! + weightDecay * p.data[i]!;
      const velocity = isFirst ? g : momentum * v.data[i]! + (1 - dampening) * g;
      v.data[i] = velocity;
      p.data[i] = p.data[i]! - lr * (nesterov ? g + momentum * velocity : velocity);
    }
  },
};
