/**
 * Where things are: the package, its demo set, the folder of an output; and how to write a command so that it works when
 * pasted.
 */
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../util/errors.js";
import { fileStatus } from "../util/file-status.js";
import { shellWord, shownPath } from "../util/shown-path.js";

export { shownPath } from "../util/shown-path.js";

/** The folder that holds package.json, seen from dist/cli and from src/cli alike. */
export const packageRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/[/\\]$/, "");

const demoPictures = join(packageRoot, "demo", "fashion-mnist");
/** Pictures that come with the package: JPEG files in a checkout, the same ones in shards where it is installed. */
export const demoData = existsSync(join(demoPictures, "train")) ? demoPictures : join(packageRoot, "demo", "shards");

/** A checkout of the repository, and not an installed package, which has the sources too but nothing to build them with. */
export const isCheckout = (): boolean => existsSync(join(packageRoot, "tsconfig.build.json"));

/** How the user reaches a command from where he stands, so that it works when pasted. */
export function callerPrefix(): string {
  if (!isCheckout()) return "npx tensorone";
  if (realpathSync(process.cwd()) === realpathSync(packageRoot)) return "npm run tensorone --";
  return `node ${shownPath(join(packageRoot, "dist", "cli", "main.js"))}`;
}

/** The line that started this process, as it can be pasted into a shell anywhere on this machine. */
export function commandLine(): string {
  const words = process.argv.slice(2).map(shellWord);
  return `cd ${shellWord(process.cwd())} && ${callerPrefix()} ${words.join(" ")}`;
}

/** One data set or several, for people. */
export const shownData = (data: string | readonly string[]): string => [data].flat().map(shownPath).join(", ");

/** The options that name them: " --data pets --data strays --val-fraction 0.1". */
export const dataWords = (
  data: string | readonly string[],
  { valFraction }: { readonly valFraction?: number } = {},
): string =>
  [
    ...[data].flat().map((one) => ` --data ${shownPath(one)}`),
    ...(valFraction === undefined ? [] : [` --val-fraction ${valFraction}`]),
  ].join("");

/** Throws UsageError where writing `out` would lose a file, or read and write the same one. */
export function checkOutput(command: string, input: string, out: string, isForced: boolean): void {
  const found = fileStatus(out);
  if (!found) {
    if (existsSync(dirname(out))) return;
    throw new UsageError(
      `${command}: no folder ${dirname(out)} for ${basename(out)}, expected one`,
      `mkdir -p ${shownPath(dirname(out))}`,
    );
  }
  if (!found.isFile()) throw new UsageError(`${command}: ${out} is a folder, expected the name of a file`);
  if (existsSync(input) && realpathSync(input) === realpathSync(out))
    throw new UsageError(`${command}: ${out} is both input and output, expected two files`, "choose another name");
  if (!isForced)
    throw new UsageError(`${command}: ${out} exists already, and would be lost`, "choose another name, or add --force");
}
