/**
 * The table of fields as a JSON Schema (draft 2020-12), which editors complete and check configs by.
 */
import { recipeFields } from "./recipe-fields.js";
import type { Fields, Rule } from "./rules.js";
import { runFields } from "./run-fields.js";

type Schema = { readonly [keyword: string]: unknown };

/** Its name in the package, and its address there. */
const SCHEMA_ID = "recipe.schema.json";

/** A value by its rule; `isWhole` where nothing stands below it, so that it has to name every field. */
function schemaOf(rule: Rule, isWhole: boolean): Schema {
  switch (rule.kind) {
    case "number": {
      const { isWhole: isInteger, min, above, max, below } = rule;
      return {
        type: isInteger ? "integer" : "number",
        ...(min !== undefined && { minimum: min }),
        ...(above !== undefined && { exclusiveMinimum: above }),
        ...(max !== undefined && { maximum: max }),
        ...(below !== undefined && { exclusiveMaximum: below }),
      };
    }
    case "text":
      return { type: "string", minLength: 1 };
    case "flag":
      return { type: "boolean" };
    case "null":
      return { type: "null" };
    case "choice":
      return { enum: rule.names };
    case "either":
      return { anyOf: rule.rules.map((one) => schemaOf(one, isWhole)) };
    case "list": {
      const { length } = rule;
      const ends = length === undefined ? {} : { minItems: length, maxItems: length };
      return { type: "array", items: schemaOf(rule.of, true), ...ends };
    }
    case "map":
      return { type: "object", additionalProperties: schemaOf(rule.of, true) };
    case "object":
      return objectOf(rule.fields, isWhole);
    case "tagged":
      return {
        anyOf: Object.entries(rule.rows).map(([name, fields]) =>
          objectOf(fields, isWhole, { [rule.tag]: { const: name } }),
        ),
      };
    case "keyed":
      return { anyOf: Object.values(rule.rows).map((fields) => objectOf(fields, isWhole)) };
    default:
      return rule satisfies never;
  }
}

/** Where a field may be absent, null takes it away. */
function objectOf(fields: Fields, isWhole: boolean, more: { readonly [name: string]: Schema } = {}): Schema {
  const properties = Object.entries(fields).map(([name, { rule, doc, absent }]) => {
    const schema = schemaOf(rule, isWhole);
    const description = absent === undefined ? doc : `${doc}. Absent: ${absent}`;
    return [name, { description, ...(absent === undefined ? schema : { anyOf: [schema, { type: "null" }] }) }] as const;
  });
  const needed = [
    ...Object.keys(more),
    ...Object.entries(fields).flatMap(([name, { absent }]) => (absent === undefined ? [name] : [])),
  ];
  return {
    type: "object",
    properties: { ...more, ...Object.fromEntries(properties) },
    ...(isWhole && needed.length > 0 && { required: needed }),
    additionalProperties: false,
  };
}

/** What a file that extends nothing has to name, section by section. */
function neededOf(fields: Fields): Schema {
  const needed = Object.entries(fields).filter(([, { absent }]) => absent === undefined);
  const sections = needed.flatMap(([name, { rule }]) => {
    if (rule.kind === "object") return [[name, neededOf(rule.fields)] as const];
    return rule.kind === "tagged" ? [[name, schemaOf(rule, true)] as const] : [];
  });
  return { required: needed.map(([name]) => name), properties: Object.fromEntries(sections) };
}

/**
 * The JSON Schema of configs, as schema/recipe.schema.json of the package holds it: draft 2020-12.
 *
 * @example
 * ```ts
 * import { recipeSchema } from "tensorone/node";
 * console.log(recipeSchema().$id); // recipe.schema.json
 * ```
 */
export function recipeSchema(): Schema {
  const fields = recipeFields as unknown as Fields;
  const { properties, ...rest } = objectOf(fields, false);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: SCHEMA_ID,
    title: "A recipe of tensorone, or what a config changes in one",
    ...rest,
    properties: {
      $schema: { description: "the address of this schema, for editors", type: "string" },
      extends: {
        description:
          "what the config changes: MODEL, MODEL-as-shipped, MODEL-demo, finetune, or another config by its path from here; null: nothing, it names every field. Absent: the recipe that the run would have without it",
        anyOf: [{ type: "string", minLength: 1 }, { type: "null" }],
      },
      ...(properties as Schema),
      run: {
        description: "what the run is asked for beside its recipe",
        ...objectOf(runFields as unknown as Fields, false),
      },
    },
    if: { properties: { extends: { type: "null" } }, required: ["extends"] },
    // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
    then: neededOf(fields),
  };
}
