/**
 * The definition of updates: what writes over its operands.
 */
import type { CoreUpdate } from "../../ops/spec/index.js";
import { elementOf } from "../../tensor/dtype.js";
import type { ArrayUpdates } from "../kernel-table.js";

/** From the nearer end, as torch.lerp: a weight of 0 gives a finite a itself, a weight of 1 a finite b. */
const lerpOf = (a: number, b: number, weight: number): number =>
  Math.abs(weight) < 0.5 ? a + weight * (b - a) : b - (b - a) * (1 - weight);

const updates: Pick<ArrayUpdates, CoreUpdate> = {
  accumulate([a, b]) {
    for (let i = 0; i < a.data.length; i++) a.data[i]! += b.data[i]!;
  },
  fill([a], { value }) {
    a.data.fill(elementOf(a.dtype, value));
  },
  assign([a, b]) {
    a.data.set(b.data);
  },
  lerp([a, b], { weight }) {
    for (let i = 0; i < a.data.length; i++) a.data[i] = lerpOf(a.data[i]!, b.data[i]!, weight);
  },
};

/** Of an optimiser's update once the optimiser is imported. */
export const referenceUpdates = updates as ArrayUpdates;

/** Gives the updates of an optimiser their definition. */
export function installReferenceUpdates(kernels: Partial<ArrayUpdates>): void {
  Object.assign(referenceUpdates, kernels);
}
