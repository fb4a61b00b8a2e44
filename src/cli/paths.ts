/**
 * Where things are: the package, its demo set, a fresh run folder; and how to write a path or a command so that it works
 * when pasted.
 */
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../util/errors.js";

/** The folder that holds package.json, seen from dist/cli and from src/cli alike. */
export const packageRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/[/\\]$/, "");

const demoPictures = join(packageRoot, "demo", "fashion-mnist");
/** Pictures that come with the package: JPEG files in a checkout, the same ones in shards where it is installed. */
export const demoData = existsSync(join(demoPictures, "train")) ? demoPictures : join(packageRoot, "demo", "shards");

/** Run folders are made here where the user names none. */
const RUNS_FOLDER = "runs";

/** A checkout of the repository, and not an installed package, which has the sources too but nothing to build them with. */
export const isCheckout = (): boolean => existsSync(join(packageRoot, "tsconfig.build.json"));

/** How the user reaches a command from where he stands, so that it works when pasted. */
export function callerPrefix(): string {
  if (!isCheckout()) return "npx tensorone";
  if (realpathSync(process.cwd()) === realpathSync(packageRoot)) return "npm run tensorone --";
  return `node ${shownPath(join(packageRoot, "dist", "cli", "main.js"))}`;
}

/** A path as short as it can be written from the current folder, quoted where a shell needs it. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  const text = isAbsolute(path) && !short.startsWith("..") ? short || "." : path;
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
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

/** Whether a folder holds anything of a run that would be missed; the empty log of one that never began is not. */
export function isRun(folder: string): boolean {
  return ["checkpoints", "log.jsonl", "model.safetensors"].some((name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    return found !== undefined && (found.isDirectory() ? readdirSync(join(folder, name)).length : found.size) > 0;
  });
}

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

/** Throws UsageError where writing `out` would lose a file, or read and write the same one. */
export function checkOutput(command: string, input: string, out: string, isForced: boolean): void {
  const found = statSync(out, { throwIfNoEntry: false });
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
