/**
 * The page of recipe fields, from the table that configs are checked by.
 */
import { expectedOf } from "../src/train/recipes/config/expected.js";
import { recipeFields } from "../src/train/recipes/config/recipe-fields.js";
import type { Fields, Rule } from "../src/train/recipes/config/rules.js";
import { runFields } from "../src/train/recipes/config/run-fields.js";

interface Line {
  readonly path: string;
  readonly value: string;
  readonly doc: string;
  readonly absent: string;
}

/** Rows of a field: its own, and of what it consists of. */
function linesOf(path: string, rule: Rule, doc: string, absent = ""): Line[] {
  const own = { path, doc, absent };
  switch (rule.kind) {
    case "object":
      return [{ ...own, value: "" }, ...partsOf(path, rule.fields)];
    case "tagged": {
      const names = Object.keys(rule.rows);
      const kind = {
        path: `${path}.${rule.tag}`,
        value: names.map(asCode).join(", "),
        doc: "which of them",
        absent: "",
      };
      return [{ ...own, value: "" }, kind, ...sharedParts(path, rule.rows)];
    }
    case "keyed":
      return [{ ...own, value: "" }, ...sharedParts(path, rule.rows)];
    case "list":
      if (rule.of.kind !== "object") return [{ ...own, value: words(rule) }];
      return [{ ...own, value: "a list" }, ...partsOf(`${path}[]`, rule.of.fields)];
    default:
      return [{ ...own, value: words(rule) }];
  }
}

const asCode = (name: string): string => `\`${name}\``;

/** What a value may be; names as code. */
function words(rule: Rule): string {
  if (rule.kind === "choice") return rule.names.map(asCode).join(", ");
  if (rule.kind === "either") return rule.rules.map(words).join(" or ");
  return expectedOf(rule).replace(/^a text that is not empty$/, "a text");
}

const partsOf = (path: string, fields: Fields): Line[] =>
  Object.entries(fields).flatMap(([name, { rule, doc, absent }]) => linesOf(`${path}.${name}`, rule, doc, absent));

/** Fields of several rows stand once, with the rows that have them where those are not all. */
function sharedParts(path: string, rows: { readonly [name: string]: Fields }): Line[] {
  const names = Object.keys(rows);
  const fields = new Map(Object.values(rows).flatMap((row) => Object.entries(row)));
  return [...fields].flatMap(([field, { rule, doc, absent }]) => {
    const owners = names.filter((name) => Object.hasOwn(rows[name]!, field));
    const said = owners.length === names.length ? doc : `${owners.map(asCode).join(", ")}: ${doc}`;
    return linesOf(`${path}.${field}`, rule, said, absent);
  });
}

const table = (lines: readonly Line[]): string[] => [
  "| field | value | what it means | absent |",
  "|---|---|---|---|",
  ...lines.map(({ path, value, doc, absent }) => `| ${[asCode(path), value, doc, absent].join(" | ")} |`),
];

const rowsOf = (fields: Fields): Line[] =>
  Object.entries(fields).flatMap(([name, { rule, doc, absent }]) => linesOf(name, rule, doc, absent));

/** docs/recipe-fields.md. */
export function recipeReference(): string {
  return `${[
    "# Fields of a recipe",
    "",
    "What `--config FILE.json` and `--set FIELD=VALUE` may say ([configs](own-pictures.md#configs)). Made from the table in",
    "`src/train/recipes/config`; [schema/recipe.schema.json](../schema/recipe.schema.json) says the same to editors. In a config, `null`",
    "takes away a field that may be absent.",
    "",
    ...table(rowsOf(recipeFields as unknown as Fields)),
    "",
    "## The section `run` of a config",
    "",
    "What a run is asked for beside its recipe; options of the same name on the line win. `--set` does not reach it.",
    "",
    ...table(rowsOf(runFields as unknown as Fields).map((line) => ({ ...line, path: `run.${line.path}` }))),
    "",
  ].join("\n")}`;
}
