/**
 * Several data sets as one: samples one set after another, classes by their names. Reads no picture.
 */
import { byCodePoint } from "../../util/by-code-point.js";
import { DataError } from "../../util/errors.js";
import { printable } from "../../util/printable.js";
import type { Dataset } from "./sample.js";

/** Names that a notice lists. */
const SHOWN_NAMES = 5;

/** The first few of them, and how many more there are. */
export const listed = (names: readonly string[]): string =>
  [
    ...names.slice(0, SHOWN_NAMES).map(printable),
    ...(names.length > SHOWN_NAMES ? [`${names.length - SHOWN_NAMES} more`] : []),
  ].join(", ");

const isNamed = ({ areClassesNamed = true }: Dataset): boolean => areClassesNamed;

/** Class names of all sets: their common list, or else all of them sorted by code point, as those of one folder are. */
function commonClasses(sets: readonly Dataset[]): readonly string[] {
  const [first] = sets;
  const odd = sets.find((set) => isNamed(set) !== isNamed(first!));
  if (odd)
    throw new DataError(
      `${[first!, odd].find((set) => !isNamed(set))!.root}: its labels are numbers, ${[first!, odd].find(isNamed)!.root} has named classes, expected names in both`,
      "a classes.txt beside the list names them, a line for each number",
    );
  if (!isNamed(first!))
    return sets.reduce((most, { classes }) => (classes.length > most.length ? classes : most), first!.classes);
  const isSame = sets.every(({ classes }) => classes.join("\n") === first!.classes.join("\n"));
  return isSame ? first!.classes : [...new Set(sets.flatMap(({ classes }) => classes))].sort(byCodePoint);
}

/** What differs between the sets: classes that some lack, and names that differ in case or spaces alone. */
function differenceNotices(sets: readonly Dataset[], classes: readonly string[]): string[] {
  const lines = sets.flatMap((set) => {
    const own = new Set(set.classes);
    const lacking = classes.filter((name) => !own.has(name));
    if (lacking.length === 0) return [];
    return [`${printable(set.root)} has no ${lacking.length === 1 ? "class" : "classes"} ${listed(lacking)}`];
  });
  const alike = new Map<string, string[]>();
  for (const name of classes) {
    const plain = name
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[\s_-]+/g, " ")
      .trim();
    alike.set(plain, [...(alike.get(plain) ?? []), name]);
  }
  const twins = [...alike.values()].filter((names) => names.length > 1);
  return [
    ...lines,
    ...twins.map(
      (names) =>
        `classes ${names.map(printable).join(" and ")} count as different ones: rename a folder if they are one`,
    ),
  ];
}

/**
 * One set of all samples. Throws DataError for named classes beside numbers.
 */
export function joinSets(sets: readonly Dataset[]): Dataset {
  const [first] = sets;
  if (sets.length === 1) return first!;
  const classes = commonClasses(sets);
  const ranks = new Map(classes.map((name, rank) => [name, rank]));
  const samples = sets.flatMap((set) =>
    isNamed(set)
      ? set.samples.map((sample) => ({ ...sample, label: ranks.get(set.classes[sample.label]!)! }))
      : set.samples,
  );
  return {
    root: first!.root,
    roots: sets.flatMap(({ root, roots }) => roots ?? [root]),
    split: first!.split,
    classes,
    areClassesNamed: isNamed(first!),
    samples,
    length: samples.length,
    notices: [...sets.flatMap(({ notices = [] }) => notices), ...differenceNotices(sets, classes)],
  };
}
