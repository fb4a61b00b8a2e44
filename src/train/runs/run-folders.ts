/**
 * Folders of runs: which hold one, a fresh one, the newest of a name, and the one that a checkpoint lies in. Node only.
 */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileStatus } from "../../util/file-status.js";
import { isOrphan, unfinished } from "../checkpoints/checkpoint-list.js";

/** Run folders are made here where the user names none. */
const RUNS_FOLDER = "runs";

/**
 * Whether a folder holds anything of a run that would be missed: a checkpoint or a model. What a run left that was killed before
 * its first checkpoint, or while it wrote that, is not.
 */
export function isRun(folder: string): boolean {
  if (fileStatus(join(folder, "model.safetensors"))?.size) return true;
  const checkpoints = join(folder, "checkpoints");
  const names = existsSync(checkpoints) ? readdirSync(checkpoints) : [];
  // lists of the pictures lie there before the first checkpoint does
  return names.some((name) => /\.(json|safetensors)$/.test(name) && !unfinished.test(name) && !isOrphan(name, names));
}

/** Whether a run was begun there. */
export const hasBegun = (folder: string): boolean =>
  ["checkpoints", "log.jsonl", "machine.json", "recipe.json", "run.lock"].some((name) =>
    existsSync(join(folder, name)),
  );

/** runs/name, or runs/name-2, -3, … where that is taken. */
export function freshRun(name: string): string {
  for (let n = 1; ; n++) {
    const folder = join(RUNS_FOLDER, n === 1 ? name : `${name}-${n}`);
    if (!existsSync(folder)) return folder;
  }
}

/** The newest of the folders that freshRun made. */
export function latestRun(name: string): string | undefined {
  const pattern = new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(-\\d+)?$`);
  const entries = existsSync(RUNS_FOLDER) ? readdirSync(RUNS_FOLDER) : [];
  const numbered = entries
    .filter((entry) => pattern.test(entry) && existsSync(join(RUNS_FOLDER, entry, "checkpoints")))
    .map((entry) => ({ entry, n: entry === name ? 1 : Number(entry.slice(name.length + 1)) }));
  const last = numbered.sort((a, b) => a.n - b.n).at(-1);
  return last && join(RUNS_FOLDER, last.entry);
}

/** The run folder that a checkpoint lies in: <run>/checkpoints/file, or the file's own folder. */
export function runOf(checkpoint: string): string {
  const folder = dirname(checkpoint);
  return basename(folder) === "checkpoints" ? dirname(folder) : folder;
}
