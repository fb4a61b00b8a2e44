/**
 * Whether files exist, by listing each folder once: a million stat calls would take minutes on a network disk. Node only.
 */
import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";

/** Remembers the names in every folder that was asked about. */
export class FolderListings {
  readonly #names = new Map<string, ReadonlySet<string>>();

  /** Whether there is something of that path. */
  has(path: string): boolean {
    return this.beside(path).has(basename(path));
  }

  /** The names in the folder of that path. */
  beside(path: string): ReadonlySet<string> {
    const folder = dirname(path);
    let names = this.#names.get(folder);
    if (names === undefined) {
      try {
        names = new Set(readdirSync(folder));
      } catch {
        names = new Set();
      }
      this.#names.set(folder, names);
    }
    return names;
  }
}
