/**
 * Reading a list of samples, one `path label` a line, as DeepSparkHub, Caffe and mmpretrain write them. Paths may hold
 * spaces (the last one splits) and may start with the split's folder name or not. Node only.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DataError } from "../util/errors.js";
import type { Sample } from "./image-folder.js";

/**
 * Parses `file`; paths are below `root`, with or without `split/`, labels below `classCount` if it is known.
 * Throws DataError with the line number.
 */
export function readListFile(file: string, root: string, split: string, classCount = Infinity): Sample[] {
  const samples: Sample[] = [];
  const listings = new Map<string, ReadonlySet<string>>();
  const lines = readFileSync(file, "utf8").split("\n");
  for (const [i, line] of lines.entries()) {
    const text = line.trim();
    if (text === "") continue;
    const where = `${file}, line ${i + 1}`;
    const space = text.lastIndexOf(" ");
    const label = Number(text.slice(space + 1));
    if (space < 1 || !Number.isInteger(label) || label < 0) {
      throw new DataError(`${where}: "${text}", expected a path, a space and a label such as 0`);
    }
    if (label >= classCount) {
      throw new DataError(
        `${where}: label ${label}, expected 0 to ${classCount - 1}`,
        "labels are 0-based ranks of the sorted class folder names",
      );
    }
    const name = text.slice(0, space).trimEnd();
    const path = candidates(name, root, split).find((candidate) => exists(candidate, listings));
    if (path === undefined) {
      throw new DataError(
        `${where}: no file ${candidates(name, root, split).join(" or ")}, expected every listed picture to exist`,
        "complete the data set, or remove the line",
      );
    }
    samples.push({ path, label });
  }
  if (samples.length === 0) throw new DataError(`${file}: no samples, expected one "path label" a line`);
  return samples;
}

/** `train/x/y.JPEG` is meant from the root, `x/y.JPEG` from the split's folder; the other reading is tried second. */
function candidates(name: string, root: string, split: string): [string, string] {
  const fromRoot = join(root, name);
  const fromSplit = join(root, split, name);
  return name.startsWith(`${split}/`) ? [fromRoot, fromSplit] : [fromSplit, fromRoot];
}

/** Whether a file exists, by listing each folder once: a million stat calls would take minutes on a network disk. */
function exists(path: string, listings: Map<string, ReadonlySet<string>>): boolean {
  const folder = dirname(path);
  let names = listings.get(folder);
  if (names === undefined) {
    try {
      names = new Set(readdirSync(folder));
    } catch {
      names = new Set();
    }
    listings.set(folder, names);
  }
  return names.has(path.slice(folder.length + 1));
}
