/** Everything that a run folder tells, in whatever state the run is: what is not there stands as the reason why. */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { DataSource } from "../../data/sets/dataset.js";
import { type Certificate, isModelName, summarize } from "../../models/index.js";
import type { Recipe, RecipeForm } from "../../models/recipe.js";
import { readRunToResume } from "../../train/checkpoints/checkpoint.js";
import type { CheckpointFile } from "../../train/checkpoints/checkpoint-format.js";
import { MODEL_FILE_NAME } from "../../train/checkpoints/final-model.js";
import { LOG_NAME } from "../../train/loggers/jsonl.js";
import { readSessions } from "../../train/loggers/machine.js";
import { publishedRecipe } from "../../train/recipes/choose-recipe.js";
import { readRunSettings } from "../../train/runs/run-file.js";
import { CheckpointError, DataError } from "../../util/errors.js";
import { isFolder } from "../../util/file-status.js";
import { readTextWithin } from "../../util/read-within.js";
import { type AnswerOptions, answersOf } from "./answers.js";
import { dataFacts, openSplit } from "./data.js";
import { listFiles } from "./files.js";
import { readLog } from "./log.js";
import { deliveredModel } from "./model.js";
import { type Found, missing, type RunFacts } from "./run-facts.js";

/** What of a folder makes it one of a run. */
const marks = [LOG_NAME, "checkpoints", MODEL_FILE_NAME];

export interface GatherOptions {
  /** Where the pictures are. Default: where the run found them. */
  readonly data?: DataSource | undefined;
  /** Where the bundled demo set is, for a run on it that does not say where. */
  readonly demo?: string | undefined;
  /** The certificate of a run that has just folded its model. Default: folded and certified once more. */
  readonly certificate?: Certificate | null | undefined;
  readonly answers: AnswerOptions;
  /** Path of the report as seen from the run folder, which does not list itself. */
  readonly ownPath: string;
}

/** The recipe of the authors in the form that the run names; null for a model that no family has. */
function publishedOf({ recipe }: CheckpointFile): Recipe | null {
  const form: RecipeForm = recipe.name.endsWith("-as-shipped") ? "as-shipped" : "intended";
  return isModelName(recipe.model) ? publishedRecipe(recipe.model, form) : null;
}

async function commandOf(folder: string): Promise<Found<string>> {
  try {
    return { value: readTextWithin(join(folder, "command.txt"), "textBytes", DataError).trim() };
  } catch {
    return missing("The command line was not kept: the run was made from code, or by an earlier version.");
  }
}

/** Throws CheckpointError for a folder that is none of a run. */
export async function gatherRun(
  run: string,
  { data, demo, certificate, answers, ownPath }: GatherOptions,
): Promise<RunFacts> {
  const folder = resolve(run);
  if (!isFolder(folder) || !marks.some((name) => existsSync(join(folder, name))))
    throw new CheckpointError(`report: ${run} is no run folder, expected one with ${marks.join(", ")}`);
  const checkpoint = await readRunToResume(join(folder, "checkpoints"), true);
  const sessions = await readSessions(folder);
  const log = await readLog(join(folder, LOG_NAME));
  const settings = await readRunSettings(folder).catch(() => null);
  // a version that wrote no machine.json may have made the run
  const stored = settings === null ? undefined : (settings.data ?? demo);
  const root = data ?? sessions.at(-1)?.data ?? stored;
  const valFraction = settings?.noValidate ? 0 : settings?.valFraction;
  const fraction = typeof valFraction === "number" ? { valFraction } : {};
  const imageSize = checkpoint?.recipe.images.evalSize ?? null;
  const model = checkpoint?.recipe.model;
  const splits =
    root === undefined
      ? missing("The run does not say where its pictures are; report --data DIR names them.")
      : { value: [openSplit(root, "train", fraction), openSplit(root, "val", fraction)] as const };
  const delivered = await deliveredModel(folder, certificate);
  try {
    return {
      name: basename(folder),
      folder,
      checkpoint,
      published: checkpoint && publishedOf(checkpoint),
      command: await commandOf(folder),
      sessions,
      log: log ? { value: log } : missing("There is no log.jsonl: the run wrote none, or has not begun."),
      data: "value" in splits ? dataFacts(root!, splits.value) : splits,
      answers: await answersOf(delivered, "value" in splits ? splits.value[1] : splits, answers),
      certificate: "value" in delivered ? { value: delivered.value.certificate } : delivered,
      costs:
        checkpoint && model !== undefined && isModelName(model) && imageSize !== null
          ? { value: summarize(model, { numClasses: checkpoint.numClasses, imageSize }).totals }
          : missing("No checkpoint says which model this is."),
      imageSize,
      files: await listFiles(folder, ownPath),
    };
  } finally {
    if ("value" in delivered) delivered.value.model.dispose();
  }
}
