/**
 * What a recipe's `transfer` makes of a model and of its optimiser: stages that stay as they are, and a classifier that moves at a
 * rate of its own.
 */
import type { Classifier } from "../../models/index.js";
import type { Recipe } from "../../models/recipe.js";
import { type ParamGroup, splitNormParameters } from "../../optim/index.js";

/** Freezes what the recipe wants frozen. Throws UsageError for stages that the model has not. */
export function applyTransfer(model: Classifier, { transfer }: Pick<Recipe, "transfer">): void {
  const { frozenStages = -1, normEval = false } = transfer ?? {};
  if (frozenStages >= 0 || normEval) model.freezeStages(frozenStages, { normEval });
}

/** The parameters that learn, by what they share: weights, γ and β of batch norms, and the classifier where it has its own rate. */
export function parameterGroups(
  model: Classifier,
  { schedule, transfer }: Pick<Recipe, "schedule" | "transfer">,
): ParamGroup[] {
  const headLr = transfer?.headLr;
  const isOfHead = (name: string): boolean => headLr !== undefined && name.startsWith(`${model.classifierName}.`);
  const groups: ParamGroup[] = splitNormParameters(model, schedule.normWeightDecay).map((group) => ({
    ...group,
    parameters: new Map([...group.parameters].filter(([name, { tensor }]) => tensor.requiresGrad && !isOfHead(name))),
  }));
  if (headLr === undefined) return groups;
  const head = [...model.namedParameters()].filter(([name]) => isOfHead(name));
  return [...groups, { name: "head", parameters: new Map(head), lr: headLr }];
}
