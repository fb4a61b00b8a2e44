/** What lies at a path, where the answer may be nothing. Node only. */
import { type Stats, statSync } from "node:fs";

/**
 * What `fs.statSync` says of `path`; null where it names nothing that can be looked at. `throwIfNoEntry: false` covers a name
 * that is absent (ENOENT) alone: one below a file (`a.jpg/`), one too long, a circle of links and a zero byte throw all the same.
 */
export function fileStatus(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** Whether there is a folder, or a link to one; a link that leads nowhere, or to itself, is none. */
export const isFolder = (path: string): boolean => fileStatus(path)?.isDirectory() ?? false;
