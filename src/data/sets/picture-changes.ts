/**
 * Two lists of pictures held against each other: what was replaced, renamed, removed or added, in words.
 */
import { printable } from "../../util/printable.js";
import type { ListedPicture } from "./picture-list.js";

/** Names in a line. */
const SHOWN = 3;

const listedNames = (names: readonly string[]): string =>
  `${names.slice(0, SHOWN).map(printable).join(", ")}${names.length > SHOWN ? ", …" : ""}`;

/** Each in the order of the lists. */
export interface PictureChanges {
  /** Other contents under the same name. */
  readonly replaced: readonly string[];
  /** Another class. */
  readonly relabelled: readonly string[];
  /** The same contents under another name. */
  readonly renamed: readonly (readonly [was: string, is: string])[];
  readonly removed: readonly string[];
  readonly added: readonly string[];
  /** The same pictures, one after the other in another way. */
  readonly isReordered: boolean;
}

export function pictureChanges(former: readonly ListedPicture[], current: readonly ListedPicture[]): PictureChanges {
  const before = new Map(former.map((picture) => [picture.name, picture]));
  const now = new Map(current.map((picture) => [picture.name, picture]));
  const both = current.filter(({ name }) => before.has(name));
  const isOther = ({ name, content }: ListedPicture): boolean => {
    const was = before.get(name)!.content;
    return was !== null && content !== null && was !== content;
  };
  const gone = former.filter(({ name }) => !now.has(name));
  const come = current.filter(({ name }) => !before.has(name));
  const renamed = pairs(gone, come);
  const [oldNames, newNames] = [0, 1].map((side) => new Set(renamed.map((pair) => pair[side as 0 | 1])));
  const changes = {
    replaced: both.filter(isOther).map(({ name }) => name),
    relabelled: both.filter(({ name, label }) => before.get(name)!.label !== label).map(({ name }) => name),
    renamed,
    removed: gone.map(({ name }) => name).filter((name) => !oldNames!.has(name)),
    added: come.map(({ name }) => name).filter((name) => !newNames!.has(name)),
  };
  const isSameSet = Object.values(changes).every((list) => list.length === 0);
  return { ...changes, isReordered: isSameSet && former.some(({ name }, i) => name !== current[i]!.name) };
}

/** Those of equal contents, each once. */
function pairs(gone: readonly ListedPicture[], come: readonly ListedPicture[]): [string, string][] {
  const waiting = new Map<string, string[]>();
  for (const { name, content } of come)
    if (content !== null) waiting.set(content, [...(waiting.get(content) ?? []), name]);
  return gone.flatMap(({ name, content }) => {
    const other = content === null ? undefined : waiting.get(content)?.shift();
    return other === undefined ? [] : [[name, other] as [string, string]];
  });
}

/** In one line, kinds one after the other with their first names; empty where nothing changed. */
export function describeChanges(changes: PictureChanges): string {
  const kinds: readonly (readonly [what: string, names: readonly string[]])[] = [
    ["replaced", changes.replaced],
    ["of another class", changes.relabelled],
    ["renamed", changes.renamed.map(([was, is]) => `${was} to ${is}`)],
    ["removed", changes.removed],
    ["added", changes.added],
  ];
  const parts = kinds
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${names.length} ${what} (${listedNames(names)})`);
  return [...parts, ...(changes.isReordered ? ["the same pictures in another order"] : [])].join(", ");
}
