/** What every update costs for each element of its operands. */
import type { Resolved } from "./scalar.js";
import type { AdamAttrs, PerOperand, UpdateAttrs, UpdateName } from "./spec/index.js";

export interface UpdateArithmetic<Reads extends readonly boolean[] = readonly boolean[]> {
  readonly operations: number;
  /** Which operands are read; some are only written over. */
  readonly reads: Reads;
}

/** Two means, a root, a quotient, and the move. */
const ADAM_OPERATIONS = 13;
const adam = ({ weightDecay, decoupled }: Resolved<AdamAttrs>): number =>
  ADAM_OPERATIONS + (decoupled ? 1 : weightDecay === 0 ? 0 : 2);

export const updateCosts: {
  readonly [K in UpdateName]: (attrs: Resolved<UpdateAttrs<K>>) => UpdateArithmetic<PerOperand<K, boolean>>;
} = {
  accumulate: () => ({ operations: 1, reads: [true, true] }),
  fill: () => ({ operations: 0, reads: [false] }),
  assign: () => ({ operations: 0, reads: [false, true] }),
  lerp: () => ({ operations: 3, reads: [true, true] }),
  sgd: ({ momentum, weightDecay, nesterov, isFirst }) => {
    const isMoving = !isFirst && momentum !== 0;
    const operations = (weightDecay === 0 ? 0 : 2) + (isMoving ? 3 : 0) + (nesterov ? 2 : 0) + 2;
    return { operations, reads: [true, isMoving, true] };
  },
  adam: (attrs) => ({ operations: adam(attrs), reads: [true, true, true, true] }),
  amsgrad: (attrs) => ({ operations: adam(attrs) + 1, reads: [true, true, true, true, true] }),
};
