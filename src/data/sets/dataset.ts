/**
 * Opening a data set, whatever form it has: tar shards where there is their index, a CSV file, else an image folder; one of them, or
 * several as one. Where nothing is marked for validation, some is chosen. Node only.
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, relative } from "node:path";
import { DataError } from "../../util/errors.js";
import { isFolder } from "../../util/file-status.js";
import { printable } from "../../util/printable.js";
import { contentHashes } from "./content.js";
import { CsvSet, isCsvSet } from "./csv-set.js";
import { splitByContent } from "./hash-split.js";
import { ImageFolder, type ImageFolderOptions } from "./image-folder.js";
import { joinSets } from "./joined-set.js";
import { hasValidation, placeOf } from "./layouts.js";
import { sourceName } from "./picture-source.js";
import type { Dataset, Report, Sample } from "./sample.js";
import { isShardSet, ShardSet } from "./shards/shard-set.js";

export type { Dataset } from "./sample.js";

/** Where pictures are: a folder, shards or a CSV file, or several of these. */
export type DataSource = string | readonly string[];

/** What a data set must have, and how much of it is for validation. */
export interface DatasetOptions extends ImageFolderOptions {
  /**
   * Share of the pictures that "val" has and "train" has not, where no folder, list or column marks any for validation: those whose
   * content's hash is below it. Default 0.2 there; 0: "train" is all of them.
   */
  readonly valFraction?: number;
}

/** What is held out where nothing else says so: Keras's and scikit-learn's examples hold out as much. */
export const DEFAULT_VAL_FRACTION = 0.2;

/** A form that a data set can have. */
interface Kind {
  /** Whether validation pictures lie apart. */
  readonly hasValidation: boolean;
  /** Whether it has others. */
  readonly hasTraining: boolean;
  open(split: string, report: Report | null, options: ImageFolderOptions): Dataset;
}

function kindOf(root: string): Kind {
  if (isShardSet(root)) {
    const splits = ShardSet.splitsOf(root);
    return {
      hasValidation: splits.includes("val"),
      hasTraining: splits.includes("train"),
      open: (split, _, options) => ShardSet.open(root, split, options),
    };
  }
  if (isCsvSet(root))
    return {
      hasValidation: CsvSet.hasValidation(root),
      hasTraining: true,
      open: (split, report, options) =>
        report ? CsvSet.survey(root, split, report, options) : CsvSet.open(root, split, options),
    };
  if (/\.csv$/i.test(root) && !existsSync(root))
    throw new DataError(`${root}: there is no such file, expected a CSV file of path,label`);
  expectNoTornShards(root);
  return {
    hasValidation: hasValidation(root),
    hasTraining: placeOf(root, "train") !== undefined,
    open: (split, report, options) =>
      report ? ImageFolder.survey(root, split, report, options) : ImageFolder.open(root, split, options),
  };
}

function expectNoTornShards(root: string): void {
  if (!isFolder(root)) return;
  const shard = readdirSync(root).find((name) => /^\w+-\d{6}\.tar$/.test(name));
  if (shard !== undefined)
    throw new DataError(
      `${root}: ${shard} but no shards.json, expected the index that prepare writes last`,
      "prepare did not finish; run it again, it goes on where it stopped",
    );
}

/**
 * Opens `split` of the data set in `data`, or of several, whose classes are put together by name: "train", "val" (which may be called
 * valid, validation or test, and is chosen by content where none of them is there), "all", or any other name that it has.
 * Throws DataError as ImageFolder.open, CsvSet.open and ShardSet.open do, for sets that do not fit together, and for a
 * valFraction where validation pictures are marked.
 *
 * @example
 * <!-- test: given root from test/docs/given/images.ts -->
 * ```ts
 * console.log(openDataset("imagenet", "val").classes); // ["cat", "dog"]
 * console.log(openDataset("imagenet/train", "train", { valFraction: 0.5 }).length); // what "val" has not
 * ```
 */
export function openDataset(data: DataSource, split: string, options: DatasetOptions = {}): Dataset {
  return surveyDataset(data, split, null, options);
}

