/**
 * What a run says before its first step: how far it goes and from where, and what differs from the recipe as it was published.
 */
import type { Recipe } from "../models/recipe.js";
import type { Extent } from "./logger-set.js";
import { describeChoices } from "./recipes/describe-augmentation.js";
import { describePlan } from "./recipes/plan.js";
import type { RunData } from "./run-data.js";
import type { TrainOptions } from "./run-options.js";
import type { Session } from "./steps/session.js";

/** A line each. */
export function noticesOf(
  recipe: Recipe,
  session: Session,
  data: RunData,
  classWeights: readonly number[] | null,
): string[] {
  const plan = describePlan(recipe, session.stepsPerEpoch);
  const choices = describeChoices(recipe, classWeights);
  const size = recipe.images.trainSize;
  return [
    ...data.notices,
    ...(plan === null ? [] : [plan]),
    ...(choices === null ? [] : [choices]),
    ...(data.leavesOneOut
      ? [`one picture of each replica is left out of every epoch: alone in a batch of ${size} px it has no variance`]
      : []),
  ];
}

export function extentOf(session: Session, data: RunData, options: TrainOptions, totalSteps: number): Extent {
  const { stepsPerEpoch, step: startStep, averages, isValidationDue: isMissing, watch } = session;
  const { recipe, validate = true } = options;
  // of a short run that is at its end already it comes once more, and the log has it once
  const comesAgain = validate && recipe.plan === "short" && (startStep === totalSteps || watch.isOver);
  const isValidationDue = isMissing || comesAgain;
  const { sums } = averages;
  const former = { ...(sums.epoch.steps > 0 && { former: sums }), ...(isValidationDue && { isValidationDue }) };
  return { valImages: data.valImages, stepsPerEpoch, totalSteps, startStep, ...former };
}
