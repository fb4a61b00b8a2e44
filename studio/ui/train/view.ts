/** What of the project the Train screen shows: filter, order, selection, the picture in focus. No request is made here. */
import { computed, signal } from "@preact/signals";
import type { PictureInfo } from "../../protocol.js";
import { answers, isWrong, pictures } from "../session/state.js";

/** What the grid is cut down to. */
export type Filter =
  | { readonly kind: "all" | "wrong" | "val" | "unlabelled" }
  | { readonly kind: "class"; readonly class: number }
  /** A cell of the confusion matrix: label and answer, of one side. */
  | { readonly kind: "cell"; readonly class: number; readonly answer: number; readonly side: "train" | "val" }
  | { readonly kind: "group"; readonly group: number };

export type Order = "worst" | "class" | "added";
export const orders: readonly { readonly name: Order; readonly title: string }[] = [
  { name: "worst", title: "Worst first" },
  { name: "class", title: "By class" },
  { name: "added", title: "As added" },
];

export const filter = signal<Filter>({ kind: "all" });
export const order = signal<Order>("worst");
export const selected = signal<ReadonlySet<number>>(new Set());
/** The one that the keyboard stands on; null: the first. */
export const focused = signal<number | null>(null);
/** Tiles that are drawn; more on demand, as a thousand take a second to lay out. */
export const PAGE = 240;
export const most = signal(PAGE);

function passes(picture: PictureInfo, by: Filter): boolean {
  switch (by.kind) {
    case "all":
      return true;
    case "wrong":
      return isWrong(picture);
    case "val":
      return picture.side === "val";
    case "unlabelled":
      return picture.class === null;
    case "class":
      return picture.class === by.class;
    case "cell":
      return (
        picture.class === by.class && picture.side === by.side && answers.value.get(picture.id)?.class === by.answer
      );
    case "group":
      return picture.group === by.group;
  }
}

/** Unlabelled ones first: they ask for something. */
const classRank = ({ class: own }: PictureInfo): number => own ?? -1;
const rankOf = ({ id }: PictureInfo): number => answers.value.get(id)?.rank ?? Number.MAX_SAFE_INTEGER;

const compare: { readonly [K in Order]: (a: PictureInfo, b: PictureInfo) => number } = {
  worst: (a, b) => rankOf(a) - rankOf(b) || classRank(a) - classRank(b) || a.id - b.id,
  class: (a, b) => classRank(a) - classRank(b) || a.id - b.id,
  added: (a, b) => a.id - b.id,
};

export const shown = computed(() =>
  [...pictures.value.values()].filter((picture) => passes(picture, filter.value)).sort(compare[order.value]),
);

/** The pictures that a command is for: the selection, else the one in focus. */
export const targets = computed<readonly number[]>(() => {
  const known = [...selected.value].filter((id) => pictures.value.has(id));
  if (known.length > 0) return known;
  return focused.value !== null && pictures.value.has(focused.value) ? [focused.value] : [];
});

/** Pictures of more than one in their group: near duplicates, or frames of a burst. */
export const doubles = computed(() => {
  const groups = new Map<number, PictureInfo[]>();
  for (const picture of pictures.value.values())
    groups.set(picture.group, [...(groups.get(picture.group) ?? []), picture]);
  return [...groups.values()].filter((members) => members.length > 1);
});

export const countOfClass = computed(() => {
  const counts = new Map<number | null, number>();
  for (const { class: own } of pictures.value.values()) counts.set(own, (counts.get(own) ?? 0) + 1);
  return counts;
});

export function show(next: Filter): void {
  filter.value = next;
  most.value = PAGE;
  selected.value = new Set();
}
