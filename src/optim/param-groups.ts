/**
 * Which parameters share an optimiser's numbers. mmpretrain's paramwise_cfg (norm_decay_mult = 0) in two groups.
 */
import type { Module } from "../nn/module.js";
import { isNormRole, type Parameter } from "../nn/parameter.js";
import { isFloat } from "../tensor/dtype.js";
import { Tensor } from "../tensor/tensor.js";
import { UsageError } from "../util/errors.js";

/** Parameters by name, with the options that differ from the optimiser's own. */
export interface ParamGroup {
  /** For logs and schedules. */
  readonly name: string;
  readonly parameters: ReadonlyMap<string, Parameter>;
  readonly lr?: number;
  readonly weightDecay?: number;
}

/** The parameters of `model` as two groups: "weights" with the optimiser's own decay, and "norm" (γ and β) with another, 0 by default. */
export function splitNormParameters(
  model: Module<unknown>,
  normWeightDecay = 0,
): [weights: ParamGroup, norm: ParamGroup] {
  const all = [...model.namedParameters()];
  return [
    { name: "weights", parameters: new Map(all.filter(([, { role }]) => !isNormRole(role))) },
    { name: "norm", parameters: new Map(all.filter(([, { role }]) => isNormRole(role))), weightDecay: normWeightDecay },
  ];
}

/** Groups of parameters, one map such as model.namedParameters(), or tensors such as model.parameters(), named by their index. */
export type OptimizedParameters = readonly ParamGroup[] | ReadonlyMap<string, Parameter> | readonly Tensor[];

const HELD =
  "model.parameters() has what the model's fields hold: layers, arrays of layers, nn.parameter(x); it does not see #private fields, maps and plain objects";

/** Groups out of whatever they were given as. Throws UsageError for anything else, and where there is nothing to move. */
export function groupsOf(optimizer: string, given: OptimizedParameters): readonly ParamGroup[] {
  const refuse = (problem: string, hint: string): never => {
    throw new UsageError(`${optimizer}: ${problem}`, hint);
  };
  let groups: readonly ParamGroup[];
  if (given instanceof Map) groups = [{ name: "parameters", parameters: given as ReadonlyMap<string, Parameter> }];
  else if (Array.isArray(given)) {
    const items = given as readonly (ParamGroup | Tensor)[];
    const tensors = items.filter((item) => item instanceof Tensor);
    if (tensors.length > 0 && tensors.length < items.length)
      refuse("tensors and groups in one list", "{ name, parameters } for every group");
    const asParameters = tensors.map((tensor, i) => [String(i), { tensor, role: "other" }] as const);
    groups =
      tensors.length > 0
        ? [{ name: "parameters", parameters: new Map<string, Parameter>(asParameters) }]
        : (items as readonly ParamGroup[]);
  } else
    groups = refuse(
      `parameters of type ${given === null ? "null" : typeof given}, expected tensors, a map or groups`,
      "model.parameters(), or model.namedParameters()",
    );
  for (const { name, parameters } of groups) {
    if (!(parameters instanceof Map)) refuse(`group ${name} has no map of parameters`, "model.namedParameters()");
    for (const [parameter, { tensor }] of parameters as ReadonlyMap<string, Parameter>)
      if (tensor.edge !== null || !isFloat(tensor.dtype))
        refuse(
          `parameter ${parameter} is ${isFloat(tensor.dtype) ? "the result of an op" : `of ${tensor.dtype}`}, expected a float leaf`,
          "the tensor that requires the gradient, not what was computed from it",
        );
  }
  if (groups.every(({ parameters }) => parameters.size === 0)) refuse("nothing to move, expected parameters", HELD);
  return groups;
}

/** Throws UsageError where a name or a tensor comes twice: it would move twice as far. */
export function expectDistinct(optimizer: string, parameters: readonly (readonly [string, Parameter])[]): void {
  const names = new Set<string>();
  const tensors = new Map<Tensor, string>();
  for (const [name, { tensor }] of parameters) {
    if (names.has(name)) throw new UsageError(`${optimizer}: parameter ${name} is in two groups`);
    const twin = tensors.get(tensor);
    if (twin !== undefined) throw new UsageError(`${optimizer}: ${twin} and ${name} are one parameter`);
    names.add(name);
    tensors.set(tensor, name);
  }
}
