/**
 * Where in a folder the pictures of a split are: one rule, for all commands. A list file wins over a folder; the validation
 * pictures are those of the first of four names that is there; class folders without train/ around them are all of it. Node only.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../../util/errors.js";
import { isFolder } from "../../util/file-status.js";
import { classFolders } from "./class-folders.js";

/** What validation pictures are called, the first that is there: mmpretrain's, Keras's, timm's names, and what is left. */
export const validationNames = ["val", "valid", "validation", "test"] as const;
/** Folders of splits as others write them: next to each other they are no classes. */
const SPLIT_LIKE = /^(train|training|val|valid|validation|dev|test|testing|eval)$/i;

export const LAYOUT_HINT =
  "expected class folders, alone or under train/ and val/ (valid/, validation/, test/), list files train_list.txt and val_list.txt (also meta/train.txt, meta/val.txt), or a CSV file of path,label";

/** Where the pictures of a split are. */
export interface Place {
  /** As the disk calls the split; "" for class folders without train/ around them. */
  readonly name: string;
  /** Its list file; null where the folder counts. */
  readonly list: string | null;
  readonly folder: string;
}

const listOf = (root: string, name: string): string | undefined =>
  [join(root, "meta", `${name}.txt`), join(root, `${name}_list.txt`)].find((file) => existsSync(file));

function placeNamed(root: string, name: string): Place | undefined {
  const list = listOf(root, name);
  const folder = join(root, name);
  return list !== undefined || isFolder(folder) ? { name, list: list ?? null, folder } : undefined;
}

const hasClasses = (folder: string): boolean => classFolders(folder, () => {}).length > 0;

/** Every place that could be the validation set of `root`. A test/ without class folders is one of unlabelled pictures. */
const validationPlaces = (root: string): Place[] =>
  validationNames
    .map((name) => placeNamed(root, name))
    .filter((place) => place !== undefined)
    .filter(({ name, list, folder }) => name !== "test" || list !== null || hasClasses(folder));

/** Whether `root` is nothing but class folders. Throws DataError where they are splits under other names, or a single one. */
function isClassFolders(root: string): boolean {
  if (!isFolder(root) || placeNamed(root, "train") || validationPlaces(root).length > 0) return false;
  const names = classFolders(root, () => {});
  const split = names.find((name) => SPLIT_LIKE.test(name));
  if (split !== undefined && split !== "test")
    throw new DataError(
      `ImageFolder: ${root} has a folder ${split}, expected train/, with val/, valid/, validation/ or test/ beside it`,
      "rename the folders",
    );
  return names.length > 0 && split === undefined;
}

/** The place of `split`: "val" is any of its four names, "train" may be the class folders themselves. */
export function placeOf(root: string, split: string): Place | undefined {
  if (split === "val") return validationPlaces(root)[0];
  const named = placeNamed(root, split);
  if (named || split !== "train" || !isClassFolders(root)) return named;
  return { name: "", list: null, folder: root };
}

/** Whether validation pictures lie apart from the others. */
export const hasValidation = (root: string): boolean => validationPlaces(root).length > 0;

/** A line on which place was taken for `split`, where another could have been meant. */
export function placeNotices(root: string, split: string, { name, list }: Place): string[] {
  if (name === "") return [`${root}: class folders without train/ around them`];
  if (split !== "val") return [];
  const others = validationPlaces(root).filter((place) => place.name !== name);
  if (name === "val" && others.length === 0) return [];
  const beside = others.length === 0 ? "" : `, not ${others.map((place) => `${place.name}/`).join(", ")}`;
  return [`${root}: validation pictures are those of ${list ?? `${name}/`}${beside}`];
}
