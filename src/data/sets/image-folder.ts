/**
 * A data set on disk in folders: a folder per class, alone or under train/ and val/, or list files naming path and label.
 * Finds the samples and checks that they make sense; reads no picture. Node only.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Budget } from "../../util/budget.js";
import { DataError } from "../../util/errors.js";
import { isFolder } from "../../util/file-status.js";
import { printable } from "../../util/printable.js";
import { readTextWithin } from "../../util/read-within.js";
import { classFolders, countBeside, pictureFiles } from "./class-folders.js";
import { EndingTally, pictureEndings } from "./endings.js";
import { LAYOUT_HINT, type Place, placeNotices, placeOf } from "./layouts.js";
import { readListFile } from "./list-file.js";
import { twinHint, twinNotices } from "./odd-names.js";
import type { Report, Sample } from "./sample.js";

/** What a data set must have. */
export interface ImageFolderOptions {
  /** Number of classes the model has; another number in the data is an error. */
  readonly numClasses?: number;
}

const fail: Report = (problem) => {
  throw problem;
};

/**
 * A list of samples with the names of their classes.
 *
 * @example
 * <!-- test: given root from test/docs/given/images.ts -->
 * ```ts
 * const folder = ImageFolder.open("imagenet", "train");
 * console.log(folder.classes, folder.length); // ["cat", "dog"] 4
 * ```
 */
export class ImageFolder {
  private constructor(
    readonly root: string,
    readonly split: string,
    /** Class names; a label is an index into them. */
    readonly classes: readonly string[],
    readonly samples: readonly Sample[],
    /** false where a list file gives numbers only, and `classes` are these. */
    readonly areClassesNamed: boolean,
    /** What is worth a line: which place was taken, which files were left out. */
    readonly notices: readonly string[],
  ) {}

  get length(): number {
    return this.samples.length;
  }

  /**
   * Opens `split` of the data set in `root`: "train", or the class folders themselves where there is no train/; "val", which may be
   * called valid, validation or test; any other by its name. A list file wins over a folder; its classes are the lines of
   * classes.txt beside it or in `root`. Without one, classes are the folder names (those of train/ for every split) sorted by
   * code point, as Python sorts, and so are the files inside each, recursively.
   * Throws DataError for a missing or empty folder, an empty class, a wrong list or a wrong number of classes.
   */
  static open(root: string, split: string, options: ImageFolderOptions = {}): ImageFolder {
    return ImageFolder.survey(root, split, fail, options);
  }

  /** As open, but problems are reported and what they are about is left out; with all of it, no sample may be left. */
  static survey(root: string, split: string, report: Report, options: ImageFolderOptions = {}): ImageFolder {
    if (!isFolder(root))
      throw new DataError(
        `ImageFolder: no folder ${root}, expected a data set there`,
        `check the path; ${LAYOUT_HINT}`,
      );
    const { numClasses } = options;
    const place = placeOf(root, split);
    const opened = !place
      ? missing(root, split, report)
      : place.list === null
        ? openFolders(root, place, numClasses, report)
        : openList(place.list, root, place.name, numClasses, report);
    const notices = [...(place ? placeNotices(root, split, place) : []), ...(opened.notices ?? [])].map(printable);
    return new ImageFolder(root, split, opened.classes, opened.samples, opened.areClassesNamed, notices);
  }
}

interface Opened {
  readonly areClassesNamed: boolean;
  readonly classes: readonly string[];
  readonly samples: readonly Sample[];
  readonly notices?: readonly string[];
}

function missing(root: string, split: string, report: Report): Opened {
  const found = readdirSync(root).slice(0, 5).join(", ") || "nothing";
  report(new DataError(`ImageFolder: no folder ${split} in ${root} (it holds ${found})`, LAYOUT_HINT));
  return { areClassesNamed: false, classes: [], samples: [] };
}

