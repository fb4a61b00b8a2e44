/**
 * Looking through folders: those of classes in a data set, and the pictures in one. Reads no picture. Node only.
 */
import { type Dirent, readdirSync, realpathSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { byCodePoint } from "../../util/by-code-point.js";
import { DataError } from "../../util/errors.js";
import { isFolder } from "../../util/file-status.js";
import type { EndingTally } from "./endings.js";
import { soundNames } from "./odd-names.js";
import type { Report } from "./sample.js";

/** Names of the folders, by code point, in `path`, without hidden ones; none if there is no such folder. */
export function classFolders(path: string, report: Report): string[] {
  if (!isFolder(path)) return [];
  const names: string[] = [];
  for (const entry of listFolder(path, report)) {
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory()) names.push(entry.name);
    if (!entry.isSymbolicLink()) continue;
    const link = join(path, entry.name);
    const wrong = wrongLink(link);
    if (wrong !== undefined) report(new DataError(`ImageFolder: ${link} ${wrong}, expected a class folder`, LINK_HINT));
    else if (isFolder(link)) names.push(entry.name);
  }
  return names.sort(byCodePoint);
}

const LINK_HINT = "remove the link, or let it point to a folder of pictures";

/** What is wrong with a symbolic link, if anything. */
function wrongLink(link: string): string | undefined {
  let target: string;
  try {
    target = realpathSync(link);
  } catch {
    return "is a link that leads nowhere";
  }
  const isAround = `${realpathSync(dirname(link))}${sep}`.startsWith(`${target}${sep}`);
  return isAround ? "is a link to a folder that contains it" : undefined;
}

/** Picture files below `folder`, as sorted relative paths. Links to folders below it are not followed. */
export function pictureFiles(folder: string, report: Report, endings: EndingTally): string[] {
  const found: string[] = [];
  const walk = (below: string) => {
    for (const entry of listFolder(join(folder, below), report)) {
      if (entry.name.startsWith(".")) {
        endings.passHidden();
        continue;
      }
      const relative = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) walk(relative);
      else if (endings.take(entry.name)) found.push(relative);
    }
  };
  walk("");
  return found.sort(byCodePoint);
}

/** Counts files that lie beside class folders, and belong to no class. */
export function countBeside(folder: string, endings: EndingTally): void {
  for (const entry of listFolder(folder, () => {})) {
    if (!entry.isFile()) continue;
    if (entry.name.startsWith(".")) endings.passHidden();
    else endings.passBeside(entry.name);
  }
}

function listFolder(path: string, report: Report): Dirent[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    const names = entries.map(({ name }) => name);
    const sound = soundNames(path, names, report);
    return entries.filter(({ name }) => sound.has(name));
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    report(new DataError(`ImageFolder: ${path} cannot be listed (${message}), expected a folder of pictures`));
    return [];
  }
}
