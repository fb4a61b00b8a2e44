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

/** What a run does differently from its recipe; undefined: as the recipe says. */
export interface TransferChanges {
  readonly frozenStages?: number | undefined;
  /** false leaves it to the recipe. */
  readonly normEval?: boolean | undefined;
  /** Default: the recipe's, in proportion to the learning rate. */
  readonly headLr?: number | undefined;
}

/**
 * As a field to spread: absent where nothing is kept and the classifier has no rate of its own. A classifier's rate of the
 * recipe keeps its `ratio` to the others', and is scaled by `share` as they are.
 */
export function changeTransfer(
  { transfer }: Pick<Recipe, "transfer">,
  changes: TransferChanges,
  { share, ratio }: { readonly share: number; readonly ratio: number },
): Pick<Recipe, "transfer"> {
  const { frozenStages, headLr = transfer?.headLr && transfer.headLr * ratio } = changes;
  const normEval = changes.normEval || transfer?.normEval;
  const changed = {
    ...transfer,
    ...(frozenStages !== undefined && { frozenStages }),
    ...(normEval && { normEval }),
    ...(headLr !== undefined && { headLr: headLr * share }),
  };
  return Object.keys(changed).length > 0 ? { transfer: changed } : {};
}
