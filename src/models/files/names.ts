/**
 * Names of entries, of whatever family: whose they are, and how another would write them.
 */
import { KeyMap } from "../../io/key-map.js";
import { families, type KeyStyle, keyStyles } from "../families.js";
import type { Family, FileEntries, Recognized } from "../family.js";

const keyMaps: ReadonlyMap<Family, KeyMap> = new Map(
  families.map((family) => [family, new KeyMap(family.dialects)] as const),
);

/** The names of a family's entries. */
export const keyMapOf = (family: Family): KeyMap => keyMaps.get(family)!;

/** A dialect as the type of all of them. */
export const styleOf = (style: string): KeyStyle => {
  const known = keyStyles.find((one) => one === style);
  if (!known) throw new Error(`names: nobody is called "${style}", known are ${keyStyles.join(", ")}`);
  return known;
};

/** A family, and one of those who name its entries. */
export interface Naming {
  readonly family: Family;
  readonly style: KeyStyle;
}

/** Who may have given the names, those first whose blocks most of them fit; heads alone say nothing. */
export function namings(names: Iterable<string>): Naming[] {
  const all = [...names];
  return families
    .flatMap((family) => {
      const map = keyMapOf(family);
      return map.styles.map((style) => ({ family, style: styleOf(style), count: map.countBlocks(all, style) }));
    })
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
}

/** The publisher of most of the names; null where none is known. */
export const recognizeKeys = (names: Iterable<string>): KeyStyle | null => namings(names)[0]?.style ?? null;

/** The first family that has both dialects and most names of `from`. */
function mapBetween(names: readonly string[], from: KeyStyle, to: KeyStyle): KeyMap | null {
  const speaks = ({ dialects }: Family) => [from, to].every((style) => Object.hasOwn(dialects, style));
  const candidates = families.filter(speaks).map(keyMapOf);
  const counts = candidates.map((map) => map.countBlocks(names, from));
  return candidates[counts.indexOf(Math.max(...counts))] ?? null;
}

/** A name of `from` as `to` has it; names that `from` does not have stay as they are. */
export const renameKey = (name: string, from: KeyStyle, to: KeyStyle): string =>
  mapBetween([name], from, to)?.rename(name, from, to) ?? name;

/** Entries of one network under the names of another dialect, in their order. */
export const renameKeys = <T>(entries: ReadonlyMap<string, T>, from: KeyStyle, to: KeyStyle): Map<string, T> =>
  mapBetween([...entries.keys()], from, to)?.renameAll(entries, from, to) ?? new Map(entries);

/** What a model file is, and whose names it has. */
export interface Identified extends Naming {
  readonly recognized: Recognized;
}

/** The first of the possible namings under which the family knows the entries; null where none does. */
export function identify(entries: FileEntries): Identified | null {
  for (const { family, style } of namings(entries.keys())) {
    const recognized = family.recognize(keyMapOf(family).renameAll(entries, style, family.ownKeys));
    if (recognized) return { family, style, recognized };
  }
  return null;
}

/** What a set of entries is the weights of, under the names of its family's own models; null for none of them. */
export function recognizeModel(entries: FileEntries): Recognized | null {
  for (const family of families) {
    const found = family.recognize(entries);
    if (found) return found;
  }
  return null;
}
