/**
 * A data set listed in a CSV file: a header with `path` and `label`, perhaps `split`, and a line a picture. Reads no picture. Node
 * only.
 */
import { basename, dirname, resolve } from "node:path";
import { byCodePoint } from "../../util/by-code-point.js";
import { DataError } from "../../util/errors.js";
import { fileStatus } from "../../util/file-status.js";
import { nearestName } from "../../util/nearest.js";
import { printable } from "../../util/printable.js";
import { readTextWithin } from "../../util/read-within.js";
import { parseCsv } from "./csv.js";
import { unreadable } from "./endings.js";
import { FolderListings } from "./folder-listings.js";
import { classNames, type ImageFolderOptions, numberedClasses } from "./image-folder.js";
import { validationNames } from "./layouts.js";
import { twinHint } from "./odd-names.js";
import type { Report, Sample } from "./sample.js";

const columns = ["path", "label", "split"] as const;
const FORM_HINT = "the first line is path,label or path,label,split; other columns are passed over";

/** Whether `root` is such a file. */
export const isCsvSet = (root: string): boolean => /\.csv$/i.test(root) && fileStatus(root)?.isFile() === true;

/** A line of the file. */
interface Row {
  readonly line: number;
  readonly path: string;
  readonly label: string;
  readonly split: string;
}

/** A split of a data set in a CSV file. */
export class CsvSet {
  private constructor(
    readonly root: string,
    readonly split: string,
    /** Class names; a label is an index into them. */
    readonly classes: readonly string[],
    readonly samples: readonly Sample[],
    /** false where all labels are numbers and no classes.txt names them. */
    readonly areClassesNamed: boolean,
    readonly notices: readonly string[],
  ) {}

  get length(): number {
    return this.samples.length;
  }

  /**
   * Opens `split` of the pictures that `file` lists, by paths relative to its folder: by the column `split`, where "val" may be called
   * valid, validation or test; without that column "train" is all of them. Labels are names, sorted by code point, or, where
   * all are whole numbers, ranks of the lines of a classes.txt beside it. Throws DataError naming the line of what is wrong.
   */
  static open(file: string, split: string, options: ImageFolderOptions = {}): CsvSet {
    const fail: Report = (problem) => {
      throw problem;
    };
    return CsvSet.survey(file, split, fail, options);
  }

  /** As open, but problems are reported, and the lines that have them left out. */
  static survey(file: string, split: string, report: Report, { numClasses }: ImageFolderOptions = {}): CsvSet {
    const folder = dirname(file);
    const rows = readRows(file);
    const { classes, labelOf, areClassesNamed } = classesOf(file, folder, rows, numClasses);
    const name = splitName(rows, split);
    const listings = new FolderListings();
    const samples: Sample[] = [];
    for (const row of rows) {
      if (row.split !== name) continue;
      const path = resolve(folder, row.path);
      const label = labelOf(row.label);
      const where = `${file}, line ${row.line}`;
      if (label === undefined)
        report(new DataError(`${where}: label ${row.label}, expected 0 to ${classes.length - 1}`, FORM_HINT));
      else if (!listings.has(path))
        report(
          new DataError(
            `${where}: no file ${path}, expected every listed picture to exist`,
            twinHint(basename(path), listings.beside(path)) ??
              "paths are relative to the folder of the CSV file; complete the data set, or remove the line",
          ),
        );
      else if (unreadable(path))
        report(
          new DataError(
            `${where}: ${path} is ${unreadable(path)!.what}, expected a JPEG or PNG`,
            unreadable(path)!.hint,
          ),
        );
      else samples.push({ path, label });
    }
    if (samples.length === 0)
      report(
        new DataError(
          `${file}: no pictures of split ${split}, expected at least one`,
          `splits in it: ${[...new Set(rows.map((row) => row.split))].map((one) => one || "none, all are train").join(", ")}`,
        ),
      );
    const notices =
      split === "val" && name !== "val" ? [`${file}: validation pictures are those of split ${name}`] : [];
    return new CsvSet(file, split, classes, samples, areClassesNamed, notices.map(printable));
  }

