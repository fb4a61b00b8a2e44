/** A run folder's entry in the list: state, figures, options. What is missing or damaged is not known, and no error. Node only. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { REPORT_NAME } from "../report/report.js";
import { MODEL_FILE_NAME } from "../train/checkpoints/final-model.js";
import { LOG_NAME } from "../train/loggers/jsonl.js";
import { MACHINE_NAME, type RunSession, readSessions } from "../train/loggers/machine.js";
import { RECIPE_NAME } from "../train/runs/recipe-file.js";
import { RUN_FILE_NAME } from "../train/runs/run-file.js";
import { LOCK_NAME, runHolder } from "../train/runs/run-lock.js";
import { DataError } from "../util/errors.js";
import { parseJson } from "../util/parse-json.js";
import { readWithin } from "../util/read-within.js";
import { type RunEntry, type RunState, runEntry } from "./run-entry.js";
import { RunLog } from "./run-log.js";

/** What of a folder makes it one of a run. */
const marks: readonly string[] = [LOG_NAME, MACHINE_NAME, RECIPE_NAME, LOCK_NAME];
/** Files that an entry is made of beside its log. */
const told: readonly string[] = [MACHINE_NAME, RECIPE_NAME, RUN_FILE_NAME, LOCK_NAME, REPORT_NAME, MODEL_FILE_NAME];

export const isRunFolder = (names: readonly string[]): boolean => marks.some((mark) => names.includes(mark));

function jsonOf(folder: string, name: string): unknown {
  try {
    const path = join(folder, name);
    const bytes = readWithin(path, "jsonBytes", { fault: DataError });
    return parseJson(bytes, path, DataError, (why) => new DataError(`${path}: ${why}`));
  } catch {
    return null;
  }
}

function stateOf(folder: string, names: readonly string[], step: number, session: RunSession | undefined): RunState {
  const holder = names.includes(LOCK_NAME) ? runHolder(folder) : null;
  if (holder?.isAlive) return "running";
  if (holder !== null && holder.isAlive === null) return "elsewhere";
  // a run that goes on keeps its former model until it delivers the next
  const hasEnded = session === undefined || session.endStep !== null;
  if (hasEnded && names.includes(MODEL_FILE_NAME)) return "finished";
  return step === 0 ? "begun" : "stopped";
}

/** A run under observation. */
export class ObservedRun {
  readonly id: string;
  readonly folder: string;
  readonly log: RunLog;
  #signature = "";
  #entry: RunEntry | null = null;

  constructor(id: string, folder: string) {
    this.id = id;
    this.folder = folder;
    this.log = new RunLog(join(folder, LOG_NAME));
  }

  /** As of the last look. */
  get entry(): RunEntry {
    return this.#entry!;
  }

  /** Looks again; whether anything has changed. */
  async look(): Promise<boolean> {
    const names = await readdir(this.folder).catch(() => []);
    const known = names.filter((name) => name === LOG_NAME || told.includes(name)).sort();
    const marksOfFiles = await Promise.all(
      known.map(async (name) => {
        const found = await stat(join(this.folder, name)).catch(() => null);
        return `${name} ${found?.ino} ${found?.size} ${found?.mtimeMs}`;
      }),
    );
    const signature = marksOfFiles.join("\n");
    // a process that was killed leaves its lock as it was
    const isHeld = this.#entry?.state === "running";
    if (signature === this.#signature && !isHeld) return false;
    if (signature !== this.#signature) await this.log.readOn();
    const before = this.#entry;
    this.#signature = signature;
    this.#entry = await this.#describe(names);
    return JSON.stringify(before) !== JSON.stringify(this.#entry);
  }

  async #describe(names: readonly string[]): Promise<RunEntry> {
    const session = (await readSessions(this.folder)).at(-1);
    const { curves: log, version } = this.log;
    const changed = await stat(join(this.folder, LOG_NAME)).catch(() => null);
    return runEntry({
      ...{ id: this.id, log, version, session },
      state: stateOf(this.folder, names, log.lastStep, session),
      changedAt: changed && Math.round(changed.mtimeMs),
      hasReport: names.includes(REPORT_NAME),
      recipe: jsonOf(this.folder, RECIPE_NAME),
      run: jsonOf(this.folder, RUN_FILE_NAME),
    });
  }
}
