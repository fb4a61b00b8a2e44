/**
 * Which pictures are kept for validation: a fifth of each class, by groups of pictures that are nearly the same, so that frames of one
 * burst are on one side. A side, once given, stays while its group is there.
 */
import type { PictureInfo, Side } from "../../protocol.js";

/** Groups of a class, of which one is for validation. */
const SHARE = 5;

/** What of a picture decides. */
export type Splittable = Pick<PictureInfo, "id" | "class" | "side" | "group">;

/** Sides by id, pictures in the order of their ids; null without a class. */
export function assignSides(pictures: readonly Splittable[]): Map<number, Side | null> {
  const ofGroup = new Map<number, Side>();
  const groups = new Map<number, { all: number; val: number }>();
  const count = (own: number, side: Side): void => {
    const counts = groups.get(own) ?? { all: 0, val: 0 };
    counts.all += 1;
    if (side === "val") counts.val += 1;
    groups.set(own, counts);
  };
  const labelled = pictures.filter((picture) => picture.class !== null);
  for (const { group, side, class: own } of labelled)
    if (side !== null && !ofGroup.has(group)) {
      ofGroup.set(group, side);
      count(own!, side);
    }
  for (const { group, class: own } of labelled) {
    if (ofGroup.has(group)) continue;
    const { all, val } = groups.get(own!) ?? { all: 0, val: 0 };
    const side: Side = val < Math.round((all + 1) / SHARE) ? "val" : "train";
    ofGroup.set(group, side);
    count(own!, side);
  }
  return new Map(pictures.map(({ id, class: own, group }) => [id, own === null ? null : ofGroup.get(group)!]));
}
