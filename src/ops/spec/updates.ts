/**
 * Updates: what writes over its first inputs instead of making a new tensor. Never recorded by autograd.
 */
import type { Numeric } from "../scalar.js";
import type { Each, NoAttrs } from "./kinds.js";

/** The tuple lists the operands; `updateWrites` says how many of them, from the first, are overwritten. */
export interface UpdateSpecs {
  /** a += b, equal shapes. */
  accumulate: { inputs: ["a", "b"]; attrs: NoAttrs };
  /** a = value everywhere. */
  fill: { inputs: ["a"]; attrs: { readonly value: Numeric } };
  /** a = b, equal shapes. */
  assign: { inputs: ["a", "b"]; attrs: NoAttrs };
  /** a += weight · (b − a), for a weight of 0.5 and more from b's side; equal shapes: exponential moving averages. */
  lerp: { inputs: ["a", "b"]; attrs: { readonly weight: Numeric } };
  /**
   * g ← ±grad + weightDecay·p, − to maximize; v ← g if isFirst or momentum is 0, else momentum·v + (1 − dampening)·g;
   * p ← p − lr·(g + momentum·v if nesterov, else v). A decay or momentum of 0 takes no part. Writes p and v. (torch.optim.SGD)
   */
  sgd: { inputs: ["p", "v", "grad"]; attrs: SgdAttrs };
  /**
   * g ← ±grad, − to maximize; p ← (1 − lr·weightDecay)·p if decoupled, else g ← g + weightDecay·p, where a decay of 0 takes no
   * part; m ← beta1·m + (1 − beta1)·g; v ← beta2·v + (1 − beta2)·g²;
   * p ← p − lr/correction1 · m / (√v / √correction2 + eps). Writes p, m and v. (torch.optim.Adam, AdamW)
   */
  adam: { inputs: ["p", "m", "v", "grad"]; attrs: AdamAttrs };
  /** The same with the largest v so far in the place of v: top ← max(top, v). Writes p, m, v and top. (amsgrad) */
  amsgrad: { inputs: ["p", "m", "v", "top", "grad"]; attrs: AdamAttrs };
}
export interface SgdAttrs {
  readonly lr: Numeric;
  readonly momentum: number;
  readonly weightDecay: Numeric;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly isFirst: boolean;
  readonly maximize: boolean;
}
export interface AdamAttrs {
  readonly lr: Numeric;
  readonly weightDecay: Numeric;
  /** Whether the decay shrinks p itself (AdamW), or is a part of the gradient (Adam). */
  readonly decoupled: boolean;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** 1 − beta1^t of the t-th update, the first being 1; kept apart from the betas since it moves with every update. */
  readonly correction1: Numeric;
  /** 1 − beta2^t. */
  readonly correction2: Numeric;
  readonly maximize: boolean;
}
export type UpdateName = keyof UpdateSpecs;
/** Updates that come with the optimisers that use them (src/chapters). */
export type OptimizerUpdate = "sgd" | "adam" | "amsgrad";
export type CoreUpdate = Exclude<UpdateName, OptimizerUpdate>;
export type UpdateAttrs<K extends UpdateName> = UpdateSpecs[K]["attrs"];
export type PerOperand<K extends UpdateName, T> = Each<UpdateSpecs[K]["inputs"], T>;
/** How many operands, from the first, each update overwrites. */
export const updateWrites: { readonly [K in UpdateName]: number } = {
  accumulate: 1,
  fill: 1,
  assign: 1,
  lerp: 1,
  sgd: 2,
  adam: 3,
  amsgrad: 4,
};
