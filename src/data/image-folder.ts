/**
 * A data set on disk in ImageNet's layout: a folder per class under train/ and val/, or a list file naming path and label.
 * Finds the samples and checks that they make sense; reads no picture. Node only.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { DataError } from "../util/errors.js";
import { readListFile } from "./list-file.js";
import type { PictureSource } from "./picture-source.js";

/** One picture: where it is, and its class index. */
export interface Sample extends PictureSource {
  readonly label: number;
}

/** What a data set must have. */
export interface ImageFolderOptions {
  /** Number of classes the model has; another number in the data is an error. */
  readonly numClasses?: number;
}

/** Extensions that count as pictures (mmpretrain's list), in any case. */
const extensions = new Set([".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif"]);

const layoutHint =
  "expected train/<class>/*.JPEG and val/<class>/*.JPEG, or list files train_list.txt and val_list.txt (also meta/train.txt, meta/val.txt)";

/** A list of samples with the names of their classes. */
export class ImageFolder {
  private constructor(
    readonly root: string,
    readonly split: string,
    /** Class names; a label is an index into them. */
    readonly classes: readonly string[],
    readonly samples: readonly Sample[],
  ) {}

  get length(): number {
    return this.samples.length;
  }

  /**
   * Opens `split` ("train", "val") of the data set in `root`. A list file wins over a folder scan; without one, classes are
   * the sorted folder names (those of train/ for every split) and files are sorted inside each, recursively.
   * Throws DataError for a missing or empty folder, an empty class, a wrong list or a wrong number of classes.
   */
  static open(root: string, split: string, options: ImageFolderOptions = {}): ImageFolder {
    if (!isFolder(root)) {
      throw new DataError(`ImageFolder: no folder ${root}, expected a data set there`, `check the path; ${layoutHint}`);
    }
    const list = [join(root, "meta", `${split}.txt`), join(root, `${split}_list.txt`)].find((file) => existsSync(file));
    const { numClasses } = options;
    const opened = list === undefined ? openFolders(root, split, numClasses) : openList(list, root, split, numClasses);
    return new ImageFolder(root, split, opened.classes, opened.samples);
  }
}

interface Opened {
  readonly classes: readonly string[];
  readonly samples: readonly Sample[];
}

function openFolders(root: string, split: string, numClasses: number | undefined): Opened {
  const folder = join(root, split);
  if (!isFolder(folder)) {
    const found = readdirSync(root).slice(0, 5).join(", ") || "nothing";
    throw new DataError(`ImageFolder: no folder ${split} in ${root} (it holds ${found})`, layoutHint);
  }
  const present = classFolders(folder);
  if (present.length === 0) {
    throw new DataError(`ImageFolder: ${folder} has no class folders, expected one per class`, layoutHint);
  }
  const trained = split === "train" ? [] : classFolders(join(root, "train"));
  const classes = trained.length === 0 ? present : trained;
  const labels = new Map(classes.map((name, label) => [name, label]));
  checkClassCount(folder, classes.length, numClasses);
  const samples: Sample[] = [];
  for (const name of present) {
    const label = labels.get(name);
    if (label === undefined) {
      throw new DataError(
        `ImageFolder: class ${name} in ${folder} is not among the ${classes.length} classes of ${join(root, "train")}`,
        "train and val must use the same class folder names",
      );
    }
    const files = imageFiles(join(folder, name));
    if (files.length === 0) {
      throw new DataError(
        `ImageFolder: class ${name} in ${folder} has no pictures, expected at least one`,
        `pictures are files ending in ${[...extensions].join(" ")}; remove the folder or fill it`,
      );
    }
    for (const file of files) samples.push({ path: join(folder, name, file), label });
  }
  return { classes, samples };
}

function openList(file: string, root: string, split: string, numClasses: number | undefined): Opened {
  const folders = classFolders(join(root, "train"));
  if (folders.length > 0) checkClassCount(join(root, "train"), folders.length, numClasses);
  const known = folders.length || numClasses;
  const samples = readListFile(file, root, split, known);
  if (folders.length > 0) return { classes: folders, samples };
  const classCount = known ?? samples.reduce((most, { label }) => Math.max(most, label + 1), 0);
  return { classes: Array.from({ length: classCount }, (_, i) => String(i)), samples };
}

function checkClassCount(where: string, found: number, expected: number | undefined): void {
  if (expected === undefined || expected === found) return;
  throw new DataError(
    `ImageFolder: ${where} has ${found} classes, the model expects ${expected}`,
    `train with ${found} classes, or point to the data set the model was made for`,
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Sorted names of the folders in `path`, without hidden ones; none if there is no such folder. */
function classFolders(path: string): string[] {
  if (!isFolder(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true });
  const folders = entries.filter(
    (e) => !e.name.startsWith(".") && (e.isDirectory() || (e.isSymbolicLink() && isFolder(join(path, e.name)))),
  );
  return folders.map((e) => e.name).sort();
}

/** Picture files below `folder`, as sorted relative paths. */
function imageFiles(folder: string): string[] {
  const found: string[] = [];
  const walk = (below: string) => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const relative = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) walk(relative);
      else if (extensions.has(extname(entry.name).toLowerCase())) found.push(relative);
    }
  };
  walk("");
  return found.sort();
}