/** As openDataset, but problems of folders and CSV files are reported, and what they are about left out. */
export function surveyDataset(
  data: DataSource,
  split: string,
  report: Report | null,
  options: DatasetOptions = {},
): Dataset {
  const { numClasses, valFraction } = options;
  const roots = typeof data === "string" ? [data] : data;
  if (roots.length === 0) throw new DataError("data: no folder, expected at least one");
  if (valFraction !== undefined && !(valFraction >= 0 && valFraction < 1))
    throw new DataError(`valFraction ${valFraction}, expected a number from 0 to below 1`, "0.2 holds out a fifth");
  const kinds = roots.map((root) => ({ root, ...kindOf(root) }));
  const whole = kinds.filter((kind) => !kind.hasValidation && kind.hasTraining);
  if (valFraction && whole.length === 0)
    throw new DataError(
      `${roots.join(", ")}: ${roots.length > 1 ? "all have" : "it has"} validation pictures of its own, expected none beside --val-fraction ${valFraction}`,
      "leave --val-fraction away, or name the folder of the classes alone, such as DIR/train",
    );
  const own = roots.length === 1 && numClasses !== undefined ? { numClasses } : {};
  const openKinds = (of: typeof kinds, name: string) => of.map((kind) => kind.open(name, report, own));
  const isSplit = split === "train" || split === "val";
  const fraction = isSplit && whole.length > 0 ? (valFraction ?? DEFAULT_VAL_FRACTION) : 0;
  let set: Dataset;
  if (split === "all") {
    const trained = openKinds(kinds, "train");
    set = joinSets([
      ...trained,
      ...openKinds(
        kinds.filter((kind) => kind.hasValidation),
        "val",
      ),
    ]);
  } else if (fraction === 0) set = joinSets(openKinds(kinds, split));
  else {
    const opened = kinds.map((kind) => kind.open(whole.includes(kind) ? "train" : split, report, own));
    set = heldOut(joinSets(opened), split, {
      fraction,
      counts: opened.map(({ length }) => length),
      isWhole: kinds.map((kind) => whole.includes(kind)),
    });
  }
  if (numClasses !== undefined && set.classes.length !== numClasses && roots.length > 1)
    throw new DataError(
      `${roots.join(", ")}: ${set.classes.length} classes, the model expects ${numClasses}`,
      `train with ${set.classes.length} classes, or point to the data sets the model was made for`,
    );
  return set;
}

interface HoldOut {
  readonly fraction: number;
  /** Samples of each part of the set, and whether it has no validation pictures of its own. */
  readonly counts: readonly number[];
  readonly isWhole: readonly boolean[];
}

/** One side of a set whose parts, or some of them, are to be split by content. */
function heldOut(set: Dataset, split: string, { fraction, counts, isWhole }: HoldOut): Dataset {
  const isOpen = counts.flatMap((count, part) => new Array<boolean>(count).fill(isWhole[part]!));
  const open = set.samples.filter((_, i) => isOpen[i]);
  const sides = splitByContent(
    contentHashes(open),
    open.map(({ label }) => label),
    fraction,
  );
  const sideOf = new Map(open.map((sample, i) => [sample, sides[i]!]));
  const wanted = split === "val";
  const samples = set.samples.filter((sample) => (sideOf.get(sample) ?? wanted) === wanted);
  const held = sides.filter((side) => side).length;
  const roots = set.roots ?? [set.root];
  const where = roots
    .filter((_, part) => isWhole[part])
    .map(printable)
    .join(", ");
  if (samples.length === 0)
    throw new DataError(
      `${where}: no class has two different pictures, expected one to train on and one to validate on`,
      "more pictures, or --no-validate to train on all of them",
    );
  const notice = `${where}: no validation pictures of its own, so ${held} of its ${open.length}, chosen by their content, are held out (--val-fraction ${fraction})`;
  const { root, classes, areClassesNamed = true } = set;
  return {
    root,
    roots,
    split,
    classes,
    areClassesNamed,
    samples,
    length: samples.length,
    notices: [...(set.notices ?? []), notice],
  };
}

/** How pictures are called within their data set, wherever that lies. */
export function namesWithin({ root, roots = [root] }: Pick<Dataset, "root" | "roots">): (sample: Sample) => string {
  const folders = roots.map((one) => (isCsvSet(one) ? dirname(one) : one));
  return (sample) => {
    const names = folders.map((folder) => relative(folder, sample.path));
    const inside = names.find((name) => !name.startsWith("..")) ?? names[0]!;
    return sample.entry ? sourceName({ path: inside, entry: sample.entry }) : inside;
  };
}