function openFolders(root: string, { name, folder }: Place, numClasses: number | undefined, report: Report): Opened {
  const present = classFolders(folder, report);
  if (present.length === 0) {
    report(new DataError(`ImageFolder: ${folder} has no class folders, expected one per class`, LAYOUT_HINT));
  }
  if (name === "" && present.length === 1)
    report(
      new DataError(
        `ImageFolder: ${root} has a single class folder, ${present[0]}, expected at least two`,
        `where the classes are the folders below it: ${join(root, present[0]!)}`,
      ),
    );
  const trained = name === "train" || name === "" ? [] : classFolders(join(root, "train"), () => {});
  const classes = trained.length === 0 ? present : trained;
  const labels = new Map(classes.map((name, label) => [name, label]));
  checkClassCount(folder, classes.length, numClasses);
  const samples: Sample[] = [];
  const endings = new EndingTally();
  countBeside(folder, endings);
  for (const name of present) {
    const label = labels.get(name);
    if (label === undefined) {
      report(
        new DataError(
          `ImageFolder: class ${name} in ${folder} is not among the ${classes.length} classes of ${join(root, "train")}`,
          twinHint(name, classes) ?? "train and val must use the same class folder names",
        ),
      );
      continue;
    }
    const own = new EndingTally();
    const files = pictureFiles(join(folder, name), report, own);
    if (files.length === 0) report(emptyClass(name, folder, own));
    for (const file of files) samples.push({ path: join(folder, name, file), label });
    endings.add(own);
  }
  return {
    areClassesNamed: true,
    classes,
    samples,
    notices: [...endings.notices(folder), ...twinNotices(folder, present)],
  };
}

function emptyClass(name: string, folder: string, { counts, hint }: EndingTally): DataError {
  const held = counts === "" ? "" : ` (it holds ${counts})`;
  return new DataError(
    `ImageFolder: class ${name} in ${folder} has no pictures${held}, expected at least one`,
    hint ?? `pictures are files ending in ${pictureEndings()}; remove the folder or fill it`,
  );
}

function openList(file: string, root: string, split: string, numClasses: number | undefined, report: Report): Opened {
  const names = classNames(root);
  const folders = names ? [] : classFolders(join(root, "train"), report);
  const named = names?.classes ?? folders;
  if (named.length > 0) checkClassCount(names?.file ?? join(root, "train"), named.length, numClasses);
  const known = named.length || numClasses;
  const samples = readListFile(file, { root, split, classCount: known ?? Infinity, report });
  if (named.length > 0) return { areClassesNamed: true, classes: named, samples };
  const classCount = known ?? samples.reduce((most, { label }) => Math.max(most, label + 1), 0);
  const lowest = samples.reduce((least, { label }) => Math.min(least, label), Infinity);
  const notices =
    samples.length > 0 && lowest > 0
      ? [`${file}: labels begin at ${lowest}, so class 0 is empty; where they count from 1, subtract 1 from each`]
      : [];
  return { areClassesNamed: false, classes: numberedClasses(file, classCount), samples, notices };
}

/** Names of classes that have none. Throws DataError for more than the budget's entries: one label is enough to ask for any number. */
export function numberedClasses(file: string, count: number): string[] {
  new Budget(file, DataError).check("entries", count, "classes, one for each label up to its largest");
  return Array.from({ length: count }, (_, i) => String(i));
}

/** Names by line, the first that of label 0 (mmpretrain's `classes`); undefined where no file has them. */
export function classNames(root: string): { readonly file: string; readonly classes: readonly string[] } | undefined {
  const file = [join(root, "meta", "classes.txt"), join(root, "classes.txt")].find((path) => existsSync(path));
  if (file === undefined) return undefined;
  const classes = readTextWithin(file, "textBytes", DataError)
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const budget = new Budget(file, DataError);
  budget.check("entries", classes.length);
  // longer ones would make lines of every message that quotes one
  for (const [i, name] of classes.entries())
    budget.check("nameBytes", Buffer.byteLength(name), `the name of class ${i}`);
  const seen = new Set<string>();
  const twice = classes.find((name) => seen.size === seen.add(name).size);
  if (classes.length === 0 || twice !== undefined)
    throw new DataError(
      `${file}: ${twice === undefined ? "no names" : `${JSON.stringify(twice)} twice`}, expected a class name a line`,
      "line 1 names label 0; remove the file where labels are the ranks of the class folders",
    );
  return { file, classes };
}

function checkClassCount(where: string, found: number, expected: number | undefined): void {
  if (expected === undefined || expected === found) return;
  throw new DataError(
    `ImageFolder: ${where} has ${found} classes, the model expects ${expected}`,
    `train with ${found} classes, or point to the data set the model was made for`,
  );
}
