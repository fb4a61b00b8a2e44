/**
 * How many steps an epoch has: as many as fill with the pictures of a replica, a last one with the rest; where the rest is
 * one picture that batch norm cannot take alone, it is left out.
 */

import type { Recipe } from "../../models/recipe.js";
import { DataError } from "../../util/errors.js";

/** Pictures no larger than this leave one value a channel in the network's last stage, whose stride is that. */
const STRIDE = 32;

export interface EpochLength {
  readonly steps: number;
  /** Whether one picture of each replica is left out of each epoch, another one each time. */
  readonly leavesOneOut: boolean;
}

/** Whether one picture alone has no variance in a batch norm of the last stage, in some phase of the recipe. */
function needsTwo({ images }: Pick<Recipe, "images">): boolean {
  return Math.min(images.trainSize, ...images.switches.map(({ trainSize }) => trainSize)) <= STRIDE;
}

/**
 * The steps of an epoch over `trainImages` pictures shared by `replicas`, each padded to the same number. Throws DataError
 * where no step would have two pictures and each needs them.
 */
export function epochLength(
  recipe: Pick<Recipe, "images" | "batchSize">,
  trainImages: number,
  replicas: number,
): EpochLength {
  const own = Math.ceil(trainImages / replicas);
  const { batchSize } = recipe;
  const steps = Math.ceil(own / batchSize);
  const rest = own - (steps - 1) * batchSize;
  if (rest > 1 || !needsTwo(recipe)) return { steps, leavesOneOut: false };
  if (batchSize > 1 && steps > 1) return { steps: steps - 1, leavesOneOut: true };
  throw new DataError(
    `train: a batch is 1 picture of at most ${STRIDE} px, expected at least 2: batch norm has one value a channel in the last stage`,
    own > 1
      ? "--batch-size 2 or more, or pictures above 32 px: --image-size 64"
      : "more pictures for each replica, or larger ones: --image-size 64",
  );
}
