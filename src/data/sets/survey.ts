/**
 * What is odd about two splits taken together, before anything is trained on them: lonely classes, and pictures that are there twice.
 * Decodes nothing. Node only.
 */
import { countClasses } from "../class-weights.js";
import { equalPictures } from "./content.js";
import { listed } from "./joined-set.js";
import { type PictureSource, sourceName } from "./picture-source.js";
import type { Dataset, Sample } from "./sample.js";

/** Pairs of equal pictures that a line names. */
const SHOWN_PAIRS = 3;

type Split = Pick<Dataset, "classes" | "samples">;
type Shown = (source: PictureSource) => string;

const counted = (count: number, one: string, many: string): string => (count === 1 ? `1 ${one}` : `${count} ${many}`);

/** Classes with one picture to train on, with none, and with none to validate on. */
export function lonelyClasses(train: Split, val: Split | null): string[] {
  const counts = countClasses(train.samples, train.classes.length);
  const held = val && countClasses(val.samples, Math.max(val.classes.length, train.classes.length));
  const those = (isMeant: (label: number) => boolean) => train.classes.filter((_, label) => isMeant(label));
  const empty = those((label) => counts[label] === 0);
  const single = those((label) => counts[label] === 1);
  const unseen = held ? those((label) => held[label] === 0 && counts[label]! > 0) : [];
  return [
    ...(empty.length > 0
      ? [`${counted(empty.length, "class has", "classes have")} no picture to train on: ${listed(empty)}`]
      : []),
    ...(single.length > 0
      ? [`${counted(single.length, "class has", "classes have")} one picture to train on: ${listed(single)}`]
      : []),
    ...(unseen.length > 0
      ? [`${counted(unseen.length, "class has", "classes have")} no validation picture: ${listed(unseen)}`]
      : []),
  ];
}

interface Placed extends Sample {
  readonly isHeld: boolean;
}

/** Pictures that are in both splits, or under two classes, by their bytes. */
export function repeatedPictures(train: Split, val: Split | null, show: Shown = sourceName): string[] {
  const place = ({ samples }: Split, isHeld: boolean): Placed[] => samples.map((sample) => ({ ...sample, isHeld }));
  const groups = equalPictures([...place(train, false), ...(val ? place(val, true) : [])]);
  const shared = groups.filter((group) => new Set(group.map(({ isHeld }) => isHeld)).size > 1);
  const torn = groups.filter((group) => new Set(group.map(({ label }) => label)).size > 1);
  const pair = (group: readonly Placed[], isOther: (one: Placed, first: Placed) => boolean): string =>
    `${show(group[0]!)} = ${show(group.find((one) => isOther(one, group[0]!))!)}`;
  const pairs = (of: readonly (readonly Placed[])[], isOther: (one: Placed, first: Placed) => boolean): string =>
    [...of.slice(0, SHOWN_PAIRS).map((group) => pair(group, isOther)), ...(of.length > SHOWN_PAIRS ? ["…"] : [])].join(
      ", ",
    );
  return [
    ...(shared.length > 0
      ? [
          `${counted(shared.length, "picture is", "pictures are")} in train and in val, which flatters validation: ${pairs(shared, (one, first) => one.isHeld !== first.isHeld)}`,
        ]
      : []),
    ...(torn.length > 0
      ? [
          `${counted(torn.length, "picture has", "pictures have")} two classes: ${pairs(torn, (one, first) => one.label !== first.label)}`,
        ]
      : []),
  ];
}
