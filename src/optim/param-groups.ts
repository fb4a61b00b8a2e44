/**
 * Which parameters share an optimiser's numbers. mmpretrain's paramwise_cfg (norm_decay_mult = 0) in two groups.
 */
import type { Module } from "../nn/module.js";
import { isNormRole, type Parameter } from "../nn/parameter.js";

/** Parameters by name, with the options that differ from the optimiser's own. */
export interface ParamGroup {
  /** For logs and schedules. */
  readonly name: string;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly lr?: number;
  readonly weightDecay?: number;
}

/** The parameters of `model` as two groups: "weights" with the optimiser's own decay, and "norm" (γ and β) with another, 0 by default. */
export function splitNormParameters(model: Module, normWeightDecay = 0): [weights: ParamGroup, norm: ParamGroup] {
  const all = [...model.namedParameters()];
  return [
    { name: "weights", parameters: new Map(all.filter(([, { role }]) => !isNormRole(role))) },
    { name: "norm", parameters: new Map(all.filter(([, { role }]) => isNormRole(role))), weightDecay: normWeightDecay },
  ];
}
