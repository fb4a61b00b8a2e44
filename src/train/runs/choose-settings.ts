/**
 * What a run does: as the options say, and where it goes on, as its checkpoint and its run.json say, with the options that
 * are given again.
 */
import { resolve } from "node:path";
import { type DecoderName, haveSamePixels } from "../../data/codecs/decoder.js";
import type { DataSource } from "../../data/sets/dataset.js";
import type { Recipe } from "../../models/recipe.js";
import { UsageError } from "../../util/errors.js";
import { shownPath } from "../../util/shown-path.js";
import { isDemoRecipe, type RecipeChoice, resumedRecipe } from "../recipes/choose-recipe.js";
import { laidOverStored, type ResolvedRecipe } from "../recipes/config/resolve-recipe.js";
import type { RunSettings } from "../recipes/config/run-fields.js";
import { mergeSettings, otherBits } from "./run-file.js";
import type { StoredRun } from "./stored-run.js";

/** Options of `train` that decide what a run does. */
export type RunValues = RecipeChoice &
  Omit<RunSettings, "data" | "decoder" | "valFraction"> & {
    readonly data: DataSource | undefined;
    readonly valFraction: number | undefined;
    readonly decoder: DecoderName | undefined;
    readonly seed: number;
    readonly replicas: number;
  };

export interface RunPlan {
  readonly recipe: Recipe;
  readonly seed: number;
  readonly replicas: number;
  readonly settings: RunSettings;
  /** What the options change in a run that goes on, where that is allowed. */
  readonly notices: readonly string[];
}

/** `fresh` is what options and config ask for where no run goes on; `given` names the options that were said. */
export function choosePlan(
  values: RunValues,
  given: ReadonlySet<string>,
  fresh: Pick<ResolvedRecipe, "recipe" | "layers">,
  stored: StoredRun | null,
): RunPlan {
  const {
    decoder = null,
    valFraction = null,
    onBadPicture,
    backend,
    turbo,
    noValidate,
    validateRaw,
    keep,
    saveEvery,
    checkEvery,
  } = values;
  const data =
    typeof values.data === "string" ? resolve(values.data) : (values.data?.map((one) => resolve(one)) ?? null);
  const own: RunSettings = {
    data,
    valFraction,
    onBadPicture,
    decoder,
    backend,
    turbo,
    noValidate,
    validateRaw,
    keep,
    saveEvery,
    checkEvery,
  };
  const merged = mergeSettings(stored?.settings ?? null, own, given);
  if (merged.settings.noValidate && merged.settings.valFraction)
    throw new UsageError(
      `--val-fraction ${merged.settings.valFraction} and --no-validate, expected one of them`,
      "--no-validate trains on every picture",
    );
  if (!stored) return { recipe: fresh.recipe, seed: values.seed, replicas: values.replicas, ...merged };
  // a checkpoint that names its decoder leaves the choice, and the comparison, to the trainer
  const isKept = stored.decoder !== null;
  const settings = {
    ...merged.settings,
    decoder: isKept ? decoder : merged.settings.decoder,
    // a run that does not say began when plain kernels were what nobody asked for
    turbo: stored.settings || given.has("turbo") ? merged.settings.turbo : false,
  };
  const former = isKept ? null : (stored.settings?.decoder ?? null);
  const isOther = former !== null && decoder !== null && !haveSamePixels(former, decoder);
  const notices = [...merged.notices, ...(isOther ? [otherBits("decoder", former, decoder)] : [])];
  const seed = given.has("seed") ? values.seed : stored.seed;
  const replicas = given.has("replicas") ? values.replicas : stored.replicas;
  const recipe = resumedRecipe(laidOverStored(stored.recipe, fresh.layers), { ...values, replicas }, given);
  return { recipe, seed, replicas, settings, notices };
}

/** Where the pictures are, by default those in `demoData`. Throws UsageError where a run that goes on does not say. */
export function chooseData(
  { data }: RunSettings,
  values: { readonly data: DataSource | undefined; readonly resume: string | true | undefined },
  stored: StoredRun | null,
  demoData: string,
): { readonly data: DataSource; readonly isDemo: boolean } {
  const found = values.data ?? data;
  if (found !== null) return { data: found, isDemo: false };
  if (stored && !stored.settings && !isDemoRecipe(stored.recipe))
    throw new UsageError(
      `train: --resume${typeof values.resume === "string" ? ` ${shownPath(values.resume)}` : ""} without --data, and its run does not say where its pictures are`,
      "--data DIR names them",
    );
  return { data: demoData, isDemo: true };
}
