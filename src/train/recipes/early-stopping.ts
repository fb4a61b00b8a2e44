/**
 * The part of a recipe that hears its validations: when it stops early, and by which figure the best weights are kept. What
 * can be asked for, and how it is told.
 */
import type { MetricName, Recipe } from "../../models/recipe.js";
import { UsageError } from "../../util/errors.js";
import { formatRate, isTop5Telling } from "../../util/format.js";

/** What a run does differently from its recipe; undefined: as the recipe says. */
export interface StoppingChanges {
  /** Validations in a row without a better figure. */
  readonly patience?: number | undefined;
  /** Default: the one to save by, else top1. */
  readonly patienceMetric?: MetricName | undefined;
  /** By how much a figure has to be better. */
  readonly minDelta?: number | undefined;
  readonly saveBest?: MetricName | undefined;
}

/** The recipe with the changes. Throws UsageError for a metric or a margin of a patience that is not there. */
export function changeStopping(base: Recipe, changes: StoppingChanges): Recipe {
  const { saveBest = base.saveBest, patienceMetric, minDelta } = changes;
  const { earlyStopping: former } = base;
  const patience = changes.patience ?? former?.patience;
  if (patience === undefined && (patienceMetric !== undefined || minDelta !== undefined))
    throw new UsageError(
      `train: ${patienceMetric === undefined ? "--min-delta" : "--patience-metric"} without --patience`,
      "--patience 5 stops after five epochs without a better validation",
    );
  const metric = patienceMetric ?? former?.metric ?? saveBest ?? "top1";
  const delta = minDelta ?? former?.minDelta;
  return {
    ...base,
    ...(patience !== undefined && {
      earlyStopping: { patience, metric, ...(delta !== undefined && { minDelta: delta }) },
    }),
    ...(saveBest !== undefined && { saveBest }),
  };
}

/** Throws UsageError, before a run starts, where nothing could be told from its validations. */
export function expectWatchable(
  { earlyStopping, saveBest }: Pick<Recipe, "earlyStopping" | "saveBest">,
  { validates, numClasses }: { readonly validates: boolean; readonly numClasses: number },
): void {
  if (!earlyStopping && saveBest === undefined) return;
  if (!validates)
    throw new UsageError(
      `train: ${saveBest === undefined ? "--patience" : "--save-best"} with --no-validate, expected a validation after each epoch`,
      "leave --no-validate away",
    );
  const { patience = 1, metric, minDelta = 0 } = earlyStopping ?? {};
  if (!Number.isSafeInteger(patience) || patience < 1 || !(minDelta >= 0))
    throw new UsageError(
      `train: patience is ${patience} and minDelta ${minDelta}, expected a whole number of at least 1 and a number of at least 0`,
    );
  if ([metric, saveBest].includes("top5") && !isTop5Telling(numClasses))
    throw new UsageError(
      `train: top5 of ${numClasses} classes says nothing, expected another metric`,
      "top1, or loss, which still falls where top1 stays",
    );
}

/** Why a run ended before its last epoch, for people. */
export function describeEarlyStop({ waited }: { readonly waited: number }, { earlyStopping }: Recipe): string {
  const { metric, minDelta = 0 } = earlyStopping!;
  const margin = minDelta > 0 ? ` by more than ${formatRate(minDelta)}` : "";
  return `stopped early: ${waited} ${waited === 1 ? "epoch" : "epochs"} in a row without a better ${metric}${margin}`;
}
