/**
 * How many batches and steps an epoch has: as many batches as fill with the pictures of a replica, a last one with the rest;
 * where the rest is one picture that batch norm cannot take alone, it is left out. A step takes as many batches as the recipe
 * accumulates, the last one of an epoch those that are left.
 */

import type { Recipe } from "../../models/recipe.js";
import { DataError, UsageError } from "../../util/errors.js";

/** Pictures no larger than this leave one value a channel in the network's last stage, whose stride is that. */
const STRIDE = 32;

export interface EpochLength {
  /** Moves of the weights. */
  readonly steps: number;
  /** Of each replica. */
  readonly batches: number;
  /** Whether one picture of each replica is left out of each epoch, another one each time. */
  readonly leavesOneOut: boolean;
}

/** Whether one picture alone has no variance in a batch norm of the last stage, in some phase of the recipe. */
function needsTwo({ images }: Pick<Recipe, "images">): boolean {
  return Math.min(images.trainSize, ...images.switches.map(({ trainSize }) => trainSize)) <= STRIDE;
}

/**
 * The steps of an epoch over `trainImages` pictures shared by `replicas`, each padded to the same number. Throws DataError
 * where no batch would have two pictures and each needs them, UsageError where the recipe accumulates no whole number.
 */
export function epochLength(
  recipe: Pick<Recipe, "images" | "batchSize" | "accumulate">,
  trainImages: number,
  replicas: number,
): EpochLength {
  const own = Math.ceil(trainImages / replicas);
  const { batchSize, accumulate = 1 } = recipe;
  if (!Number.isSafeInteger(accumulate) || accumulate < 1)
    throw new UsageError(`train: accumulate is ${accumulate}, expected a whole number of batches of at least 1`);
  const length = (batches: number, leavesOneOut: boolean) => {
    return { steps: Math.ceil(batches / accumulate), batches, leavesOneOut };
  };
  const batches = Math.ceil(own / batchSize);
  const rest = own - (batches - 1) * batchSize;
  if (rest > 1 || !needsTwo(recipe)) return length(batches, false);
  if (batchSize > 1 && batches > 1) return length(batches - 1, true);
  throw new DataError(
    `train: a batch is 1 picture of at most ${STRIDE} px, expected at least 2: batch norm has one value a channel in the last stage`,
    own > 1
      ? "--batch-size 2 or more, or pictures above 32 px: --image-size 64"
      : "more pictures for each replica, or larger ones: --image-size 64",
  );
}
