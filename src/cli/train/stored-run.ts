/**
 * What a run to go on with says of itself: recipe, seed and replicas from its checkpoint, the rest from its run.json.
 */
import { join } from "node:path";
import { listCheckpoints } from "../../train/checkpoints/checkpoint.js";
import { readCheckpointFile } from "../../train/checkpoints/checkpoint-format.js";
import { containerOf } from "../../train/checkpoints/model-file.js";
import type { Recipe } from "../../train/recipes/recipe.js";
import { runOf } from "../paths.js";
import { type RunSettings, readRunSettings } from "./run-file.js";

export interface StoredRun {
  readonly recipe: Recipe;
  readonly seed: number;
  readonly replicas: number;
  /** null where the folder has no run.json. */
  readonly settings: RunSettings | null;
}

/**
 * The run behind `resume`: a checkpoint, or true for the newest in `out`. null for mmengine's files, which hold no recipe
 * of ours, and where no checkpoint can be read, which is the trainer's to report.
 */
export async function readStoredRun(out: string, resume: string | true): Promise<StoredRun | null> {
  if (resume !== true && containerOf(resume) === "torch") return null;
  const [newest] = resume === true ? await listCheckpoints(join(out, "checkpoints")) : [{ path: resume, step: 0 }];
  if (!newest || newest.step < 0) return null;
  const file = await readCheckpointFile(newest.path.replace(/\.safetensors$/, ".json")).catch(() => null);
  if (!file) return null;
  const { recipe, seed, replicas } = file;
  return { recipe, seed, replicas, settings: await readRunSettings(resume === true ? out : runOf(resume)) };
}
