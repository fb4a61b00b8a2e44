/** Stages of a model of a family by what people call them. */
import type { Classifier } from "../../models/index.js";
import { UsageError } from "../../util/errors.js";
import { nearestName } from "../../util/nearest.js";

/** Names of the stages, from the stem on. */
export const stageNames = (model: Classifier): string[] => model.featureInfo.map(({ module }) => module);

/**
 * The number of a stage given by number (negative ones from the last), name, or a number as text. Default: the last. Throws
 * UsageError where there is none.
 */
export function stageNumber(where: string, model: Classifier, stage: number | string = -1): number {
  const names = stageNames(model);
  const named = names.indexOf(String(stage));
  if (named >= 0) return named;
  const number = typeof stage === "number" || /^-?\d+$/.test(stage) ? Number(stage) : Number.NaN;
  const found = number < 0 ? number + names.length : number;
  if (Number.isInteger(found) && found >= 0 && found < names.length) return found;
  const meant = typeof stage === "string" ? nearestName(stage, names) : undefined;
  throw new UsageError(
    `${where}: no stage ${JSON.stringify(stage)}, expected one of ${names.join(", ")}, or a number from ${-names.length} to ${names.length - 1}`,
    meant === undefined ? undefined : `did you mean ${meant}?`,
  );
}
