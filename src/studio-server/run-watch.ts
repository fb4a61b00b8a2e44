/**
 * The runs of a folder, looked at again and again while somebody listens. By looking and not by the system's notices, which network file
 * systems and containers do not give, and which a renamed folder ends. Node only.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isRunFolder, ObservedRun } from "./observed-run.js";
import type { RunEntry } from "./run-entry.js";

/** Between two looks; on slow disks longer, so that looking takes a tenth of a core at most. */
const LOOK_MS = 1000;
const SHARE_OF_TIME = 10;
/** Folders of runs lie in each other so deep at most: runs/sweep/seed/run. */
const MOST_DEPTH = 4;
/** Runs that are shown of a folder. */
const MOST_RUNS = 2000;
/** What is gone is remembered for this many changes: a page that was away longer starts anew. */
const REMEMBERED = 1000;

/** A run that is new or has changed, or the name of one that is gone. */
export type RunChange = { readonly entry: RunEntry } | { readonly removed: string };

/** Changes with the number of the last of them. */
export interface RunChanges {
  readonly changes: readonly RunChange[];
  readonly sequence: number;
}

type Listener = (changes: RunChanges) => void;

export class RunWatch {
  readonly folder: string;
  readonly #runs = new Map<string, ObservedRun>();
  /** The last change of each run, the oldest first. */
  readonly #changes = new Map<string, number>();
  readonly #listeners = new Set<Listener>();
  #sequence = 0;
  /** Of the newest change that is forgotten. */
  #forgotten = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: Promise<void> | null = null;

  constructor(folder: string) {
    this.folder = folder;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** The runs as of the last look, by name; numbers in names count as numbers. */
  get entries(): readonly RunEntry[] {
    return [...this.#runs.values()].map(({ entry }) => entry).sort((a, b) => order.compare(a.id, b.id));
  }

  run(id: string): ObservedRun | undefined {
    return this.#runs.get(id);
  }

  /** What came after a change; null where that is forgotten, or was never. */
  since(sequence: number): RunChanges | null {
    if (sequence < this.#forgotten || sequence > this.#sequence) return null;
    const ids = [...this.#changes].filter(([, at]) => at > sequence).map(([id]) => id);
    return { changes: ids.map((id) => this.#changeOf(id)), sequence: this.#sequence };
  }

  #changeOf(id: string): RunChange {
    const run = this.#runs.get(id);
    return run ? { entry: run.entry } : { removed: id };
  }

  /** Hears of every change until the returned function is called. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#schedule(0);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearTimeout(this.#timer);
    };
  }

  #schedule(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const begun = performance.now();
      void this.look().then(() => {
        const took = performance.now() - begun;
        if (this.#listeners.size > 0) this.#schedule(Math.max(LOOK_MS, SHARE_OF_TIME * took));
      });
    }, milliseconds);
  }

  /** Looks once; whoever asks while a look goes on waits for that one. */
  look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const found = await runFolders(this.folder);
    const changed: string[] = [];
    for (const id of this.#runs.keys())
      if (!found.has(id)) {
        this.#runs.delete(id);
        changed.push(id);
      }
    for (const [id, folder] of found) {
      const run = this.#runs.get(id) ?? new ObservedRun(id, folder);
      // one that cannot be read now is looked at again
      const hasChanged = await run.look().catch(() => false);
      if (!hasChanged) continue;
      this.#runs.set(id, run);
      changed.push(id);
    }
    if (changed.length === 0) return;
    for (const id of changed) this.#note(id);
    const changes = { changes: changed.map((id) => this.#changeOf(id)), sequence: this.#sequence };
    for (const listener of this.#listeners) listener(changes);
  }

  #note(id: string): void {
    this.#changes.delete(id);
    this.#changes.set(id, ++this.#sequence);
    const gone = [...this.#changes].filter(([one]) => !this.#runs.has(one));
    for (const [one, at] of gone.slice(0, Math.max(0, gone.length - REMEMBERED))) {
      this.#changes.delete(one);
      this.#forgotten = at;
    }
  }
}

const order = new Intl.Collator("en", { numeric: true });

/** Folders of runs by id; links are not followed, and a run holds no other. */
async function runFolders(root: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const visit = async (id: string, depth: number): Promise<void> => {
    if (found.size >= MOST_RUNS) return;
    const folder = join(root, id);
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (isRunFolder(entries.filter((entry) => entry.isFile()).map(({ name }) => name))) {
      found.set(id === "" ? "." : id, folder);
      return;
    }
    if (depth === MOST_DEPTH) return;
    for (const entry of entries)
      if (entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
        await visit(id === "" ? entry.name : `${id}/${entry.name}`, depth + 1);
  };
  await visit("", 0);
  return found;
}

/**
 * The runs in `folder` and its folders, as `tensorone studio` lists them: state, last figures, options by path. A run is a folder with a log,
 * a recipe or a lock; a folder that is not there has none.
 *
 * @example
 * ```ts
 * import { listRuns } from "tensorone/node";
 * const runs = await listRuns("no-such-folder");
 * console.log(runs.map(({ id, state, bestTop1 }) => [id, state, bestTop1])); // []
 * ```
 */
export async function listRuns(folder: string): Promise<readonly RunEntry[]> {
  const watch = new RunWatch(folder);
  await watch.look();
  return watch.entries;
}
