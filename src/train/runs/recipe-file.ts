/**
 * `<out>/recipe.json` and `<out>/command.txt`: the recipe that a run really follows, as a config that starts the same run again, and the
 * lines that started it. Written with the first step: a run that never began leaves neither.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { DataError } from "../../util/errors.js";
import { readTextWithin } from "../../util/read-within.js";
import type { Logger, RunInfo } from "../loggers/events.js";
import type { RunConfig } from "../recipes/config/run-fields.js";

/** Name of the resolved recipe in a run folder. */
export const RECIPE_NAME = "recipe.json";
/** Name of the file of lines that started a run. */
export const COMMAND_NAME = "command.txt";

/** What a run does not tell its loggers. */
export interface RecipeFileOptions {
  /** What the run was asked for beside its recipe. Default: its data, seed, replicas and decoder. */
  readonly run?: RunConfig;
  /** The line that started it, to be pasted into a shell; default: none is written. */
  readonly command?: string;
}

/**
 * A logger that writes the resolved recipe of a run into its folder, and the line that started it. A run that goes on keeps its
 * recipe.json and adds its line.
 *
 * @example
 * ```ts
 * import { RecipeFileLogger } from "tensorone/node";
 * const loggers = [new RecipeFileLogger()]; // for train({ loggers, … })
 * console.log(loggers.length); // 1
 * ```
 */
export class RecipeFileLogger implements Logger {
  readonly #options: RecipeFileOptions;
  #info: RunInfo | null = null;

  constructor(options: RecipeFileOptions = {}) {
    this.#options = options;
  }

  onStart(info: RunInfo): void {
    this.#info = info;
  }

  async onStep(): Promise<void> {
    if (this.#info === null) return;
    const { out, recipe, data, seed, replicas, decoder, startStep } = this.#info;
    this.#info = null;
    const { run, command } = this.#options;
    const path = join(out, RECIPE_NAME);
    const config = { extends: null, ...recipe, run: { data, ...run, seed, replicas, decoder } };
    // that of a run which died before its first checkpoint may be another one's
    if (startStep === 0 || !existsSync(path)) await writeFileAtomic(path, `${JSON.stringify(config, null, 2)}\n`);
    if (command !== undefined) await addLine(join(out, COMMAND_NAME), command);
  }
}

async function addLine(path: string, line: string): Promise<void> {
  const before = existsSync(path) ? readTextWithin(path, "textBytes", DataError) : "";
  await writeFileAtomic(path, `${before}${line}\n`);
}
