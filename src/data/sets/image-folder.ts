/**
 * A data set on disk in ImageNet's layout: a folder per class under train/ and val/, or a list file naming path and label.
 * Finds the samples and checks that they make sense; reads no picture. Node only.
 */
import { type Dirent, existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, extname, join, sep } from "node:path";
import { byCodePoint } from "../../util/by-code-point.js";
import { DataError } from "../../util/errors.js";
import { readListFile } from "./list-file.js";
import type { Report, Sample } from "./sample.js";

/** What a data set must have. */
export interface ImageFolderOptions {
  /** Number of classes the model has; another number in the data is an error. */
  readonly numClasses?: number;
}

const fail: Report = (problem) => {
  throw problem;
};

/** Extensions that count as pictures (mmpretrain's list), in any case. */
const extensions = new Set([".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif"]);

const LAYOUT_HINT =
  "expected train/<class>/*.JPEG and val/<class>/*.JPEG, or list files train_list.txt and val_list.txt (also meta/train.txt, meta/val.txt)";

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
  ) {}

  get length(): number {
    return this.samples.length;
  }

  /**
   * Opens `split` ("train", "val") of the data set in `root`. A list file wins over a folder scan; without one, classes are
   * the folder names (those of train/ for every split) sorted by code point, as Python sorts, and so are the files inside
   * each, recursively.
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
    const list = [join(root, "meta", `${split}.txt`), join(root, `${split}_list.txt`)].find((file) => existsSync(file));
    const { numClasses } = options;
    const opened =
      list === undefined
        ? openFolders(root, split, numClasses, report)
        : openList(list, root, split, numClasses, report);
    return new ImageFolder(root, split, opened.classes, opened.samples, opened.areClassesNamed);
  }
}

interface Opened {
  readonly areClassesNamed: boolean;
  readonly classes: readonly string[];
  readonly samples: readonly Sample[];
}

function openFolders(root: string, split: string, numClasses: number | undefined, report: Report): Opened {
  const folder = join(root, split);
  if (!isFolder(folder)) {
    const found = readdirSync(root).slice(0, 5).join(", ") || "nothing";
    report(new DataError(`ImageFolder: no folder ${split} in ${root} (it holds ${found})`, LAYOUT_HINT));
    return { areClassesNamed: false, classes: [], samples: [] };
  }
  const present = classFolders(folder, report);
  if (present.length === 0) {
    report(new DataError(`ImageFolder: ${folder} has no class folders, expected one per class`, LAYOUT_HINT));
  }
  const trained = split === "train" ? [] : classFolders(join(root, "train"), () => {});
  const classes = trained.length === 0 ? present : trained;
  const labels = new Map(classes.map((name, label) => [name, label]));
  checkClassCount(folder, classes.length, numClasses);
  const samples: Sample[] = [];
  for (const name of present) {
    const label = labels.get(name);
    if (label === undefined) {
      report(
        new DataError(
          `ImageFolder: class ${name} in ${folder} is not among the ${classes.length} classes of ${join(root, "train")}`,
          "train and val must use the same class folder names",
        ),
      );
      continue;
    }
    const files = imageFiles(join(folder, name), report);
    if (files.length === 0) {
      report(
        new DataError(
          `ImageFolder: class ${name} in ${folder} has no pictures, expected at least one`,
          `pictures are files ending in ${[...extensions].join(" ")}; remove the folder or fill it`,
        ),
      );
    }
    for (const file of files) samples.push({ path: join(folder, name, file), label });
  }
  return { areClassesNamed: true, classes, samples };
}

function openList(file: string, root: string, split: string, numClasses: number | undefined, report: Report): Opened {
  const folders = classFolders(join(root, "train"), report);
  if (folders.length > 0) checkClassCount(join(root, "train"), folders.length, numClasses);
  const known = folders.length || numClasses;
  const samples = readListFile(file, { root, split, classCount: known ?? Infinity, report });
  if (folders.length > 0) return { areClassesNamed: true, classes: folders, samples };
  const classCount = known ?? samples.reduce((most, { label }) => Math.max(most, label + 1), 0);
  return { areClassesNamed: false, classes: Array.from({ length: classCount }, (_, i) => String(i)), samples };
}

function checkClassCount(where: string, found: number, expected: number | undefined): void {
  if (expected === undefined || expected === found) return;
  throw new DataError(
    `ImageFolder: ${where} has ${found} classes, the model expects ${expected}`,
    `train with ${found} classes, or point to the data set the model was made for`,
  );
}

/** Whether there is a folder, or a link to one; a link that leads nowhere, or to itself, is none. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Names of the folders, by code point, in `path`, without hidden ones; none if there is no such folder. */
function classFolders(path: string, report: Report): string[] {
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
function imageFiles(folder: string, report: Report): string[] {
  const found: string[] = [];
  const walk = (below: string) => {
    for (const entry of listFolder(join(folder, below), report)) {
      if (entry.name.startsWith(".")) continue;
      const relative = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) walk(relative);
      else if (extensions.has(extname(entry.name).toLowerCase())) found.push(relative);
    }
  };
  walk("");
  return found.sort(byCodePoint);
}

function listFolder(path: string, report: Report): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    report(new DataError(`ImageFolder: ${path} cannot be listed (${message}), expected a folder of pictures`));
    return [];
  }
}
