/**
 * A config from a file: what it says of the recipe and of the run, and what it extends.
 */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { UsageError } from "../../../util/errors.js";
import { type JsonLines, parseJsonLines } from "../../../util/json-lines.js";
import { readTextWithin } from "../../../util/read-within.js";
import { visibleText } from "../../../util/visible-text.js";
import { shownValue } from "./expected.js";
import { type ConfigLayer, faultsError, type Patch } from "./layers.js";
import { type Fault, overlay } from "./overlay.js";
import { object } from "./rules.js";
import { type RunConfig, runFields } from "./run-fields.js";

/** A config that was read, with those it extends. */
export interface RecipeFile {
  /** As it was named. */
  readonly path: string;
  /** A recipe's name; null: none, the file names every field; undefined: the recipe that the run would have without it. */
  readonly base: string | null | undefined;
  /** What the files say, the farthest one first. */
  readonly layers: readonly ConfigLayer[];
  /** What they say of the run, paths absolute. */
  readonly run: RunConfig;
}

/**
 * Reads a config of `--config`: JSON of recipe fields, and `extends`, `run`, `$schema`. Fields are checked when resolveRecipe lays them
 * over a recipe. Throws UsageError with file and line for what is no JSON, for `extends` and for `run`.
 *
 * @example
 * <!-- test: given config from test/docs/given/config.ts -->
 * ```ts
 * import { loadRecipeFile, resolveRecipe } from "tensorone/node";
 * const file = await loadRecipeFile(config);
 * const { recipe } = await resolveRecipe({ model: "mobileone_s0", config: file });
 * console.log(recipe.optimizer.weightDecay); // 0.05
 * ```
 */
export const loadRecipeFile = (path: string): Promise<RecipeFile> => load(path, []);

async function load(path: string, from: readonly string[]): Promise<RecipeFile> {
  const named = [...from, path].map(visibleText);
  const where = from.length === 0 ? `--config ${named[0]}` : `${named.at(-2)}: extends ${named.at(-1)}`;
  if (from.some((one) => resolve(one) === resolve(path)))
    throw new UsageError(`${where}: it extends itself, expected an end: ${named.join(" extends ")}`);
  let text: string;
  try {
    text = readTextWithin(path, "textBytes", UsageError);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const came =
      { ENOENT: "there is no such file", EISDIR: "it is a folder", ERR_INVALID_ARG_VALUE: "no file is called so" }[
        code ?? ""
      ] ?? message;
    throw new UsageError(`${where}: ${came}, expected a JSON file of recipe fields`);
  }
  return understood(path, parseJsonLines(text, visibleText(path)), from);
}

async function understood(path: string, { value, lineOf }: JsonLines, from: readonly string[]): Promise<RecipeFile> {
  const whereOf = (part: string) => `${visibleText(path)}:${lineOf(part)}`;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UsageError(`${whereOf("")}: ${shownValue(value)}, expected an object of recipe fields`);
  const { $schema: _, extends: base, run = {}, ...patch } = value as Patch;
  if (base !== undefined && base !== null && (typeof base !== "string" || base === ""))
    throw new UsageError(
      `${whereOf("extends")}: extends: ${shownValue(base)}, expected a recipe's name, a file or null`,
    );
  const faults: Fault[] = [];
  const said = overlay(object(runFields), {}, run, "run", faults) as RunConfig;
  if (faults.length > 0) throw faultsError(faults, whereOf);
  const folder = dirname(path);
  const own = { layers: [{ patch, whereOf }], run: absolute(said, folder) };
  if (typeof base !== "string" || !isFileName(base)) return { path, base, ...own };
  const extended = await load(isAbsolute(base) ? base : join(folder, base), [...from, path]);
  return {
    path,
    base: extended.base,
    layers: [...extended.layers, ...own.layers],
    run: { ...extended.run, ...own.run },
  };
}

const isFileName = (text: string): boolean => /\.json$/i.test(text) || /[/\\]/.test(text);

/** Paths of a file are seen from its folder; weights may also be named otherwise, which is not a path. */
function absolute(run: RunConfig, folder: string): RunConfig {
  const { data, init } = run;
  const isFile = init !== undefined && existsSync(resolve(folder, init));
  return {
    ...run,
    ...(typeof data === "string" && { data: resolve(folder, data) }),
    ...(Array.isArray(data) && { data: data.map((one: string) => resolve(folder, one)) }),
    ...(isFile && { init: resolve(folder, init) }),
  };
}
