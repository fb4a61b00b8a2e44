/**
 * What a training step of each block costs branch by branch and folded, and which of the two `auto` takes, without
 * running anything.
 */
import { defaultStorage } from "../../tensor/create.js";
import { UsageError } from "../../util/errors.js";
import { familyOf } from "../families.js";
import type { TrainingBackend } from "../training-choice.js";
import type { TrainingRow } from "./costs.js";

export interface TrainingSummaryOptions {
  /** Side of the square images. Default 224. */
  readonly imageSize?: number;
  /** Default 32. */
  readonly batchSize?: number;
  /** What would train. Default: the backend in use. */
  readonly backend?: TrainingBackend;
}

/** A row per block of `model` for square images. Throws UsageError for an unknown model, and one that trains in one form only. */
export function summarizeTraining(
  model: string,
  { imageSize = 224, batchSize = 32, backend = defaultStorage() }: TrainingSummaryOptions = {},
): TrainingRow[] {
  const { variants, ...family } = familyOf(model);
  const rows = family.trainingRows?.(variants[model]!, { imageSize, batchSize, backend });
  if (!rows)
    throw new UsageError(
      `summary: ${family.name} trains in one form only, its branches as they are`,
      "leave --training away: the multiply-adds of the training form are in the table",
    );
  return rows;
}
