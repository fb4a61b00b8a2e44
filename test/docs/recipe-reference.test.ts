/**
 * schema/recipe.schema.json and docs/recipe-fields.md are what the table of recipe fields gives today; `npx vitest run
 * test/docs/recipe-reference.test.ts -u` writes them anew.
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import { recipeReference } from "../../scripts/recipe-reference.js";
import { recipeSchema } from "../../src/train/recipes/config/json-schema.js";
import { packageRoot } from "./blocks.js";

it("schema/recipe.schema.json", async () => {
  const text = `${JSON.stringify(recipeSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot(join(packageRoot, "schema", "recipe.schema.json"));
});

it("docs/recipe-fields.md", async () => {
  await expect(recipeReference()).toMatchFileSnapshot(join(packageRoot, "docs", "recipe-fields.md"));
});
