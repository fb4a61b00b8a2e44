/**
 * Recipes by the names that runs show, for `extends` of a config.
 */
import { isModelName, listModels } from "../../../models/index.js";
import { type Recipe, recipeForms } from "../../../models/recipe.js";
import { UsageError } from "../../../util/errors.js";
import { nearestName } from "../../../util/nearest.js";
import { demoRecipe, publishedRecipe } from "../choose-recipe.js";
import { shownName } from "./expected.js";

/** MODEL, MODEL-demo, MODEL-as-shipped; null where it is no name of a recipe. */
function found(name: string): Recipe | null {
  if (isModelName(name)) return publishedRecipe(name);
  const ending = ["demo", ...recipeForms].find((one) => name.endsWith(`-${one}`));
  const model = name.slice(0, -`-${ending}`.length);
  if (ending === undefined || !isModelName(model)) return null;
  const form = recipeForms.find((one) => one === ending);
  return form === undefined ? demoRecipe(model) : publishedRecipe(model, form);
}

/** The recipe of that name. Throws UsageError, beginning with `where`, with the nearest name where there is none. */
export function recipeNamed(name: string, where: string): Recipe {
  const recipe = found(name);
  if (recipe) return recipe;
  const models = listModels();
  const nearest = nearestName(name, [...models, ...models.map((model) => `${model}-demo`)]);
  throw new UsageError(
    `${where}: there is no recipe ${shownName(name)}, expected MODEL, MODEL-as-shipped, MODEL-demo or a file`,
    nearest === undefined ? `models are ${models.join(", ")}` : `did you mean ${nearest}?`,
  );
}
