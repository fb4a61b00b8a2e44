/** A folder that a command fills: whether it may, before any work. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../util/errors.js";
import { fileStatus } from "../../util/file-status.js";

/** Throws UsageError where `folder` is a file, or holds one of `files` and nothing says that it may be lost. */
export function checkOutputFolder(command: string, folder: string, files: readonly string[], isForced: boolean): void {
  const found = fileStatus(folder);
  if (found && !found.isDirectory())
    throw new UsageError(`${command}: ${folder} is a file, expected a folder, or the name of a new one`);
  const taken = files.find((name) => existsSync(join(folder, name)));
  if (taken !== undefined && !isForced)
    throw new UsageError(
      `${command}: ${join(folder, taken)} exists already, and would be lost`,
      "choose another folder, or add --force",
    );
}
