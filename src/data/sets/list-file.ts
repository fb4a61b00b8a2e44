/**
 * Reading a list of samples, one `path label` a line, as DeepSparkHub, Caffe and mmpretrain write them. Paths may hold
 * spaces (the last one splits) and may start with the split's folder name or not. Node only.
 */
import { basename, isAbsolute, join, normalize } from "node:path";
import { Budget } from "../../util/budget.js";
import { clipped } from "../../util/clipped.js";
import { DataError } from "../../util/errors.js";
import { readTextWithin } from "../../util/read-within.js";
import { unreadable } from "./endings.js";
import { FolderListings } from "./folder-listings.js";
import { twinHint } from "./odd-names.js";
import type { Report, Sample } from "./sample.js";

const ABSENT_HINT = "complete the data set, or remove the line";
const NOT_UTF8_HINT = "the list is no UTF-8: iconv -f latin1 -t utf8 LIST makes it so where it is Latin-1";

/** How a list is to be read. */
export interface ListFileOptions {
  /** Folder that the paths are below, with or without `split/`. */
  readonly root: string;
  readonly split: string;
  /** Labels are below it. */
  readonly classCount: number;
  /** Gets a DataError with the line number for each wrong line; where it returns, the line is left out. */
  readonly report: Report;
}

/** The samples that `file` lists, in its order. */
export function readListFile(file: string, { root, split, classCount, report }: ListFileOptions): Sample[] {
  const samples: Sample[] = [];
  const listings = new FolderListings();
  const labels = new Map<string, number>();
  const budget = new Budget(file, DataError);
  for (const [i, line] of linesOf(readTextWithin(file, "textBytes", DataError))) {
    budget.check("samples", i + 1);
    const text = line.trim();
    if (text === "") continue;
    const where = `${file}, line ${i + 1}`;
    const space = text.lastIndexOf(" ");
    const written = text.slice(space + 1);
    const label = Number(written);
    if (space < 1 || !/^\d+$/.test(written) || !Number.isSafeInteger(label)) {
      report(new DataError(`${where}: "${clipped(text)}", expected a path, a space and a label such as 0`));
      continue;
    }
    if (label >= classCount) {
      const ranks = "labels are 0-based ranks of the lines of classes.txt, or of the sorted class folder names";
      const hint = label === classCount ? `${ranks}: where these count from 1, subtract 1 from each` : ranks;
      report(new DataError(`${where}: label ${label}, expected 0 to ${classCount - 1}`, hint));
      continue;
    }
    const name = text.slice(0, space).trimEnd();
    const tried = candidates(name, root, split);
    const path = tried.find((candidate) => listings.has(candidate));
    if (path === undefined) {
      const message = `${where}: no file ${tried.join(" or ")}, expected every listed picture to exist`;
      const twin = tried.map((one) => twinHint(basename(one), listings.beside(one))).find((hint) => hint !== undefined);
      report(new DataError(message, twin ?? (name.includes("\ufffd") ? NOT_UTF8_HINT : ABSENT_HINT)));
      continue;
    }
    const odd = unreadable(path);
    if (odd) {
      report(new DataError(`${where}: ${path} is ${odd.what}, expected a JPEG or PNG picture`, odd.hint));
      continue;
    }
    const former = labels.get(path);
    if (former !== undefined && former !== label) {
      const message = `${where}: ${path} has label ${label}, and label ${former} further up, expected one`;
      report(new DataError(message, "a picture has one class here: remove one of the lines"));
      continue;
    }
    labels.set(path, label);
    samples.push({ path, label });
  }
  if (samples.length === 0) report(new DataError(`${file}: no samples, expected one "path label" a line`));
  return samples;
}

/** One line at a time, with its rank: all of them at once take more memory than the file. */
function* linesOf(text: string): Iterable<readonly [number, string]> {
  for (let rank = 0, at = 0; at < text.length; rank++) {
    const found = text.indexOf("\n", at);
    const end = found < 0 ? text.length : found;
    yield [rank, text.slice(at, end)];
    at = end + 1;
  }
}

/** `train/x/y.JPEG` is meant from the root, `x/y.JPEG` from the split's folder; the other reading is tried second. `/x/y.JPEG` is it. */
function candidates(name: string, root: string, split: string): string[] {
  if (isAbsolute(name)) return [normalize(name)];
  const fromRoot = join(root, name);
  const fromSplit = join(root, split, name);
  return name.startsWith(`${split}/`) ? [fromRoot, fromSplit] : [fromSplit, fromRoot];
}
