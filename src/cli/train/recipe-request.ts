/**
 * From the options of a line to what resolveRecipe is asked: those that stood on it, and the config that they name.
 */
import type { ModelName } from "../../models/index.js";
import type { Recipe, RecipeForm } from "../../models/recipe.js";
import { demoRecipe, publishedRecipe, type RecipeChanges } from "../../train/recipes/choose-recipe.js";
import { loadRecipeFile, type RecipeFile } from "../../train/recipes/config/config-file.js";
import { type ResolvedRecipe, resolveRecipe } from "../../train/recipes/config/resolve-recipe.js";
import type { RunConfig } from "../../train/recipes/config/run-fields.js";
import type { PlanOverrides } from "../../train/recipes/plan.js";
import { planOverrides } from "../shared-options.js";

/** Options about a recipe; commands have some of them. */
export interface RecipeValues extends RecipeChanges {
  readonly model: ModelName;
  readonly recipe: RecipeForm;
  readonly config: string | undefined;
  readonly set: readonly string[];
  readonly emaMomentum?: number | undefined;
  readonly emaWarmup?: "on" | "off" | undefined;
  readonly warmupEpochs?: number | undefined;
}

const planOf = ({ emaMomentum, emaWarmup, warmupEpochs }: RecipeValues): PlanOverrides =>
  planOverrides({ emaMomentum, emaWarmup, warmupEpochs });

/** The config of a line; undefined where it names none. Throws UsageError. */
export const configOf = async ({ config }: Pick<RecipeValues, "config">): Promise<RecipeFile | undefined> =>
  config === undefined ? undefined : loadRecipeFile(config);

/** The recipe of a line: where no config extends one, `base`, the demo set's or the published one is changed. */
export function recipeOf(
  values: RecipeValues,
  given: ReadonlySet<string>,
  from: { readonly config: RecipeFile | undefined; readonly isDemo: boolean; readonly base?: Recipe | undefined },
): Promise<ResolvedRecipe> {
  const { model, recipe } = values;
  const { config, isDemo, base } = from;
  return resolveRecipe({
    ...values,
    model: given.has("model") ? model : undefined,
    defaultModel: (base?.model as ModelName | undefined) ?? model,
    recipe: given.has("recipe") ? recipe : undefined,
    base: (of) => base ?? (isDemo ? demoRecipe(of) : publishedRecipe(of, recipe)),
    config,
    plan: planOf(values),
  });
}

/** The options of a line with what its config says of the run; those of the line win. */
export function withRun<V extends object>(
  values: V,
  given: ReadonlySet<string>,
  run: RunConfig = {},
): { readonly values: V; readonly given: ReadonlySet<string> } {
  // a run that goes on has its weights
  const isSaid = ([name, value]: [string, unknown]): boolean =>
    name in values && value !== null && !given.has(name) && !(name === "init" && given.has("resume"));
  const said = Object.entries(run).filter(isSaid);
  return {
    values: { ...values, ...Object.fromEntries(said) },
    given: new Set([...given, ...said.map(([name]) => name)]),
  };
}
