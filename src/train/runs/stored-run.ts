/**
 * What a run to go on with says of itself: recipe, seed and replicas from its checkpoint, the rest from its run.json.
 */
import { join } from "node:path";
import type { DecoderName } from "../../data/codecs/decoder.js";
import type { Recipe } from "../../models/recipe.js";
import { readRunToResume } from "../checkpoints/checkpoint.js";
import type { RunSettings } from "../recipes/config/run-fields.js";
import { readRunSettings } from "./run-file.js";
import { runOf } from "./run-folders.js";

export interface StoredRun {
  readonly recipe: Recipe;
  readonly seed: number;
  readonly replicas: number;
  /** null where the checkpoint does not say. */
  readonly decoder: DecoderName | null;
  /** null where the folder has no run.json. */
  readonly settings: RunSettings | null;
}

/** The run behind `resume`: a checkpoint, or true for the newest in `out`; null where readRunToResume finds none. */
export async function readStoredRun(out: string, resume: string | true): Promise<StoredRun | null> {
  const file = await readRunToResume(join(out, "checkpoints"), resume);
  if (!file) return null;
  const { recipe, seed, replicas, decoder = null } = file;
  return { recipe, seed, replicas, decoder, settings: await readRunSettings(resume === true ? out : runOf(resume)) };
}
