/**
 * `<out>/run.json`: what a run was asked for beside what its checkpoints hold, so that --resume alone knows it. Paths and
 * speed stay out of checkpoints, whose bytes depend on neither.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type DecoderName, decoderNames } from "../../data/codecs/decoder.js";
import type { DataSource } from "../../data/sets/dataset.js";
import { writeFileAtomic } from "../../util/atomic-file.js";
import { CheckpointError } from "../../util/errors.js";
import type { Logger, RunInfo } from "../loggers/events.js";
import { type BadPictureChoice, badPictureChoices } from "../run-options.js";

const FORMAT = "tensorone-run-1";
const RUN_FILE_NAME = "run.json";

/** Options of `train` that a resumed run takes over unless they are given again. */
export interface RunSettings {
  /** Absolute; null for the bundled demo set. */
  readonly data: DataSource | null;
  /** null: the default, where no pictures are marked for validation. */
  readonly valFraction: number | null;
  readonly onBadPicture: BadPictureChoice;
  /** null until the run has chosen. */
  readonly decoder: DecoderName | null;
  /** A backend's name: the command line knows which there are. */
  readonly backend: string;
  readonly turbo: boolean;
  readonly noValidate: boolean;
  readonly validateRaw: boolean;
  readonly keep: number;
  readonly checkEvery: number;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1;
const isText = (value: unknown): boolean => typeof value === "string";
const isName = (value: unknown): boolean => typeof value === "string" && value !== "";
const isFlag = (value: unknown): boolean => typeof value === "boolean";

/** What each of them may be: files come from anywhere. */
const checks: { readonly [K in keyof RunSettings]: (value: unknown) => boolean } = {
  data: (value) => value === null || isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText)),
  valFraction: (value) => value === null || (typeof value === "number" && value >= 0 && value < 1),
  onBadPicture: (value) => badPictureChoices.some((name) => name === value),
  decoder: (value) => value === null || decoderNames.some((name) => name === value),
  backend: isName,
  turbo: isFlag,
  noValidate: isFlag,
  validateRaw: isFlag,
  keep: isCount,
  checkEvery: isCount,
};

/** What files of earlier versions do not say. */
const former: Partial<RunSettings> = { valFraction: null, onBadPicture: "stop" };

/** The settings of the run in a folder; null where it has none. Throws CheckpointError for a damaged file. */
export async function readRunSettings(folder: string): Promise<RunSettings | null> {
  const path = join(folder, RUN_FILE_NAME);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  let found: Partial<RunSettings> & { readonly format?: unknown };
  try {
    found = { ...former, ...(JSON.parse(text) as typeof found) };
  } catch {
    found = {};
  }
  const wrong = (Object.keys(checks) as (keyof RunSettings)[]).find((name) => !checks[name](found?.[name]));
  if (found?.format !== FORMAT || wrong !== undefined)
    throw new CheckpointError(
      `${path}: ${wrong ?? "format"} is ${JSON.stringify(found?.[wrong ?? "format"])}, the file is damaged`,
      "remove it, and give --resume the options of the run again",
    );
  return found as RunSettings;
}

/** Writes the settings beside the first checkpoint: a run that leaves none has nothing to go on with. */
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

  async onCheckpoint(): Promise<void> {
    if (this.#isWritten) return;
    const text = `${JSON.stringify({ format: FORMAT, ...this.#settings }, null, 1)}\n`;
    await writeFileAtomic(join(this.#out, RUN_FILE_NAME), text);
    this.#isWritten = true;
  }
}

/** Settings that change the numbers of a run: another value is worth a line. */
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
    (Object.keys(checks) as (keyof RunSettings)[]).map((name) => [name, given.has(name) ? own[name] : stored[name]]),
  ) as unknown as RunSettings;
  const notices = telling
    .filter((name) => settings[name] !== stored[name])
    .map((name) => otherBits(name, stored[name], settings[name]));
  return { settings, notices };
}
