/**
 * What checkpoints are called, and which there are in a folder.
 */
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { CheckpointError } from "../../util/errors.js";
import type { Session } from "../steps/session.js";
import { type CheckpointFile, readCheckpointFile } from "./checkpoint-format.js";

/** Of a whole epoch; of the step at which a run stopped; within an epoch, for the case that the run is killed. */
export type CheckpointKind = "epoch" | "step" | "within";

const names: { readonly [K in CheckpointKind]: (at: Pick<Session, "step" | "epoch">) => string } = {
  epoch: ({ epoch }) => `epoch_${String(epoch).padStart(3, "0")}`,
  step: ({ step }) => `step_${String(step).padStart(6, "0")}`,
  within: ({ step }) => `within_${String(step).padStart(6, "0")}`,
};

/** A checkpoint's name, without an ending. */
export const nameOf = (kind: CheckpointKind, at: Pick<Session, "step" | "epoch">): string => names[kind](at);

/** What a killed writer leaves (util/atomic-file). */
export const unfinished = /^\..*\.tmp$/;
const tensors = /^(epoch|step|within)_\d+\.safetensors$/;

/** Whether a file is tensors of a run whose JSON was not written any more; `all` are the names in its folder. */
export const isOrphan = (name: string, all: readonly string[]): boolean =>
  tensors.test(name) && !all.includes(name.replace(/\.safetensors$/, ".json"));

/** Whether a file is of a checkpoint within an epoch. */
export const isWithin = (path: string): boolean => basename(path).startsWith("within_");

/** The JSON of a checkpoint. */
export interface ListedCheckpoint {
  readonly path: string;
  /** -1 where it cannot be read. */
  readonly step: number;
  readonly file: CheckpointFile | null;
  /** Why it cannot be read. */
  readonly problem: CheckpointError | null;
}

async function listed(path: string): Promise<ListedCheckpoint> {
  try {
    const file = await readCheckpointFile(path);
    return { path, step: file.progress.step, file, problem: null };
  } catch (error) {
    const problem = error instanceof CheckpointError ? error : new CheckpointError(`${path}: ${String(error)}`);
    return { path, step: -1, file: null, problem };
  }
}

/** Of two of one step the one whose validation is done comes first. */
const byAge = (a: ListedCheckpoint, b: ListedCheckpoint): number =>
  b.step - a.step ||
  Number(a.file?.progress.isValidationDue ?? false) - Number(b.file?.progress.isValidationDue ?? false);

/** Every checkpoint in a folder, newest first; those that cannot be read come last, to be reported. */
export async function listCheckpoints(folder: string): Promise<ListedCheckpoint[]> {
  const found = await readdir(folder).catch(() => []);
  const files = found.filter((name) => name.endsWith(".json") && !name.startsWith("."));
  return (await Promise.all(files.map((name) => listed(join(folder, name))))).sort(byAge);
}