  /** Whether some lines are marked as validation pictures. */
  static hasValidation(file: string): boolean {
    return readRows(file).some(({ split }) => (validationNames as readonly string[]).includes(split));
  }
}

function readRows(file: string): Row[] {
  const [header, ...records] = parseCsv(readTextWithin(file, "textBytes", DataError), file);
  const names = (header?.fields ?? []).map((name) => name.trim().toLowerCase());
  const [path, label, split] = columns.map((name) => names.indexOf(name)) as [number, number, number];
  const missing = columns.slice(0, 2).find((name) => !names.includes(name));
  if (missing !== undefined) {
    const nearest = nearestName(missing, names);
    throw new DataError(
      `${file}, line 1: columns ${names.join(", ") || "none"}, expected path and label`,
      nearest === undefined ? FORM_HINT : `${FORM_HINT}; is ${nearest} meant for ${missing}?`,
    );
  }
  return records.map(({ line, fields }) => {
    if (fields.length !== names.length)
      throw new DataError(
        `${file}, line ${line}: ${fields.length} fields, expected ${names.length} as in the first line`,
        'a path with a comma in it stands in double quotes: "a, b.jpg",cat',
      );
    const row = { line, path: fields[path]!, label: fields[label]!.trim(), split: (fields[split] ?? "").trim() };
    const empty =
      (["path", "label"] as const).find((name) => row[name] === "") ?? (split >= 0 && !row.split && "split");
    if (empty) throw new DataError(`${file}, line ${line}: an empty ${empty}, expected one`, FORM_HINT);
    return row;
  });
}

/** What the file calls `split`; without the column all is train. */
function splitName(rows: readonly Row[], split: string): string {
  if (rows.every((row) => row.split === "")) return split === "train" ? "" : split;
  if (split !== "val") return split;
  return validationNames.find((name) => rows.some((row) => row.split === name)) ?? split;
}

interface Labels {
  readonly classes: readonly string[];
  readonly areClassesNamed: boolean;
  /** undefined for a label out of range. */
  readonly labelOf: (text: string) => number | undefined;
}

/** Classes are those of all splits, so that a label means the same in each. */
function classesOf(file: string, folder: string, rows: readonly Row[], numClasses: number | undefined): Labels {
  const written = new Set(rows.map(({ label }) => label));
  const areNumbers = [...written].every((text) => /^\d+$/.test(text));
  const named = classNames(folder);
  if (!areNumbers || (named && [...written].every((text) => named.classes.includes(text)))) {
    const classes = named?.classes ?? [...written].sort(byCodePoint);
    const strange = [...written].find((text) => !classes.includes(text));
    if (strange !== undefined)
      throw new DataError(
        `${file}: label ${strange} is not in ${named!.file}, expected one of its ${classes.length} names`,
        nearestName(strange, classes),
      );
    const ranks = new Map(classes.map((name, rank) => [name, rank]));
    checkCount(file, classes.length, numClasses);
    return { classes, areClassesNamed: true, labelOf: (text) => ranks.get(text) };
  }
  const most = rows.reduce((largest, { label }) => Math.max(largest, Number(label) + 1), 0);
  const count = named?.classes.length ?? numClasses ?? most;
  if (named) checkCount(named.file, count, numClasses);
  const labelOf = (text: string) => (Number(text) < count ? Number(text) : undefined);
  return {
    classes: named?.classes ?? numberedClasses(file, count),
    areClassesNamed: named !== undefined,
    labelOf,
  };
}

function checkCount(where: string, found: number, expected: number | undefined): void {
  if (expected === undefined || expected === found) return;
  throw new DataError(
    `${where}: ${found} classes, the model expects ${expected}`,
    `train with ${found} classes, or point to the data set the model was made for`,
  );
}
