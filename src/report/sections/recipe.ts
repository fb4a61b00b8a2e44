/** The recipe field by field beside the published one; what differs is marked. */
import type { RunFacts } from "../facts/run-facts.js";
import { html } from "../page/html.js";
import { missingNote, type Section, type TableRow, tableOf } from "./section.js";

/** Names and sources, which no number depends on. */
const unnumbered = new Set(["name", "source", "model", "plan"]);

/** Dotted path and value of everything in a recipe; lists are values. */
function fieldsOf(value: unknown, path = ""): [path: string, value: unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return value === undefined ? [] : [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => fieldsOf(inner, path === "" ? name : `${path}.${name}`));
}

/** Of a number that is shown: a warm-up fitted to a run has sixteen. */
const DIGITS = 6;

/** As JSON, with spaces after commas; texts without their quotes. */
const shown = (value: unknown): string => {
  if (value === undefined) return "–";
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(Number(value.toPrecision(DIGITS)));
  return JSON.stringify(value).replace(/([,:])(?=[^,])/g, "$1 ");
};

export function recipeSection({ checkpoint, published, command, tab }: RunFacts): Section {
  if (tab) return { id: "recipe", title: "Training", body: html`<p>${tab.training}</p>` };
  // one for each time that the run was begun or gone on with
  const lines = "value" in command ? command.value.split("\n") : [];
  const line =
    "value" in command
      ? html`<h3>${lines.length > 1 ? "Commands" : "Command"}</h3><pre>${lines.map((words) => html`${words}\n`)}</pre>`
      : missingNote(command.missing);
  if (!checkpoint)
    return {
      id: "recipe",
      title: "Recipe",
      body: [missingNote("No checkpoint can be read, and the recipe stands in checkpoints."), line],
    };
  const { recipe, seed, replicas } = checkpoint;
  const own = new Map(fieldsOf(recipe).filter(([name]) => !unnumbered.has(name)));
  const others = new Map(fieldsOf(published).filter(([name]) => !unnumbered.has(name)));
  const names = [...new Set([...own.keys(), ...others.keys()])];
  let changed = 0;
  const rows = names.map((name): TableRow => {
    const [is, was] = [own.get(name), others.get(name)];
    const isOther = published !== null && JSON.stringify(is) !== JSON.stringify(was);
    if (isOther) changed++;
    return {
      cells: [html`<code>${name}</code>`, shown(is), ...(published ? [isOther ? shown(was) : "the same"] : [])],
      ...(isOther && { kind: "other" }),
    };
  });
  const about = published
    ? `${recipe.name} (${recipe.source}). ${changed === 0 ? "Every number is that of" : `${changed} of ${names.length} numbers differ from`} the published ${published.name} (${published.source})${changed === 0 ? "" : "; these are marked"}.`
    : `${recipe.name} (${recipe.source}).`;
  const plan =
    recipe.plan === "short" ? " The run is short for its recipe: warm-up and average were fitted to its length." : "";
  return {
    id: "recipe",
    title: "Recipe",
    body: html`<p>${about}${plan} Seed ${seed}, ${replicas} ${replicas === 1 ? "replica" : "replicas"}.</p>
<div class="wide">${tableOf(
      [{ title: "field" }, { title: "this run" }, ...(published ? [{ title: "published" }] : [])],
      rows,
    )}</div>
${line}`,
  };
}
