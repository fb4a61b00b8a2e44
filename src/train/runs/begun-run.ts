/**
 * A run that died before its first checkpoint has nothing to go on with: `--resume` begins it again, as `train` does, by the
 * recipe that it left.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../../util/errors.js";
import { isFolder } from "../../util/file-status.js";
import { shownPath } from "../../util/shown-path.js";
import { RECIPE_NAME } from "./recipe-file.js";
import { hasBegun, isRun } from "./run-folders.js";

/** What is asked of a run. */
export interface ResumeRequest {
  readonly out: string | undefined;
  readonly resume: string | true | undefined;
  readonly config: string | undefined;
  readonly data: unknown;
}

/** How it begins again. */
export interface BeginAgain {
  readonly out: string;
  /** The config that the run left, unless the request has one. */
  readonly config: string | undefined;
  readonly notice: string;
}

/** null where there is something to go on with, or nothing at all. Throws CheckpointError where nobody can say what the run was. */
export function beginAgain({ out, resume, config, data }: ResumeRequest): BeginAgain | null {
  const folder = resume === true ? out : resume;
  if (folder === undefined || !isFolder(folder) || (out !== undefined && out !== folder)) return null;
  if (isRun(folder) || !hasBegun(folder)) return null;
  const left = join(folder, RECIPE_NAME);
  const known = config ?? (existsSync(left) ? left : undefined);
  if (known === undefined && data === undefined)
    throw new CheckpointError(
      `train: the run in ${shownPath(folder)} died before its first step, and does not say what it was`,
      `give its options again: train --out ${shownPath(folder)} --data …`,
    );
  const notice = `the run in ${shownPath(folder)} died before its first checkpoint: it begins again`;
  return { out: folder, config: known, notice };
}
