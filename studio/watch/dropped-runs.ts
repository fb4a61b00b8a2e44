/** Runs of folders that were dropped into the page: read here, sent nowhere. A dropped run does not grow. */
import { LogCurves } from "../../src/report/facts/log-curves.js";
import {
  type KnownSession,
  type RunCurves,
  type RunEntry,
  runCurves,
  runEntry,
} from "../../src/studio-server/run-entry.js";
import { curves, inOrder, runs } from "./state.js";

/** A file and its path within what was dropped. */
export interface DroppedFile {
  readonly path: string;
  readonly file: File;
}

const LOG = "log.jsonl";
const wanted = new Set([LOG, "recipe.json", "run.json", "machine.json"]);
/** Of a recipe; larger ones are none. */
const MOST_JSON_BYTES = 1 << 20;
const MOST_POINTS = 1000;
const MOST_DEPTH = 6;

const entriesOf = (reader: FileSystemDirectoryReader): Promise<readonly FileSystemEntry[]> =>
  new Promise((resolve, reject) => reader.readEntries(resolve, reject));
const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

async function visit(entry: FileSystemEntry, path: string, depth: number, found: DroppedFile[]): Promise<void> {
  if (entry.isFile) {
    if (wanted.has(entry.name)) found.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
    return;
  }
  if (depth === MOST_DEPTH) return;
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // browsers give 100 entries a call, and none at the end
  for (let batch = await entriesOf(reader); batch.length > 0; batch = await entriesOf(reader))
    for (const child of batch) await visit(child, `${path}/${child.name}`, depth + 1, found);
}

/** Files of runs in what was dropped. The entries are only there while the event is. */
export async function droppedFiles(data: DataTransfer): Promise<readonly DroppedFile[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: DroppedFile[] = [];
  for (const entry of entries) await visit(entry, entry.name, 0, found);
  return found;
}

/** Files of runs of a folder that was chosen. */
export const chosenFiles = (files: Iterable<File>): readonly DroppedFile[] =>
  [...files]
    .filter(({ name }) => wanted.has(name))
    .map((file) => ({ path: file.webkitRelativePath || file.name, file }));

async function jsonOf(file: File | undefined): Promise<unknown> {
  if (file === undefined || file.size > MOST_JSON_BYTES) return null;
  try {
    return JSON.parse(await file.text());
  } catch {
    return null;
  }
}

async function linesInto(log: LogCurves, file: File): Promise<void> {
  let rest = "";
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const lines = (rest + next.value).split("\n");
    rest = lines.pop()!;
    for (const line of lines) log.add(line);
  }
  log.add(rest);
}

function sessionOf(machine: unknown): (KnownSession & { readonly endStep: number | null }) | undefined {
  const { sessions } = (machine ?? {}) as { readonly sessions?: unknown };
  return Array.isArray(sessions) ? sessions.at(-1) : undefined;
}

async function readRun(id: string, files: ReadonlyMap<string, File>): Promise<readonly [RunEntry, RunCurves]> {
  const log = new LogCurves();
  const file = files.get(LOG)!;
  await linesInto(log, file);
  const session = sessionOf(await jsonOf(files.get("machine.json")));
  const version = `${file.size}-${file.lastModified}`;
  const isWhole = session !== undefined && log.lastStep >= session.totalSteps;
  const entry = runEntry({
    ...{ id, log, version, session },
    state: log.steps === 0 ? "begun" : isWhole ? "finished" : "stopped",
    changedAt: file.lastModified,
    hasReport: false,
    recipe: await jsonOf(files.get("recipe.json")),
    run: await jsonOf(files.get("run.json")),
  });
  return [entry, { ...runCurves(log, version, MOST_POINTS), stepsPerEpoch: entry.stepsPerEpoch }];
}

/** Adds the runs among the files to those that are there; how many there were. */
export async function addRuns(files: readonly DroppedFile[]): Promise<number> {
  const folders = new Map<string, Map<string, File>>();
  for (const { path, file } of files) {
    const id = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : path;
    folders.set(id, (folders.get(id) ?? new Map<string, File>()).set(file.name, file));
  }
  const read = await Promise.all(
    [...folders].filter(([, found]) => found.has(LOG)).map(([id, found]) => readRun(id, found)),
  );
  const known = new Map(runs.peek().map((entry) => [entry.id, entry]));
  for (const [entry] of read) known.set(entry.id, entry);
  curves.value = new Map([...curves.peek(), ...read.map(([{ id }, found]) => [id, found] as const)]);
  runs.value = inOrder(known.values());
  return read.length;
}
