/**
 * `<out>/run.json`: what a run was asked for beside what its checkpoints hold, so that --resume alone knows it. Paths and
 * speed stay out of checkpoints, whose bytes depend on neither.
 */
import { join } from "node:path";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { shownInError } from "../../util/clipped.js";
import { CheckpointError } from "../../util/errors.js";
import { parseJson } from "../../util/parse-json.js";
import { readWithin } from "../../util/read-within.js";
import type { Logger, RunInfo } from "../loggers/events.js";
import { isAllowed } from "../recipes/config/overlay.js";
import { type RunSettings, settingFields } from "../recipes/config/run-fields.js";
import { SAVE_EVERY } from "../recipes/save-every.js";

const FORMAT = "tensorone-run-1";
/** Name of the settings in a run folder. */
export const RUN_FILE_NAME = "run.json";
const DAMAGED_HINT = "remove it, and give --resume the options of the run again";

const settingNames = Object.keys(settingFields) as (keyof RunSettings)[];

/** A setting that a run.json lacks or has wrong: files come from anywhere, and from versions that knew fewer. */
const wrongSetting = (found: { readonly [name: string]: unknown }): string | undefined =>
  settingNames.find((name) => {
    const { rule, absent } = settingFields[name];
    return !(found[name] === undefined ? absent !== undefined : isAllowed(rule, found[name]));
  });

/** What files of earlier versions do not say. */
const former: Partial<RunSettings> = { valFraction: null, onBadPicture: "stop", saveEvery: SAVE_EVERY };

/** The settings of the run in a folder; null where it has none. Throws CheckpointError for a damaged file. */
export async function readRunSettings(folder: string): Promise<RunSettings | null> {
  const path = join(folder, RUN_FILE_NAME);
  let bytes: Uint8Array;
  try {
    bytes = readWithin(path, "jsonBytes", { fault: CheckpointError });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const damaged = () => new CheckpointError(`${path}: it is not JSON, the file is damaged`, DAMAGED_HINT);
  const said = parseJson(bytes, path, CheckpointError, damaged) as { readonly [name: string]: unknown } | null;
  const found: { readonly [name: string]: unknown } = { ...former, ...said };
  const wrong = wrongSetting(found) ?? (found.format === FORMAT ? undefined : "format");
  if (wrong !== undefined)
    throw new CheckpointError(`${path}: ${wrong} is ${shownInError(found[wrong])}, the file is damaged`, DAMAGED_HINT);
  return found as unknown as RunSettings;
}

/** Writes the settings with the first step, so that they are there before any checkpoint is. */
export class RunFileLogger implements Logger {
  readonly #out: string;
  #isWritten = false;
  #settings: RunSettings;

  constructor(out: string, settings: RunSettings) {
    this.#out = out;
    this.#settings = settings;
  }

  onStart({ decoder }: RunInfo): void {
    this.#settings = { ...this.#settings, decoder };
  }

  onStep(): Promise<void> {
    return this.onCheckpoint();
  }

  async onCheckpoint(): Promise<void> {
    if (this.#isWritten) return;
    const text = `${JSON.stringify({ format: FORMAT, ...this.#settings }, null, 1)}\n`;
    await writeFileAtomic(join(this.#out, RUN_FILE_NAME), text);
    this.#isWritten = true;
  }
}

/** Settings that change the numbers of a run: another value is worth a line, once it is known. */
const telling = ["backend", "turbo"] as const;

/** A line for a run that goes on otherwise. */
export const otherBits = (name: string, was: unknown, is: unknown): string =>
  `${name} was ${was}, is ${is}: the run goes on with other bits`;

/** The stored settings with those given on the line, and a line for each of these that changes numbers. */
export function mergeSettings(
  stored: RunSettings | null,
  own: RunSettings,
  given: ReadonlySet<string>,
): { readonly settings: RunSettings; readonly notices: readonly string[] } {
  if (!stored) return { settings: own, notices: [] };
  const settings = Object.fromEntries(
    settingNames.map((name) => [name, given.has(name) ? own[name] : stored[name]]),
  ) as unknown as RunSettings;
  const notices = telling
    .filter((name) => settings[name] !== null && settings[name] !== stored[name])
    .map((name) => otherBits(name, stored[name], settings[name]));
  return { settings, notices };
}
