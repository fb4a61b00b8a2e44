/**
 * The JSON Schema and our own check of configs, which share the table and no code, answer alike: against Debian's python3-jsonschema.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { MersenneTwister } from "../../src/data/random.js";
import { listModels } from "../../src/models/index.js";
import { demoRecipe, publishedRecipe } from "../../src/train/recipes/choose-recipe.js";
import { recipeSchema } from "../../src/train/recipes/config/json-schema.js";
import { recipeFields } from "../../src/train/recipes/config/recipe-fields.js";
import { resolveRecipe } from "../../src/train/recipes/config/resolve-recipe.js";
import type { Fields, Rule } from "../../src/train/recipes/config/rules.js";
import { runFields } from "../../src/train/recipes/config/run-fields.js";

const python = process.env.SCHEMA_PYTHON ?? "/usr/bin/python3";
const hasValidator = spawnSync(python, ["-c", "from jsonschema import Draft202012Validator"]).status === 0;

const PROGRAM = `
import json, sys
from jsonschema import Draft202012Validator
schema, configs = json.load(sys.stdin)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
print(json.dumps([validator.is_valid(config) for config in configs]))
`;
const judged = (configs: readonly unknown[]): boolean[] =>
  JSON.parse(
    execFileSync(python, ["-c", PROGRAM], {
      input: JSON.stringify([recipeSchema(), configs]),
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    }),
  ) as boolean[];

const folder = mkdtempSync(join(tmpdir(), "tensorone-schema-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Refusals of what fits field by field and not together, which no schema says. */
const TOGETHER = /expected rising epochs|expected a momentum and no dampening|"step" without schedule/;

/** What our own check has against a config; null: nothing. */
async function refusal(config: unknown): Promise<string | null> {
  const path = join(folder, "config.json");
  writeFileSync(path, JSON.stringify(config));
  try {
    await resolveRecipe({ config: path, defaultModel: "mobileone_s0" });
    return null;
  } catch (error) {
    return TOGETHER.test(String(error)) ? null : String(error);
  }
}

/** Values as a rule wants them, and as it does not: about one of twelve is wrong in some way. */
class Drawing {
  readonly #random: MersenneTwister;

  constructor(seed: number) {
    this.#random = new MersenneTwister(seed);
  }

  #chance(share: number): boolean {
    return this.#random.double() < share;
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random.double() * from.length)]!;
  }

  /** `isNew` where the recipe may lack the section, which then has to be whole: what a schema cannot know. */
  value(rule: Rule, isNew = false): unknown {
    if (this.#chance(1 / 12)) return this.#pick([null, true, "word", "", -1, 0, 0.5, 1, 3, 7000, [], [1, 2], { a: 1 }]);
    switch (rule.kind) {
      case "number": {
        const { min = 0, max = 10, above = min, below = max } = rule;
        const value = Math.max(min, above) + this.#random.double() * (Math.min(max, below) - Math.max(min, above));
        return this.#chance(0.2) ? this.#pick([min, max, above, below]) : rule.isWhole ? Math.round(value) : value;
      }
      case "text":
        return "some text";
      case "flag":
        return this.#chance(0.5);
      case "null":
        return null;
      case "choice":
        return this.#pick(rule.names);
      case "either":
        return this.value(this.#pick(rule.rules));
      case "list":
        return Array.from({ length: rule.length ?? this.#pick([0, 1, 2]) }, () => this.value(rule.of));
      case "map":
        return { cat: this.value(rule.of), dog: this.value(rule.of) };
      case "object":
        return this.object(rule.fields, 0.85, isNew);
      case "tagged": {
        const name = this.#pick(Object.keys(rule.rows));
        // without its kind, what a section may hold depends on the recipe that is changed
        return { [rule.tag]: name, ...this.object(rule.rows[name]!, 0.8) };
      }
      case "keyed":
        return this.object(this.#pick(Object.values(rule.rows)), 0.9, isNew);
    }
  }

  object(fields: Fields, share: number, isNew = false): { [name: string]: unknown } {
    const named = Object.entries(fields).filter(
      ([, { absent }]) => this.#chance(share) || (isNew && absent === undefined),
    );
    const entries = named.map(([name, { rule, absent }]) => [
      name,
      absent !== undefined && this.#chance(0.1) ? null : this.value(rule, absent !== undefined),
    ]);
    return { ...Object.fromEntries(entries), ...(this.#chance(0.02) && { unheard: 1 }) };
  }
}

describe.skipIf(!hasValidator)("with python3-jsonschema (skipped where python3 has none)", () => {
  it("every recipe there is, whole and as a change, is valid", () => {
    const recipes = listModels().flatMap((model) => [
      publishedRecipe(model),
      publishedRecipe(model, "as-shipped"),
      demoRecipe(model),
    ]);
    const configs = recipes.flatMap((recipe) => [recipe, { extends: null, ...recipe, run: { seed: 1, data: null } }]);
    expect(judged(configs)).toEqual(configs.map(() => true));
  });

  it("1,500 drawn configs are valid by both or by neither", async () => {
    const drawing = new Drawing(11);
    const whole = publishedRecipe("mobileone_s2");
    const configs = Array.from({ length: 1500 }, (_, i) => {
      const fields = drawing.object(recipeFields as unknown as Fields, i % 2 === 0 ? 0.3 : 0.08);
      const run = i % 5 === 0 ? { run: drawing.object(runFields as unknown as Fields, 0.3) } : {};
      const base =
        [{}, { extends: null }, { extends: null, ...whole }, { extends: "mobileone_s1" }, { extends: 5 }][i % 7] ?? {};
      return { ...base, ...fields, ...run };
    });
    const ours: (string | null)[] = [];
    for (const config of configs) ours.push(await refusal(config));
    const theirs = judged(configs);
    const split = configs.filter((_, i) => (ours[i] === null) !== theirs[i]);
    const shown = split.slice(0, 3).map((config) => [JSON.stringify(config), ours[configs.indexOf(config)]]);
    expect(shown).toEqual([]);
    // a drawing that makes one kind alone would show nothing
    const valid = theirs.filter(Boolean).length;
    expect(valid).toBeGreaterThan(300);
    expect(valid).toBeLessThan(1200);
  });
});
